"""Why the tasks of a deployment ended: reasons, exit codes, last lines."""

from __future__ import annotations

import json

import pytest

from cli.aws import Aws
from cli.connector import deployments
from cli.connector.diagnosis import diagnose, ended_tasks, last_lines
from cli.errors import NotFoundError
from environments import load_environment
from tests.cli.connector.reading.conftest import GONE, ROUTE


def entry(message: str, **fields: object) -> str:
    return json.dumps({"time": "2026-11-22T01:02:03.456+00:00", "level": "error", "message": message, **fields})


def newest(aws: Aws) -> deployments.Deployment:
    found = deployments.newest(aws, ROUTE)
    assert found is not None
    return found


METRICS = json.dumps({"_aws": {"Timestamp": 0, "CloudWatchMetrics": []}, "Route": ROUTE})


def test_the_tasks_of_the_failed_deployment_are_told_with_their_last_lines(opened, service):
    service.roll("1.0")
    arn = service.deploy("2.0")
    service.crash(entry("starting"), METRICS, entry("cannot reach the brokers", code="TIMEOUT"), code=78)
    (task,) = diagnose(opened, ROUTE, deployments.one(opened, arn))
    assert (task.reason, task.stop_code) == (GONE, "EssentialContainerExited")
    assert task.told == f"{GONE}; connector: exit code 78"
    assert task.last_lines == (
        "2026-11-22T01:02:03.456Z ERROR    starting",
        "2026-11-22T01:02:03.456Z ERROR    cannot reach the brokers  code=TIMEOUT",
    )


def test_tasks_of_other_deployments_and_tasks_that_were_needed_no_more_are_none(opened, service):
    service.crash("the first revision, before")
    service.roll("2.0")
    arn = service.deploy("3.0")
    assert diagnose(opened, ROUTE, deployments.one(opened, arn)) == []
    told = {task.told for task in ended_tasks(opened, ROUTE)}
    assert told == {f"{GONE}; connector: exit code 1"}


def test_a_task_that_never_started_has_a_reason_and_no_log(opened, service):
    task = service.begin()
    service.report(task, "STOPPED", "CannotPullContainerError: manifest unknown")
    (found,) = diagnose(opened, ROUTE, newest(opened))
    assert "CannotPullContainerError" in found.told
    assert (found.last_lines, found.log_problem) == ((), "")


def test_only_the_last_lines_are_told(opened, service):
    task = service.crash(*(entry(f"line {number}") for number in range(30)))
    lines = last_lines(opened, ROUTE, task.rpartition("/")[2], 2)
    assert [line.rpartition(" ")[2] for line in lines] == ["28", "29"]


def test_a_log_that_may_not_be_read_hides_nothing_else(opened, service, monkeypatch):
    service.crash("said")

    def refuse(**_: object) -> None:
        from botocore.exceptions import ClientError

        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetLogEvents")

    monkeypatch.setattr(opened.logs, "get_log_events", refuse)
    (task,) = diagnose(opened, ROUTE, newest(opened))
    assert "exit code 1" in task.told
    assert "AccessDenied" in task.log_problem


def test_a_service_that_is_not_there_is_said(aws, project):
    del aws
    routes = {ROUTE: {"from": {"topic": "orders"}, "to": {"stream": "orders"}}}
    streams = {"orders": {"mode": "provisioned", "shards": 1}}
    topics = {"orders": {"partitions": 1, "replication": 1}}
    nothing = load_environment(project.write(routes=routes, topics=topics, streams=streams))
    with pytest.raises(NotFoundError, match=f"connector {ROUTE} is not deployed"):
        ended_tasks(Aws(nothing), ROUTE)
