"""Rolling out a configuration: what it forces, and that it goes back together with the revision."""

from __future__ import annotations

import json

import pytest

from cli.connector.rollout import declared
from cli.connector.rollout.configuration import sha256_of
from sandbox.waiting import wait_until
from tests.cli.connector.rollout.conftest import QUICK
from tests.cli.connector.rollout.played import BROKEN, REPOSITORY, ROUTE

NEW = json.dumps({"format": "value", "sink": {"partition_key": "spread"}})


@pytest.fixture
def parameter(aws, environment):
    """What a task would start with now."""
    name = f"/streamops/{environment}/connectors/{ROUTE}/config"
    return lambda: aws.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]


@pytest.fixture
def rendered(monkeypatch):
    monkeypatch.setattr(declared, "declared_configuration", lambda *_: NEW)


@pytest.mark.usefixtures("rendered")
def test_another_partition_key_is_severe_and_stops_old_tasks_first(project, environment, played, parameter):
    given = ["connector", "deploy", ROUTE, "--config", "-e", environment, *QUICK]
    refused = project.run(*given, "-y")
    assert refused.exit_code == 7
    assert parameter() == '{"format":"value"}'
    overlapping = project.run(*given, "--strategy", "overlap", "-y")
    assert overlapping.exit_code == 7
    assert "different shards at the same time" in overlapping.stderr

    done = project.run(*given, "--confirm", ROUTE, "-o", "json")
    assert done.exit_code == 0, done.stderr
    assert done.plan["summary"]["strategy"] == "stop-first"
    assert done.plan["operations"][0]["changes"] == {"sink.partition_key": {"from": "-", "to": "spread"}}
    assert parameter() == NEW
    definition = played.ecs.describe_task_definition(taskDefinition=played.service["taskDefinition"])["taskDefinition"]
    labels = definition["containerDefinitions"][0]["dockerLabels"]
    assert labels == {"streamops.config-sha256": sha256_of(NEW)}


@pytest.mark.usefixtures("rendered")
def test_the_configuration_goes_back_with_the_revision(project, environment, played, parameter):
    labelled = played.register(
        f"{REPOSITORY}:good", dockerLabels={"streamops.config-sha256": sha256_of('{"format":"value"}')}
    )
    played.ecs.update_service(cluster=played.cluster, service=ROUTE, taskDefinition=labelled)
    given = ["connector", "deploy", ROUTE, "--config", "--image", BROKEN, "-e", environment, "--confirm", ROUTE]
    wait_until(lambda: played.deployments()[0] == "SUCCESSFUL", timeout_seconds=20)
    done = project.run(*given, *QUICK)
    assert done.exit_code == 5, done.stderr
    assert "the configuration is what it was before" in done.stderr
    assert parameter() == '{"format":"value"}'
