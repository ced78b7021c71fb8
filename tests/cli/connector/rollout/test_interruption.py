"""A rollout that is interrupted, or that somebody else got ahead of: nothing is done twice, or undone of others."""

from __future__ import annotations

import signal
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cli.connector import deployments
from cli.connector.rollout import configuration, declared, deploying, following, lag, service
from cli.connector.rollout.configuration import sha256_of
from cli.connector.rollout.gate import Lag
from cli.errors import NotFoundError
from cli.interruption import pause
from sandbox.waiting import wait_until
from tests.cli.connector.rollout.conftest import QUICK
from tests.cli.connector.rollout.played import DEAF, REPOSITORY, ROUTE

OLD, NEW = '{"format":"value"}', '{"format":"value","sink":{"partition_key":"spread"}}'
STEPS = {
    "register-task-definition": (deploying, "register"),
    "update-service": (service, "update_service"),
    "follow-deployment": (following, "progress"),
    "hold-against-lag": (lag, "read_lag"),
}
"""A function that is called while the step is under way."""


@pytest.fixture
def interrupt(monkeypatch):
    """Send a real Ctrl-C the first time that a function is called."""

    def interrupt(module: Any, name: str) -> None:
        original = getattr(module, name)

        def called(*given: Any, **named: Any) -> Any:
            monkeypatch.setattr(module, name, original)
            signal.raise_signal(signal.SIGINT)
            return original(*given, **named)

        monkeypatch.setattr(module, name, called)

    return interrupt


@pytest.fixture
def labelled(played):
    """The first revision again, with the label of the configuration that it was made for."""
    definition = played.register(f"{REPOSITORY}:good", dockerLabels={"streamops.config-sha256": sha256_of(OLD)})
    played.ecs.update_service(cluster=played.cluster, service=ROUTE, taskDefinition=definition)
    wait_until(lambda: played.deployments() == ["SUCCESSFUL"] * 2, timeout_seconds=20)


@pytest.fixture
def theirs(played, monkeypatch):
    """Somebody else deploys while the plan is read."""
    definition = played.register(f"{REPOSITORY}:theirs")

    def ask(*_: object) -> None:
        played.ecs.update_service(cluster=played.cluster, service=ROUTE, taskDefinition=definition)

    monkeypatch.setattr("cli.change.ask", ask)


@pytest.mark.parametrize("step", STEPS)
def test_ctrl_c_in_any_step_leaves_what_the_same_command_goes_on_with(project, environment, played, interrupt, step):
    interrupt(*STEPS[step])
    given = ["connector", "deploy", ROUTE, "--image", "newer", "-e", environment, "-y", *QUICK]
    left = project.run(*given)
    assert left.exit_code == 130, left.stderr
    assert f"go on with: streamops connector deploy {ROUTE} --image newer" in left.stderr
    done = project.run(*given)
    assert done.exit_code == 0, done.stderr
    assert "the consumers have caught up" in done.stderr
    assert played.image.endswith(":newer")
    assert len(played.deployments()) == 2  # the first one of the service, and one rollout
    assert project.run(*given, "-n").stdout == "nothing to do\n"


@pytest.mark.usefixtures("labelled")
def test_a_configuration_put_before_ctrl_c_still_stops_old_tasks_first(project, environment, interrupt, monkeypatch):
    monkeypatch.setattr(declared, "declared_configuration", lambda *_: NEW)
    interrupt(configuration, "put_configuration")
    given = ["connector", "deploy", ROUTE, "--config", "-e", environment, *QUICK]
    assert project.run(*given, "--confirm", ROUTE).exit_code == 130
    again = project.run(*given, "-n", "-o", "json")
    assert again.plan["operations"][0]["kind"] == "register-task-definition"
    assert again.plan["summary"]["strategy"] == "stop-first"
    assert project.run(*given, "-y").exit_code == 7


def test_ctrl_c_while_it_goes_back_is_no_reason_to_roll_out_again(project, environment, played, monkeypatch):
    played.traffic = True
    begin = following.begun

    def begun(*given: Any, **named: Any) -> Any:
        if len(played.deployments()) == 3:
            signal.raise_signal(signal.SIGINT)
            pause(0)
        return begin(*given, **named)

    monkeypatch.setattr("cli.connector.rollout.execution.begun", begun)
    done = project.run("connector", "deploy", ROUTE, "--image", DEAF, "-e", environment, "-y", *QUICK)
    assert done.exit_code == 5, done.stderr
    assert "on its way back to" in done.stderr
    assert "go on with" not in done.stderr
    wait_until(lambda: played.deployments()[0] == "SUCCESSFUL", timeout_seconds=20)
    assert played.image.endswith(":good")


@pytest.mark.usefixtures("theirs")
@pytest.mark.parametrize("command", [("deploy", "--image", "newer", *QUICK), ("restart",), ("rollback",)])
def test_what_somebody_else_deployed_while_the_plan_was_read_stays(project, environment, played, command):
    other = played.register(f"{REPOSITORY}:other")
    played.ecs.update_service(cluster=played.cluster, service=ROUTE, taskDefinition=other)
    wait_until(lambda: played.deployments() == ["SUCCESSFUL"] * 2, timeout_seconds=20)
    verb, *options = command
    done = project.run("connector", verb, ROUTE, *options, "-e", environment, "-y")
    assert done.exit_code == 1, done.stderr
    assert "changed by somebody else meanwhile" in done.stderr
    assert played.image.endswith(":theirs")
    assert len(played.deployments()) == 3


def test_a_rollout_held_later_never_takes_back_what_somebody_else_deployed(project, environment, played, monkeypatch):
    given = ["connector", "deploy", ROUTE, "--image", "newer", "-e", environment, "-y", *QUICK]
    project.run(*given, "--no-wait")
    wait_until(lambda: played.deployments()[0] == "SUCCESSFUL", timeout_seconds=20)
    definition = played.register(f"{REPOSITORY}:theirs")

    def nobody_reads(*_: object) -> Lag:
        if len(played.deployments()) == 2:
            played.ecs.update_service(cluster=played.cluster, service=ROUTE, taskDefinition=definition)
        return Lag(9, None, 0, members=False)

    monkeypatch.setattr(lag, "read_lag", nobody_reads)
    done = project.run(*given)
    assert done.exit_code == 5, done.stderr
    assert "another deployment of" in done.stderr
    assert played.image.endswith(":theirs")


def test_reads_that_come_too_early_or_too_often_do_not_end_a_rollout(project, environment, played, monkeypatch):
    one = deployments.one
    throttled = ClientError(
        {"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}, "DescribeServiceDeployments"
    )
    faults: list[Exception] = [NotFoundError("not yet", ""), throttled, throttled]

    def faulty(*given: Any) -> Any:
        if faults:
            raise faults.pop(0)
        return one(*given)

    monkeypatch.setattr(deployments, "one", faulty)
    done = project.run("connector", "deploy", ROUTE, "--image", "newer", "-e", environment, "-y", *QUICK)
    assert done.exit_code == 0, done.stderr
    assert not faults
    assert played.image.endswith(":newer")
