"""Services and tasks of ECS, as the one who plays scheduler and agent drives and sees them."""

from __future__ import annotations

from uuid import uuid4

import boto3
import pytest

from sandbox.aws import ecs_services
from tests.sandbox.aws.ecs_agent import CHECKED, CONTAINER, Agent


@pytest.fixture
def agent(session: boto3.Session) -> Agent:
    return Agent(session)


def test_a_new_service_runs_nothing_until_somebody_runs_it(agent: Agent) -> None:
    service = agent.service
    assert (service["desiredCount"], service["runningCount"], service["pendingCount"]) == (1, 0, 0)
    assert service["deployments"][0]["rolloutState"] == "IN_PROGRESS"


def test_moto_itself_calls_tasks_pending_that_nobody_started(session: boto3.Session) -> None:
    with ecs_services.mends.removed():
        ecs = session.client("ecs")
        ecs.create_cluster(clusterName="c")
        ecs.register_task_definition(family="f", containerDefinitions=[CONTAINER])
        ecs.create_service(cluster="c", serviceName="s", taskDefinition="f", desiredCount=1)
        service = ecs.describe_services(cluster="c", services=["s"])["services"][0]
    assert service["pendingCount"] == 1


def test_a_task_is_pending_until_it_is_reported_running(agent: Agent) -> None:
    wanted = uuid4().hex
    arn = agent.start(referenceId=wanted)
    assert arn.endswith(f":task/c/{wanted}")
    assert (agent.service["pendingCount"], agent.task(arn)["lastStatus"]) == (1, "PENDING")
    agent.report(arn, "RUNNING")
    service, task = agent.service, agent.task(arn)
    assert (service["runningCount"], service["pendingCount"]) == (1, 0)
    assert (task["lastStatus"], task["group"], task["containers"][0]["runtimeId"]) == ("RUNNING", "service:s", "4711")
    assert task["startedBy"] == service["deployments"][0]["id"]
    assert agent.listed("RUNNING") == [arn]
    assert agent.ecs.describe_clusters(clusters=["c"])["clusters"][0]["runningTasksCount"] == 1


def test_a_deployment_completes_when_enough_tasks_run(agent: Agent) -> None:
    agent.report(agent.start(), "RUNNING")
    service = agent.service
    assert service["deployments"][0]["rolloutState"] == "COMPLETED"
    assert "has reached a steady state" in service["events"][0]["message"]


def test_with_a_health_check_a_deployment_waits_for_it(session: boto3.Session) -> None:
    agent = Agent(session, CHECKED)
    arn = agent.start()
    agent.report(arn, "RUNNING")
    assert agent.service["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    agent.report(arn, "RUNNING", container="UNHEALTHY")
    assert agent.task(arn)["healthStatus"] == "UNHEALTHY"
    agent.report(arn, "RUNNING", container="HEALTHY")
    assert agent.task(arn)["healthStatus"] == "HEALTHY"
    assert agent.service["deployments"][0]["rolloutState"] == "COMPLETED"


def test_a_stopped_task_tells_why_and_how(agent: Agent) -> None:
    arn = agent.start()
    agent.report(arn, "RUNNING")
    agent.report(arn, "STOPPED", exit_code=137, reason="Essential container in task exited")
    task = agent.task(arn)
    assert (task["lastStatus"], task["stopCode"]) == ("STOPPED", "EssentialContainerExited")
    assert task["stoppedReason"] == "Essential container in task exited"
    assert task["containers"][0]["exitCode"] == 137
    assert (agent.listed("RUNNING"), agent.listed("STOPPED")) == ([], [arn])
    assert agent.service["runningCount"] == 0


def test_stop_task_asks_and_the_agent_acts(agent: Agent) -> None:
    arn = agent.start()
    agent.report(arn, "RUNNING")
    agent.ecs.stop_task(cluster="c", task=arn, reason="by hand")
    task = agent.task(arn)
    assert (task["desiredStatus"], task["lastStatus"]) == ("STOPPED", "RUNNING")
    agent.report(arn, "STOPPED", exit_code=0)
    task = agent.task(arn)
    assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "by hand")
    assert agent.service["deployments"][0]["failedTasks"] == 0


def test_a_new_task_definition_begins_a_deployment_and_the_old_one_drains(agent: Agent) -> None:
    old = agent.start()
    agent.report(old, "RUNNING")
    agent.ecs.update_service(cluster="c", service="s", taskDefinition=agent.register())
    assert [one["status"] for one in agent.service["deployments"]] == ["PRIMARY", "ACTIVE"]
    new = agent.start()
    agent.report(new, "RUNNING")
    assert agent.service["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    agent.report(old, "STOPPED", exit_code=0, reason="Scaling activity initiated by the service scheduler")
    (primary,) = agent.service["deployments"]
    assert (primary["rolloutState"], primary["runningCount"], primary["failedTasks"]) == ("COMPLETED", 1, 0)
    assert agent.task(old)["stopCode"] == "ServiceSchedulerInitiated"


def test_the_circuit_breaker_rolls_back_to_what_worked(agent: Agent) -> None:
    agent.report(agent.start(), "RUNNING")
    bad = agent.register()
    agent.ecs.update_service(cluster="c", service="s", taskDefinition=bad)
    for failures in range(1, 4):
        assert agent.service["deployments"][0]["taskDefinition"] == bad
        agent.report(agent.start(bad), "STOPPED", exit_code=1, reason="Essential container in task exited")
        if failures < 3:
            assert agent.service["deployments"][0]["failedTasks"] == failures
    service = agent.service
    assert service["taskDefinition"] == agent.first
    assert any("deployment failed: tasks failed to start" in event["message"] for event in service["events"])


def test_a_change_of_the_count_alone_begins_no_deployment(agent: Agent) -> None:
    before = agent.service["deployments"][0]["id"]
    agent.ecs.update_service(cluster="c", service="s", desiredCount=3)
    service = agent.service
    assert (service["deployments"][0]["id"], service["desiredCount"]) == (before, 3)
    assert service["runningCount"] == 0


def test_a_deleted_service_drains_and_is_listed_no_more(agent: Agent) -> None:
    arn = agent.start()
    agent.report(arn, "RUNNING")
    agent.ecs.delete_service(cluster="c", service="s", force=True)
    assert agent.service["status"] == "DRAINING"
    assert agent.task(arn)["desiredStatus"] == "STOPPED"
    agent.report(arn, "STOPPED", exit_code=0)
    assert agent.service["status"] == "INACTIVE"
    assert agent.ecs.list_services(cluster="c")["serviceArns"] == []


def test_an_unknown_task_is_refused(agent: Agent) -> None:
    with pytest.raises(agent.ecs.exceptions.InvalidParameterException):
        agent.report("none", "RUNNING")
