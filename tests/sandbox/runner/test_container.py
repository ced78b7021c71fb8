"""A task definition as a process: image, command, variables, secrets, stop timeout."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from sandbox.errors import SandboxError
from sandbox.runner.container import process_definition

IMAGE = "streamops/connector:local"


def definition(**container: Any) -> dict[str, Any]:
    return {
        "family": "streamops-local-flights",
        "containerDefinitions": [{"name": "connector", "image": IMAGE} | container],
    }


def no_secret(reference: str) -> str:
    raise AssertionError(reference)


def test_the_named_image_is_the_installed_connector():
    process = process_definition(definition(), no_secret)
    assert process.argv == (sys.executable, "-m", "connector", "run")
    assert process.stop_timeout_seconds == 30


def test_command_variables_secrets_and_stop_timeout_are_those_of_the_task_definition():
    process = process_definition(
        definition(
            command=["check"],
            environment=[{"name": "LEVEL", "value": "debug"}],
            secrets=[{"name": "CONNECTOR_CONFIG", "valueFrom": "arn:parameter/x"}],
            stopTimeout=120,
        ),
        lambda reference: f"value of {reference}",
    )
    assert process.argv[-1] == "check"
    assert process.environment == {"LEVEL": "debug", "CONNECTOR_CONFIG": "value of arn:parameter/x"}
    assert process.stop_timeout_seconds == 120


def test_an_image_that_is_not_installed_cannot_be_pulled():
    with pytest.raises(SandboxError, match=r"CannotPullContainerError: acme/x:1 .* it has streamops/connector:local"):
        process_definition({"family": "f", "containerDefinitions": [{"image": "acme/x:1"}]}, no_secret)


def test_a_task_of_two_containers_is_refused():
    with pytest.raises(SandboxError, match="2 containers"):
        process_definition({"family": "f", "containerDefinitions": [{"image": IMAGE}] * 2}, no_secret)
