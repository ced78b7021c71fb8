"""Service deployments of ECS: each way a rollout ends, and what is told of it."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.sandbox.aws.ecs_agent import BREAKER, Agent


@pytest.fixture
def agent(session: boto3.Session) -> Agent:
    """A service whose first deployment is complete."""
    agent = Agent(session)
    agent.running = agent.start()
    agent.report(agent.running, "RUNNING")
    return agent


def fail(agent: Agent, definition: str) -> None:
    """Three tasks of it fail: the circuit breaker is triggered."""
    for _ in range(3):
        agent.report(agent.start(definition), "STOPPED", exit_code=1, reason="Essential container in task exited")


def test_the_first_deployment_has_nothing_to_go_back_to(agent: Agent) -> None:
    deployment = agent.deployment(agent.service["currentServiceDeployment"])
    assert (deployment["status"], deployment["sourceServiceRevisions"]) == ("SUCCESSFUL", [])
    assert deployment["finishedAt"] >= deployment["startedAt"]


def test_a_deployment_is_successful_once_the_old_tasks_are_gone(agent: Agent) -> None:
    before = agent.service["currentServiceDeployment"]
    arn = agent.deploy(agent.register())
    assert arn != before
    new = agent.start()
    agent.report(new, "RUNNING")
    deployment = agent.deployment(arn)
    assert deployment["status"] == "IN_PROGRESS"
    assert deployment["targetServiceRevision"]["runningTaskCount"] == 1
    assert deployment["deploymentCircuitBreaker"] == {"status": "MONITORING", "failureCount": 0, "threshold": 3}
    agent.end(agent.running)
    assert agent.deployment(arn)["status"] == "SUCCESSFUL"
    assert agent.deployment(arn)["deploymentCircuitBreaker"]["status"] == "MONITORING_COMPLETE"


def test_the_circuit_breaker_takes_the_same_deployment_back(agent: Agent) -> None:
    bad = agent.register()
    arn = agent.deploy(bad)
    fail(agent, bad)
    deployment = agent.deployment(arn)
    assert deployment["status"] in ("ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL")
    assert deployment["deploymentCircuitBreaker"] == {"status": "TRIGGERED", "failureCount": 3, "threshold": 3}
    assert deployment["rollback"]["serviceRevisionArn"] == deployment["sourceServiceRevisions"][0]["arn"]
    agent.report(agent.start(agent.first), "RUNNING")
    agent.end(agent.running)
    deployment = agent.deployment(arn)
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert agent.service["currentServiceDeployment"] == arn
    assert agent.service["taskDefinition"] == agent.first


def test_a_rollback_whose_tasks_fail_too_has_failed(agent: Agent) -> None:
    bad = agent.register()
    arn = agent.deploy(bad)
    fail(agent, bad)
    agent.end(agent.running)
    fail(agent, agent.first)
    assert agent.deployment(arn)["status"] == "ROLLBACK_FAILED"


def test_without_rollback_a_broken_deployment_just_stops(agent: Agent) -> None:
    bad = agent.register()
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
    arn = agent.deploy(bad, deploymentConfiguration=breaker)
    fail(agent, bad)
    deployment = agent.deployment(arn)
    assert (deployment["status"], "rollback" in deployment) == ("STOPPED", False)
    assert agent.service["taskDefinition"] == bad


def test_an_alarm_of_the_deployment_takes_it_back(agent: Agent, session: boto3.Session) -> None:
    cloudwatch: Any = session.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="lag",
        Namespace="n",
        MetricName="m",
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    alarms = {"alarmNames": ["lag"], "enable": True, "rollback": True}
    arn = agent.deploy(agent.register(), deploymentConfiguration={**BREAKER, "alarms": alarms})
    assert agent.deployment(arn)["alarms"]["status"] == "MONITORING"
    cloudwatch.set_alarm_state(AlarmName="lag", StateValue="ALARM", StateReason="test")
    deployment = agent.deployment(arn)
    assert deployment["status"].startswith("ROLLBACK")
    assert deployment["alarms"]["triggeredAlarmNames"] == ["lag"]


def test_a_running_deployment_can_be_stopped_and_goes_back(agent: Agent) -> None:
    arn = agent.deploy(agent.register())
    assert agent.ecs.stop_service_deployment(serviceDeploymentArn=arn)["serviceDeploymentArn"] == arn
    assert agent.service["taskDefinition"] == agent.first
    agent.report(agent.start(agent.first), "RUNNING")
    agent.end(agent.running)
    assert agent.deployment(arn)["status"] == "ROLLBACK_SUCCESSFUL"
    with pytest.raises(ClientError, match="ConflictException"):
        agent.ecs.stop_service_deployment(serviceDeploymentArn=arn)


def test_a_later_change_takes_the_place_of_one_under_way(agent: Agent) -> None:
    first = agent.deploy(agent.register())
    second = agent.deploy(agent.register())
    listed = agent.ecs.list_service_deployments(cluster="c", service="s")["serviceDeployments"]
    assert [(each["serviceDeploymentArn"], each["status"]) for each in listed[:2]] == [
        (second, "IN_PROGRESS"),
        (first, "STOPPED"),
    ]
    running = agent.ecs.list_service_deployments(cluster="c", service="s", status=["IN_PROGRESS"])
    assert [each["serviceDeploymentArn"] for each in running["serviceDeployments"]] == [second]


def test_a_revision_tells_what_was_deployed(agent: Agent) -> None:
    second = agent.register()
    arn = agent.deploy(second)
    revision = agent.deployment(arn)["targetServiceRevision"]["arn"]
    (found,) = agent.ecs.describe_service_revisions(serviceRevisionArns=[revision])["serviceRevisions"]
    assert (found["taskDefinition"], found["containerImages"]) == (second, [{"containerName": "c", "image": "i"}])


def test_what_is_not_there_is_told(agent: Agent) -> None:
    answer = agent.ecs.describe_service_deployments(serviceDeploymentArns=["none"])
    assert answer["failures"] == [{"arn": "none", "reason": "MISSING"}]
    with pytest.raises(ClientError, match="ServiceDeploymentNotFound"):
        agent.ecs.stop_service_deployment(serviceDeploymentArn="none")
