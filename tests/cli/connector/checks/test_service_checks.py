"""What ECS has of a connector: cluster, service, task definition, log group, configuration and time to stop."""

from __future__ import annotations

import pytest

from tests.cli.connector.checks.conftest import ROUTE, Scene


def test_what_a_deploy_leaves_is_ok(scene: Scene) -> None:
    outcome = scene.verify()
    results = {item["check"]: item["result"] for item in outcome.items}
    assert not [name for name, result in results.items() if result == "failed"], outcome.stderr
    for name in ("cluster", "service", "task-definition", "log-group", "configuration", "stop-timeout"):
        assert results[name] == "ok"
    assert (outcome.exit_code, outcome.answer["status"]) == (0, "none")


def test_before_the_first_deploy_the_way_out_is_to_deploy(project, aws, kafka) -> None:  # noqa: ARG001
    name = project.write(
        kafka=kafka,
        topics={"orders": {"partitions": 1, "replication": 1}},
        streams={"orders": {"mode": "on-demand"}},
        routes={ROUTE: {"from": {"topic": "orders"}, "to": {"stream": "orders"}}},
    )
    outcome = project.run("connector", "verify", "-e", name, "-o", "json")
    assert (outcome.exit_code, outcome.answer["status"]) == (1, "error")
    found = {item["check"]: item for item in outcome.items}
    for check in ("cluster", "service", "task-definition"):
        assert found[check]["result"] == "failed"
        assert f"npx cdk deploy '{name}/connectors'" in found[check]["way_out"]


def test_a_service_that_was_deleted_is_missing(scene: Scene) -> None:
    scene.client("ecs").delete_service(cluster=f"streamops-{scene.name}", service=ROUTE, force=True)
    assert scene.result("cluster") == "ok"
    assert scene.result("service") == "failed"


def test_a_deregistered_task_definition_rolls_nothing_out(scene: Scene) -> None:
    scene.client("ecs").deregister_task_definition(taskDefinition=f"{scene.group}:1")
    found = scene.check("task-definition")
    assert found["result"] == "failed"
    assert "INACTIVE" in found["detail"]


def test_without_its_log_group_no_task_would_start(scene: Scene) -> None:
    scene.client("logs").delete_log_group(logGroupName=scene.log_group)
    found = scene.check("log-group")
    assert found["result"] == "failed"
    assert scene.log_group in found["detail"]


def test_a_log_group_of_a_longer_name_is_another(scene: Scene) -> None:
    scene.client("logs").create_log_group(logGroupName=f"{scene.log_group}-2")
    scene.client("logs").delete_log_group(logGroupName=scene.log_group)
    assert scene.result("log-group") == "failed"


def test_a_configuration_that_is_gone_or_not_taken_fails(scene: Scene) -> None:
    scene.configure(ordering="none at all")
    found = scene.check("configuration")
    assert found["result"] == "failed"
    assert "ordering" in found["detail"]
    scene.client("ssm").delete_parameter(Name=scene.parameter)
    assert scene.result("configuration") == "failed"
    assert scene.result("stop-timeout") == "unknown"


def test_a_configuration_that_changed_since_the_task_definition_was_made_is_not_ok(scene: Scene) -> None:
    scene.change(dockerLabels={"streamops.config-sha256": "0" * 64})
    found = scene.check("configuration")
    assert found["result"] == "unknown"
    assert f"streamops connector deploy {ROUTE} --config" in found["way_out"]


@pytest.mark.parametrize(
    ("waits", "drains", "result"),
    [(120, "105s", "ok"), (100, "90s", "failed"), (101, "90s", "ok"), (None, "90s", "failed")],
)
def test_ecs_has_to_wait_longer_than_the_drain_takes(scene: Scene, waits, drains, result) -> None:
    scene.configure(stop_timeout=drains)
    if waits is None:
        del scene.container["stopTimeout"]
        scene.change()
    else:
        scene.change(stopTimeout=waits)
    assert scene.result("stop-timeout") == result


def test_a_route_that_is_not_declared_is_named(scene: Scene) -> None:
    outcome = scene.project.run("connector", "verify", "orders-to-steam", "-e", scene.name)
    assert outcome.exit_code == 1
    assert f"did you mean {ROUTE}?" in outcome.stderr
