"""The configuration that a connector's tasks start with: the SSM parameter behind it, as it is and as it was.

ECS reads the parameter whenever a task starts, and always its newest version: a task definition that names a version is
refused (https://github.com/aws/containers-roadmap/issues/859). Going back to an older task definition, by the circuit
breaker or by hand, therefore starts tasks with the newer configuration, unless the parameter goes back too. Which text
belongs to a task definition is told by the hash in its label.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from cli.aws import Aws
from cli.connector.rollout.task_definition import flat, flat_differences
from cli.errors import CliError, NotFoundError
from environments import naming

STANDARD_BYTES = 4096
"""Longest value of a standard parameter; above it only the advanced tier takes it.

https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
"""


def sha256_of(text: str) -> str:
    """The hash that the label of a task definition has."""
    return hashlib.sha256(text.encode()).hexdigest()


def read_configuration(aws: Aws, route: str) -> str:
    """The text that a task of the route starts with now.

    Raises:
        NotFoundError: the parameter is not there.
    """
    name = naming.config_parameter_name(aws.environment, route)
    try:
        return aws.ssm.get_parameter(Name=name)["Parameter"]["Value"]
    except aws.ssm.exceptions.ParameterNotFound as error:
        raise NotFoundError(
            f"the configuration of {route} is not there: no SSM parameter {name}",
            f"deploy it: cdk deploy '{aws.environment.name}/connectors'",
        ) from error


def put_configuration(aws: Aws, route: str, text: str) -> None:
    """Make a text the newest version of the parameter."""
    name = naming.config_parameter_name(aws.environment, route)
    if len(text.encode()) > STANDARD_BYTES:
        aws.ssm.put_parameter(Name=name, Value=text, Overwrite=True, Tier="Advanced")
    else:  # in the tier that it has, since none can go down
        aws.ssm.put_parameter(Name=name, Value=text, Overwrite=True)


def former_configuration(aws: Aws, route: str, sha256: str) -> str | None:
    """The newest version of the parameter that has this hash; None where SSM, which keeps 100 versions, has none."""
    pages = aws.ssm.get_paginator("get_parameter_history").paginate(
        Name=naming.config_parameter_name(aws.environment, route)
    )
    found = None
    for page in pages:
        for version in page["Parameters"]:
            if sha256_of(version["Value"]) == sha256:
                found = version["Value"]
    return found


def belonging_to(aws: Aws, route: str, service_label: str | None) -> str | None:
    """What has to be put back for tasks of a definition with this label; None where the parameter has it already.

    Raises:
        CliError: it has to be put back, and no version of the parameter is it.
    """
    if service_label is None or sha256_of(read_configuration(aws, route)) == service_label:
        return None
    text = former_configuration(aws, route, service_label)
    if text is None:
        raise CliError(
            f"the configuration that belongs to the task definition (sha256 {service_label[:12]}…) is none of those "
            f"that SSM keeps of {naming.config_parameter_name(aws.environment, route)}",
            "put it there by hand, or deploy the declared one: cdk deploy",
        )
    return text


def started_with(aws: Aws, route: str, label: str | None) -> str | None:
    """The text that tasks of a definition with this label were made for; None where nobody knows it any more."""
    return None if label is None else former_configuration(aws, route, label)


def configuration_differences(before: str, after: str) -> dict[str, dict[str, str]]:
    """What differs between two texts, by the paths of the keys."""
    return flat_differences(flat_configuration(before), flat_configuration(after))


def flat_configuration(text: str) -> dict[str, Any]:
    """Its values by their paths, such as ``sink.partition_key``; nothing where it is no JSON object."""
    try:
        document = json.loads(text)
    except ValueError:
        return {}
    return flat(document) if isinstance(document, dict) else {}
