"""Does a deployed stack hold what its template says? Asked of each resource's own service.

    compare("dev-streams", boto3.Session())     ->  [] or one line for each difference

The template is the stack's own (GetTemplate). Its expressions are worked out from what the API tells:
physical ids, outputs, exports. A type or a property that no reader covers is a difference too, so nothing
passes unread. `python -m tests.sandbox.aws.properties STACK...` prints the differences.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import boto3

from sandbox.aws.cloudformation.resources import NOTHING_TO_CREATE
from sandbox.aws.cloudformation.values import Scope, pseudo_parameters
from tests.sandbox.aws import alarm_readers as _alarm_readers  # noqa: F401 - announces its readers
from tests.sandbox.aws.readers import READERS

UNREAD = object()


class Deployed:
    """One resource as `Scope` wants to see it: its id, and its attributes as its reader finds them."""

    def __init__(self, session: boto3.Session, kind: str, physical_id: str) -> None:
        self._session, self.type, self.physical_id = session, kind, physical_id

    def attribute(self, name: str) -> Any:
        reader = READERS[self.type]
        return reader.attributes(self._session, self.physical_id)[name]


def compare(stack: str, session: boto3.Session, template: dict[str, Any] | None = None) -> list[str]:
    """List what a stack's template sets and the services do not have, one line for each property."""
    cloudformation = session.client("cloudformation")
    described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    if template is None:
        body = cloudformation.get_template(StackName=stack)["TemplateBody"]
        template = json.loads(body) if isinstance(body, str) else dict(body)
    resources = {
        found["LogicalResourceId"]: Deployed(session, found["ResourceType"], found["PhysicalResourceId"])
        for found in cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    }
    account, region = described["StackId"].split(":")[4], described["StackId"].split(":")[3]
    scope = Scope(
        template=template,
        pseudo=pseudo_parameters(account, region, described["StackName"], described["StackId"]),
        parameters={
            given["ParameterKey"]: given.get("ResolvedValue", given["ParameterValue"])
            for given in described.get("Parameters", [])
        },
        resources=resources,  # type: ignore[arg-type]  # has all that expressions ask for
        exports=lambda name: _export(cloudformation, name),
        outputs=lambda other, _, name: _output(cloudformation, other, name),
    )
    differences = []
    for logical_id, definition in template["Resources"].items():
        if not scope.is_wanted(definition) or definition["Type"] in NOTHING_TO_CREATE:
            continue
        if logical_id not in resources:
            differences.append(f"{logical_id}: the stack has no such resource")
            continue
        expected = scope.value(definition.get("Properties", {}))
        differences += [f"{logical_id}.{line}" for line in _resource(session, resources[logical_id], expected)]
    return differences


def _resource(session: boto3.Session, resource: Deployed, expected: dict[str, Any]) -> list[str]:
    reader = READERS.get(resource.type)
    if reader is None:
        return [f"Type: no reader for {resource.type}"]
    try:
        actual = reader.read(session, resource.physical_id, expected)
    except Exception as problem:  # noqa: BLE001 - the service does not know the thing at all
        return [f"{resource.type}: {resource.physical_id} cannot be read: {problem!r}"]
    lines = []
    for name, value in expected.items():
        found = _member(actual, name)
        if found is UNREAD:
            lines.append(f"{name}: the service does not show it (template: {value!r})")
        elif not holds(value, found):
            lines.append(f"{name}: template {value!r}, service {found!r}")
    return lines


def holds(expected: Any, actual: Any) -> bool:
    """Tell whether `actual` says all that `expected` says; it may say more.

    Keys are compared without case (templates write `NetworkMode`, APIs `networkMode`), truth values and what is a
    number on one side only by their text, lists without order.
    """
    if isinstance(expected, dict):
        return isinstance(actual, Mapping) and all(
            holds(value, _member(actual, name)) for name, value in expected.items()
        )
    if isinstance(expected, list):
        return isinstance(actual, list | tuple) and _each_holds(expected, list(actual))
    if isinstance(expected, bool) or isinstance(actual, bool):
        return str(expected).lower() == str(actual).lower()
    if isinstance(expected, int | float) and isinstance(actual, int | float):
        return expected == actual
    return actual is not UNREAD and str(expected) == str(actual)


def _each_holds(expected: list[Any], left: list[Any]) -> bool:
    for item in expected:
        match = next((other for other in left if holds(item, other)), UNREAD)
        if match is UNREAD:
            return False
        left.remove(match)
    return True


def _member(mapping: Mapping[str, Any], name: str) -> Any:
    for key, value in mapping.items():
        if key.lower() == name.lower():
            return value
    return UNREAD


def _export(cloudformation: Any, name: str) -> str:
    pages = cloudformation.get_paginator("list_exports").paginate()
    return next(str(export["Value"]) for page in pages for export in page["Exports"] if export["Name"] == name)


def _output(cloudformation: Any, stack: str, name: str) -> str:
    outputs = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    return next(str(output["OutputValue"]) for output in outputs if output["OutputKey"] == name)


if __name__ == "__main__":
    found = [f"{name}: {line}" for name in sys.argv[1:] for line in compare(name, boto3.Session())]
    print("\n".join(found) or "no differences")
    sys.exit(bool(found))
