"""``streamops connector deploy``: each way in which a rollout ends, and what is told of it."""

from __future__ import annotations

import threading

import pytest

from sandbox.waiting import wait_until
from tests.cli.connector.rollout.conftest import QUICK
from tests.cli.connector.rollout.played import BROKEN, DEAF, REPOSITORY, ROUTE, SLOW, produce


def test_a_good_image_is_rolled_out_and_held_against_the_lag(project, environment, played):
    produce(played.bootstrap, played.topic, 100)
    done = project.run("connector", "deploy", ROUTE, "--image", "newer", "-e", environment, "-y", "-o", "json", *QUICK)
    assert done.exit_code == 0, done.stderr
    assert done.answer["status"] == "applied"
    assert [each["kind"] for each in done.plan["operations"]] == [
        "register-task-definition",
        "update-service",
        "follow-deployment",
        "hold-against-lag",
    ]
    assert done.plan["operations"][0]["changes"] == {
        "connector.image": {"from": "registry.example/connector:good", "to": "registry.example/connector:newer"}
    }
    assert played.image == "registry.example/connector:newer"
    assert played.deployments()[0] == "SUCCESSFUL"
    assert "SUCCESSFUL" in done.stderr
    assert "the consumers have caught up" in done.stderr


@pytest.mark.usefixtures("played")
def test_what_runs_already_is_nothing_to_do(project, environment):
    again = project.run("connector", "deploy", ROUTE, "--image", "good", "-e", environment, "-n", *QUICK)
    assert (again.exit_code, again.stdout) == (0, "nothing to do\n")


def test_a_broken_image_is_taken_back_by_ecs_and_the_reasons_are_told(project, environment, played):
    done = project.run("connector", "deploy", ROUTE, "--image", BROKEN, "-e", environment, "-y", *QUICK)
    assert done.exit_code == 5
    assert (
        "the rollout of orders-to-stream failed (ROLLBACK_SUCCESSFUL); what was there before runs again" in done.stderr
    )
    assert "Essential container in task exited; connector: exit code 1" in done.stderr
    assert "| no such topic: orders" in done.stderr
    assert played.image.endswith(":good")


def test_an_image_that_runs_and_reads_nothing_is_taken_back_by_the_gate(project, environment, played):
    played.traffic = True
    done = project.run("connector", "deploy", ROUTE, "--image", DEAF, "-e", environment, "-y", *QUICK)
    assert done.exit_code == 5, done.stderr
    assert "run, and its consumers have not caught up" in done.stderr
    assert played.deployments()[:2] == ["SUCCESSFUL", "SUCCESSFUL"]
    assert played.image.endswith(":good")
    back = project.run("connector", "rollback", ROUTE, "-e", environment, "-n")
    assert "no other revision" in back.stderr  # what failed at the gate is none to go back to


def test_a_deployment_that_takes_too_long_is_left_alone_and_taken_up_again(project, environment, played):
    given = ["connector", "deploy", ROUTE, "--image", SLOW, "-e", environment, "-y", *QUICK]
    late = project.run(*given, "--timeout", "1s")
    assert late.exit_code == 6
    assert "IN_PROGRESS; it goes on by itself" in late.stderr
    assert f"go on with: streamops connector deploy {ROUTE} --image {SLOW}" in late.stderr
    assert played.deployments()[0] == "IN_PROGRESS"

    planned = project.run(*given, "-n", "-o", "json")
    assert [each["kind"] for each in planned.plan["operations"]] == ["follow-deployment", "hold-against-lag"]

    other = project.run("connector", "deploy", ROUTE, "--image", "newer", "-e", environment, "-y", *QUICK)
    assert other.exit_code == 7
    assert "streamops connector rollback" in other.stderr

    back = project.run("connector", "rollback", ROUTE, "-e", environment, "-y")
    assert back.exit_code == 0, back.stderr
    assert played.deployments()[0] == "ROLLBACK_SUCCESSFUL"
    assert played.image.endswith(":good")


def test_somebody_else_who_deploys_meanwhile_is_named(project, environment, played):
    other = played.register(f"{REPOSITORY}:theirs")

    def deploy_too() -> None:
        wait_until(lambda: bool(played.started[SLOW]), timeout_seconds=30)
        played.ecs.update_service(cluster=played.cluster, service=ROUTE, taskDefinition=other)

    threading.Thread(target=deploy_too).start()
    done = project.run("connector", "deploy", ROUTE, "--image", SLOW, "-e", environment, "-y", *QUICK)
    assert done.exit_code == 5, done.stderr
    assert "(STOPPED)" in done.stderr
    assert "another deployment has taken its place" in done.stderr


def test_a_rollout_that_was_not_waited_for_is_held_against_the_lag_later(project, environment, played):
    given = ["connector", "deploy", ROUTE, "--image", "newer", "-e", environment, "-y", *QUICK]
    assert project.run(*given, "--no-wait").exit_code == 0
    wait_until(lambda: played.deployments()[0] == "SUCCESSFUL", timeout_seconds=20)
    later = project.run(*given, "-o", "json")
    assert [each["kind"] for each in later.plan["operations"]] == ["hold-against-lag"]
    assert later.exit_code == 0, later.stderr
    assert project.run(*given, "-n").stdout == "nothing to do\n"


def test_stop_first_ends_old_tasks_before_new_ones_and_puts_the_strategy_back(project, environment, played):
    given = ["connector", "deploy", ROUTE, "--image", "newer", "--strategy", "stop-first", "-e", environment, "-y"]
    done = project.run(*given, *QUICK, "-o", "json")
    assert done.exit_code == 0, done.stderr
    assert done.plan["operations"][-1]["kind"] == "restore-strategy"
    settings = played.service["deploymentConfiguration"]
    assert (settings["minimumHealthyPercent"], settings["maximumPercent"]) == (100, 200)
    assert settings["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}


@pytest.mark.usefixtures("played")
@pytest.mark.parametrize("strategy", ["blue-green", "canary"])
def test_both_versions_at_once_are_refused(project, environment, strategy):
    given = ["connector", "deploy", ROUTE, "--image", "newer", "--strategy", strategy, "-e", environment, "-y"]
    done = project.run(*given, *QUICK)
    assert done.exit_code == 7
    assert "members of one consumer group" in done.stderr


def test_image_and_size_are_written_back_and_the_next_deploy_is_told(project, environment, played):
    given = ["connector", "deploy", ROUTE, "--image", "newer", "--cpu", "1024", "--memory", "2GiB", "-e", environment]
    done = project.run(*given, "-y", "--write-back", *QUICK)
    assert done.exit_code == 0, done.stderr
    text = (project.folder / f"{environment}.yaml").read_text()
    assert "image: registry.example/connector:newer" in text
    assert "cpu: 1024" in text
    assert "memory: 2GiB" in text
    assert "the next cdk deploy registers a revision of its own, and rolls" in done.stdout
    definition = played.ecs.describe_task_definition(taskDefinition=played.service["taskDefinition"], include=["TAGS"])
    assert (definition["taskDefinition"]["cpu"], definition["taskDefinition"]["memory"]) == ("1024", "2048")
    assert {"key": "team", "value": "streams"} in definition["tags"]


@pytest.mark.usefixtures("played")
def test_a_size_that_fargate_does_not_offer_is_wrong_usage(project, environment):
    done = project.run("connector", "deploy", ROUTE, "--cpu", "256", "--memory", "8GiB", "-e", environment)
    assert done.exit_code == 2
    assert "Fargate offers no 8GiB" in done.stderr


def test_a_rollback_goes_to_the_revision_before_even_where_that_was_deregistered(project, environment, played):
    project.run("connector", "deploy", ROUTE, "--image", "newer", "-e", environment, "-y", "--no-gate", *QUICK)
    played.ecs.deregister_task_definition(taskDefinition=played.first)
    done = project.run("connector", "rollback", ROUTE, "-e", environment, "-y")
    assert done.exit_code == 0, done.stderr
    assert played.image.endswith(":good")
    assert played.service["taskDefinition"] != played.first


@pytest.mark.usefixtures("played")
def test_there_is_nothing_before_the_first_revision(project, environment):
    done = project.run("connector", "rollback", ROUTE, "-e", environment, "-y")
    assert done.exit_code == 7
    assert "no other revision" in done.stderr


def test_a_restart_replaces_the_tasks_by_new_ones_of_the_same_revision(project, environment, played):
    before = set(played.tasks)
    done = project.run("connector", "restart", ROUTE, "-e", environment, "-y", "--stable", "1s")
    assert done.exit_code == 0, done.stderr
    assert not before & set(played.tasks)
    assert played.service["taskDefinition"] == played.first


def test_a_saved_plan_is_stale_once_somebody_else_has_deployed(project, environment, played):
    file = project.folder / "plan.json"
    given = ["connector", "deploy", ROUTE, "--image", "newer", "-e", environment, *QUICK]
    assert project.run(*given, "--save", str(file)).exit_code == 3
    played.ecs.update_service(cluster=played.cluster, service=ROUTE, forceNewDeployment=True)
    wait_until(lambda: played.deployments()[0] == "SUCCESSFUL", timeout_seconds=20)
    done = project.run("apply", str(file))
    assert done.exit_code == 1
    assert "has changed since the plan was made" in done.stderr
