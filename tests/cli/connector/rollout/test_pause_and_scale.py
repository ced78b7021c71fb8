"""Other numbers of tasks, and none at all for a while."""

from __future__ import annotations

import json

import pytest
from kafka import KafkaAdminClient, TopicPartition
from kafka.structs import OffsetAndMetadata

from cli.connector.rollout import pausing
from sandbox.waiting import wait_until
from tests.cli.connector.rollout.played import ROUTE, Reader, produce


@pytest.fixture
def scaled(aws, environment, played):  # noqa: ARG001 - the service has to be there
    """The same, with a range to scale in."""
    scaling = aws.client("application-autoscaling")
    target = {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/streamops-{environment}/{ROUTE}",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=3)
    return lambda: scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[target["ResourceId"]])[
        "ScalableTargets"
    ][0]


def test_a_fixed_number_is_changed_and_declared(project, environment, played):
    done = project.run("connector", "scale", ROUTE, "--tasks", "2", "-e", environment, "-y", "--write-back")
    assert done.exit_code == 0, done.stderr
    assert played.service["desiredCount"] == played.service["runningCount"] == 2
    assert "tasks: {min: 2, max: 2}" in (project.folder / f"{environment}.yaml").read_text()
    again = project.run("connector", "scale", ROUTE, "--tasks", "2", "-e", environment)
    assert again.exit_code == 0
    assert "nothing to do" in again.stdout


@pytest.mark.usefixtures("played")
@pytest.mark.parametrize(
    ("options", "why"),
    [(["--tasks", "0"], "use streamops connector pause"), (["--max", "4"], "fixed number of tasks")],
)
def test_what_a_fixed_number_does_not_allow_is_refused(project, environment, options, why):
    done = project.run("connector", "scale", ROUTE, *options, "-e", environment, "-y")
    assert done.exit_code == 7
    assert why in done.stderr


def test_a_number_outside_of_the_range_is_refused_and_a_wider_range_taken(project, environment, scaled, played):
    outside = project.run("connector", "scale", ROUTE, "--tasks", "4", "-e", environment, "-y")
    assert outside.exit_code == 7
    assert "1 to 3" in outside.stderr
    inside = project.run("connector", "scale", ROUTE, "--min", "2", "--max", "4", "--suspend", "-e", environment, "-y")
    assert inside.exit_code == 0, inside.stderr
    target = scaled()
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 4)
    assert all(target["SuspendedState"].values())
    assert played.service["runningCount"] == 2


def test_pause_keeps_the_place_and_resume_goes_on_there(project, environment, scaled, played, monkeypatch):
    monkeypatch.chdir(project.folder)
    produce(played.bootstrap, played.topic, 40)
    paused = project.run("connector", "pause", ROUTE, "-e", environment, "-y")
    assert paused.exit_code == 0, paused.stderr
    assert "offsets.retention.minutes" in paused.stderr
    (file,) = project.folder.glob("*.offsets.json")
    assert file.name in paused.stderr
    assert (played.service["desiredCount"], played.service["runningCount"]) == (0, 0)
    assert all(scaled()["SuspendedState"].values())
    again = project.run("connector", "pause", ROUTE, "-e", environment)
    assert "nothing to do" in again.stdout

    resumed = project.run("connector", "resume", ROUTE, "-e", environment, "-y")
    assert resumed.exit_code == 0, resumed.stderr
    assert (played.service["desiredCount"], played.service["runningCount"]) == (1, 1)
    assert not any(scaled()["SuspendedState"].values())
    assert not played.service.get("tags")


def test_pause_keeps_no_place_while_somebody_still_commits(project, environment, played, broker, monkeypatch):
    monkeypatch.chdir(project.folder)
    monkeypatch.setattr(pausing, "POLL_SECONDS", 0.1)
    draining = Reader(broker.bootstrap, played.topic, played.group)
    try:

        def joined() -> bool:
            draining.work()
            return bool(draining.consumer.assignment())

        wait_until(joined, timeout_seconds=20)
        early = project.run("connector", "pause", ROUTE, "-e", environment, "-y", "--timeout", "2s")
        assert early.exit_code == 6, early.stderr
        assert "has members after 2s" in early.stderr
        assert not list(project.folder.glob("*.offsets.json"))
    finally:
        draining.close()
    done = project.run("connector", "pause", ROUTE, "-e", environment, "-y")
    assert done.exit_code == 0, done.stderr
    assert len(list(project.folder.glob("*.offsets.json"))) == 1


def test_offsets_that_were_forgotten_are_restored_from_the_file(project, environment, played, broker, monkeypatch):
    monkeypatch.chdir(project.folder)
    with KafkaAdminClient(bootstrap_servers=broker.bootstrap) as admin:
        project.run("connector", "pause", ROUTE, "-e", environment, "-y")
        places = [TopicPartition(played.topic, partition) for partition in (0, 1)]
        admin.alter_group_offsets(played.group, {place: OffsetAndMetadata(0, "", -1) for place in places})
        (empty,) = project.folder.glob("*.offsets.json")
        empty.write_text(empty.read_text().replace('"offsets": []', _offsets(played.topic)))
        admin.delete_groups([played.group])
    refused = project.run("connector", "resume", ROUTE, "-e", environment, "-y")
    assert refused.exit_code == 7
    assert "--offsets FILE" in refused.stderr
    resumed = project.run("connector", "resume", ROUTE, "--offsets", str(empty), "-e", environment, "-y", "-o", "json")
    assert resumed.exit_code == 0, resumed.stderr
    assert resumed.plan["operations"][0]["kind"] == "restore-offsets"
    assert resumed.plan["summary"]["restored"] == 2


def _offsets(topic: str) -> str:
    return json.dumps({"offsets": [{"topic": topic, "partition": part, "offset": 0} for part in (0, 1)]})[1:-1]
