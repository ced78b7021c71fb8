"""Reading service deployments: what is rolled out, how far it has come, and how it ended."""

from __future__ import annotations

import json

import pytest

from cli.connector import deployments
from cli.errors import ExitCode, NotFoundError
from tests.cli.connector.reading.conftest import GONE, IMAGE, ROUTE


def test_a_deployment_that_is_under_way_has_no_outcome(opened, service):
    service.roll("1.0")
    arn = service.deploy("2.0")
    service.begin()
    found = deployments.one(opened, arn)
    assert (found.status, found.stage, found.terminal, found.outcome) == ("IN_PROGRESS", "SCALE_UP", False, None)
    assert (found.requested, found.running, found.pending) == (1, 0, 1)
    assert found.target is not None
    assert found.source is not None
    assert (found.target.image, found.source.image) == (f"{IMAGE}2.0", f"{IMAGE}1.0")
    assert found.breaker.threshold == 3


def test_the_newest_deployment_is_the_last_that_began(opened, service):
    service.roll("2.0")
    arn = service.deploy("3.0")
    newest = deployments.newest(opened, ROUTE)
    assert newest is not None
    assert newest.arn == arn
    everything = deployments.recent(opened, ROUTE)
    images = [each.target and each.target.image for each in everything]
    assert images == [f"{IMAGE}3.0", f"{IMAGE}2.0", f"{IMAGE}1.0"]
    assert [each.arn for each in deployments.recent(opened, ROUTE, limit=2)] == [each.arn for each in everything[:2]]


def test_a_good_end_is_a_success(opened, service):
    service.roll("2.0")
    found = deployments.newest(opened, ROUTE)
    assert found is not None
    assert (found.status, found.outcome, found.terminal) == ("SUCCESSFUL", ExitCode.OK, True)
    assert found.finished is not None


def test_a_rollback_by_the_breaker_is_a_failure_and_tells_what_it_went_back_to(opened, service):
    old = service.roll("1.0")
    arn = service.deploy("2.0")
    for _ in range(3):
        service.crash()
    going = deployments.one(opened, arn)
    assert (going.status, going.going_back, going.outcome) == ("ROLLBACK_IN_PROGRESS", True, None)
    service.start()
    service.needed_no_more(old)
    found = deployments.one(opened, arn)
    assert (found.status, found.outcome) == ("ROLLBACK_SUCCESSFUL", ExitCode.ROLLOUT_FAILED)
    assert (found.breaker.status, found.breaker.failures) == ("TRIGGERED", 3)
    assert found.source is not None
    assert (found.source.arn, found.source.image) == (found.rolled_back_to, f"{IMAGE}1.0")


def test_a_deployment_that_another_one_replaced_is_a_failure(opened, service):
    arn = service.deploy("2.0")
    service.deploy("3.0")
    assert (deployments.one(opened, arn).status, deployments.one(opened, arn).outcome) == ("STOPPED", 5)


def test_every_state_of_the_api_is_known_as_an_end_or_as_under_way(service):
    states = set(service.ecs.meta.service_model.shape_for("ServiceDeploymentStatus").enum)
    under_way = {"PENDING", "IN_PROGRESS", "STOP_REQUESTED", *deployments.GOING_BACK}
    assert states == deployments.TERMINAL | under_way


def test_more_deployments_than_one_call_describes(opened, service):
    for number in range(25):
        service.deploy(f"2.{number}")
    found = deployments.recent(opened, ROUTE)
    assert len(found) == 26
    assert found[0].target is not None
    assert found[0].target.image == f"{IMAGE}2.24"


def test_what_is_not_there_is_said(opened, service):
    with pytest.raises(NotFoundError, match="ECS knows no service deployment"):
        deployments.one(opened, deployments.recent(opened, ROUTE)[0].arn + "0")
    service.ecs.delete_service(cluster=service.cluster, service=ROUTE, force=True)
    with pytest.raises(NotFoundError, match="not deployed"):
        deployments.newest(opened, "another")


def test_the_json_has_plain_types_alone(opened, service):
    arn = service.deploy("2.0")
    told = json.loads(json.dumps(deployments.one(opened, arn).as_json()))
    assert told["target"]["images"] == {"connector": f"{IMAGE}2.0"}
    assert GONE not in json.dumps(told)
