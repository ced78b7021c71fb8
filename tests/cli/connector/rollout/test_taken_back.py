"""What takes a rollout back besides its tasks, and what may fail on the way back."""

from __future__ import annotations

import threading

import pytest
from botocore.exceptions import ClientError

from cli.connector.rollout import declared, service
from cli.connector.rollout.configuration import sha256_of
from sandbox.waiting import wait_until
from tests.cli.connector.rollout.conftest import QUICK
from tests.cli.connector.rollout.played import BREAKER, BROKEN, DEAF, REPOSITORY, ROUTE, SLOW

OLD, NEW = '{"format":"value"}', '{"format":"value","sink":{"partition_key":"spread"}}'


def test_an_alarm_of_the_deployment_takes_it_back(project, environment, played, aws):
    alarm, cloudwatch = f"{environment}-errors", aws.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=alarm,
        Namespace="streamops",
        MetricName="errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    held = {**BREAKER, "alarms": {"alarmNames": [alarm], "enable": True, "rollback": True}}
    played.ecs.update_service(cluster=played.cluster, service=ROUTE, deploymentConfiguration=held)

    def ring() -> None:
        wait_until(lambda: bool(played.started[SLOW]), timeout_seconds=30)
        cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="errors")

    ringing = threading.Thread(target=ring)
    ringing.start()
    done = project.run("connector", "deploy", ROUTE, "--image", SLOW, "-e", environment, "-y", *QUICK)
    ringing.join()
    assert done.exit_code == 5, done.stderr
    assert "(ROLLBACK_SUCCESSFUL); what was there before runs again" in done.stderr
    assert f"Alarms of the deployment went off: {alarm}" in done.stderr
    assert f"alarms: {alarm}" in done.stderr
    assert played.image.endswith(":good")


def test_a_way_back_that_fails_too_is_told(project, environment, played):
    played.failing.add("good")
    done = project.run("connector", "deploy", ROUTE, "--image", BROKEN, "-e", environment, "-y", *QUICK)
    assert done.exit_code == 5, done.stderr
    assert "(ROLLBACK_FAILED); and going back has failed too" in done.stderr
    assert f"streamops connector status {ROUTE} -e {environment}" in done.stderr


def test_it_goes_back_also_where_nothing_can_be_noted_of_it(project, environment, played, monkeypatch):
    def denied(*_: object, **__: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "ecs:TagResource"}}, "TagResource")

    monkeypatch.setattr(service, "tag_definition", denied)
    played.traffic = True
    done = project.run("connector", "deploy", ROUTE, "--image", DEAF, "-e", environment, "-y", *QUICK)
    assert done.exit_code == 5, done.stderr
    assert "it cannot be noted that the lag gate was failed" in done.stderr
    assert "back at" in done.stderr
    assert played.image.endswith(":good")


def test_a_rollback_over_another_partition_key_stops_old_tasks_first_too(project, environment, played, monkeypatch):
    labelled = played.register(f"{REPOSITORY}:good", dockerLabels={"streamops.config-sha256": sha256_of(OLD)})
    played.ecs.update_service(cluster=played.cluster, service=ROUTE, taskDefinition=labelled)
    wait_until(lambda: played.deployments() == ["SUCCESSFUL"] * 2, timeout_seconds=20)
    monkeypatch.setattr(declared, "declared_configuration", lambda *_: NEW)
    given = ["connector", "deploy", ROUTE, "--config", "-e", environment, "--confirm", ROUTE]
    assert project.run(*given, *QUICK).exit_code == 0
    done = project.run("connector", "rollback", ROUTE, "-e", environment, "-y", "-o", "json")
    assert done.exit_code == 0, done.stderr
    by_kind = {each["kind"]: each for each in done.plan["operations"]}
    assert by_kind["update-service"]["strategy"] == "stop-first"
    assert "restore-strategy" in by_kind
    settings = played.service["deploymentConfiguration"]
    assert (settings["minimumHealthyPercent"], settings["maximumPercent"]) == (100, 200)
    assert played.service["taskDefinition"] == labelled


@pytest.mark.usefixtures("played")
def test_a_rollout_that_stops_first_and_is_ended_leaves_the_declared_strategy(project, environment, played):
    given = ["connector", "deploy", ROUTE, "--image", SLOW, "--strategy", "stop-first", "-e", environment, "-y"]
    assert project.run(*given, *QUICK, "--timeout", "1s").exit_code == 6
    done = project.run("connector", "rollback", ROUTE, "-e", environment, "-y")
    assert done.exit_code == 0, done.stderr
    settings = played.service["deploymentConfiguration"]
    assert (settings["minimumHealthyPercent"], settings["maximumPercent"]) == (100, 200)
