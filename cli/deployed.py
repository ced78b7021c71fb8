"""What the deployed stacks of an environment hold: which resources `cdk deploy` would change or let go."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from cli.aws import Aws
from environments import naming

PATH = "aws:cdk:path"
"""Where the CDK writes, in the metadata of a resource, the constructs that it stands in."""


@dataclass(frozen=True)
class DeployedResource:
    """One resource of a stack as it was deployed last."""

    type: str
    """Such as ``AWS::Kinesis::Stream``."""
    physical_id: str
    path: tuple[str, ...]
    """The constructs that it stands in, below its stack; empty where the template does not tell."""
    kept: bool
    """Whether it stays when it leaves the template."""
    properties: Mapping[str, Any] = field(default_factory=dict)
    """As the template says them."""

    @property
    def short_name(self) -> str | None:
        """By which the environment file knew it, where it has one: the name of the outermost construct."""
        return self.path[0] if len(self.path) > 1 else None


def read_stack(aws: Aws, stack: str) -> Sequence[DeployedResource]:
    """The resources of a stack by its short name, such as ``streams``; none where it is not deployed."""
    name = naming.stack_name(aws.environment, stack)
    try:
        pages = aws.cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
        listed = [entry for page in pages for entry in page["StackResourceSummaries"]]
        template = _document(aws.cloudformation.get_template(StackName=name)["TemplateBody"])
    except ClientError as error:
        if _is_missing(error):
            return ()
        raise
    definitions: Mapping[str, Any] = template.get("Resources", {})
    return [
        _resource(entry, definitions.get(entry["LogicalResourceId"], {}))
        for entry in listed
        if entry.get("PhysicalResourceId") and entry["ResourceStatus"] != "DELETE_COMPLETE"
    ]


def _document(body: str | Mapping[str, Any]) -> Mapping[str, Any]:
    """A template as data; the SDK hands over what is JSON as a mapping already."""
    if isinstance(body, str):
        document: Mapping[str, Any] = json.loads(body)
        return document
    return body


def _resource(entry: Mapping[str, Any], definition: Mapping[str, Any]) -> DeployedResource:
    path = str(definition.get("Metadata", {}).get(PATH, "")).split("/")
    return DeployedResource(
        type=entry["ResourceType"],
        physical_id=entry["PhysicalResourceId"],
        path=tuple(path[2:]),  # environment/stack/...
        kept=str(definition.get("DeletionPolicy", "Delete")).startswith("Retain"),
        properties=definition.get("Properties", {}),
    )


def _is_missing(error: ClientError) -> bool:
    """CloudFormation has no error of its own for a stack that is not there."""
    told = error.response.get("Error", {})
    return told.get("Code") == "ValidationError" and "does not exist" in told.get("Message", "")
