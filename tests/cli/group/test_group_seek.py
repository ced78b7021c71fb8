"""``streamops group seek`` and ``group delete`` against a real broker."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from cli.group import offsets as offsets_of


@pytest.fixture(autouse=True)
def _undo_files_go_elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def group(environment) -> str:
    """The group of the route."""
    return f"streamops-{environment}-orders-to-stream"


@pytest.fixture
def committed(cluster, orders):
    def read(group: str) -> dict[int, int]:
        found = cluster.committed([group]).get(group, {})
        return {partition: at for (topic, partition), at in found.items() if topic == orders}

    return read


@pytest.fixture
def seek(project, environment):
    def run(*arguments: str) -> Any:
        return project.run("group", "seek", *arguments, "-e", environment)

    return run


def undo_file() -> Path:
    (file,) = Path.cwd().glob("*.offsets.json")
    return file


def test_ctrl_c_while_offsets_are_committed_finds_all_of_them_moved(seek, write, commit, committed, group, monkeypatch):
    write({0: 4, 1: 3, 2: 1})
    commit(group, {0: 4, 1: 3, 2: 1})

    def interrupted(*given: Any) -> None:
        signal.raise_signal(signal.SIGINT)
        offsets_of.commit(*given)

    monkeypatch.setattr("cli.group.seeking.commit", interrupted)
    outcome = seek("orders-to-stream", "--to", "start", "--yes", "-o", "json")
    assert (outcome.exit_code, outcome.answer["status"]) == (0, "applied")
    assert committed(group) == {0: 0, 1: 0, 2: 0}


def test_back_to_the_start_is_moderate_and_shows_before_after_and_delta(seek, write, commit, committed, group):
    write({0: 4, 1: 3, 2: 1})
    commit(group, {0: 4, 1: 1, 2: 0})
    outcome = seek("orders-to-stream", "--to", "start", "--yes", "-o", "json")
    assert (outcome.exit_code, outcome.answer["status"]) == (0, "applied")
    steps = [(o["partition"], o["before"], o["after"], o["delta"], o["risk"]) for o in outcome.plan["operations"]]
    assert steps == [(0, 4, 0, -4, "moderate"), (1, 1, 0, -1, "moderate")]
    assert outcome.plan["summary"]["repeated"] == 5
    assert committed(group) == {0: 0, 1: 0, 2: 0}
    again = seek("orders-to-stream", "--to", "start", "-o", "json")
    assert (again.exit_code, again.answer["status"]) == (0, "none")


def test_skipping_records_takes_the_name_of_the_group(seek, write, commit, committed, group):
    write({0: 4})
    commit(group, {0: 1})
    refused = seek("orders-to-stream", "--to", "end", "--yes")
    assert refused.exit_code == 7
    assert f"--confirm {group}" in refused.stderr
    assert "skipped 3" in seek("orders-to-stream", "--to", "end", "--dry-run").stdout
    assert committed(group) == {0: 1}
    assert seek("orders-to-stream", "--to", "end", "--confirm", group).exit_code == 0
    assert committed(group) == {0: 4, 1: 0, 2: 0}


def test_what_was_committed_is_kept_for_its_owner_alone_and_takes_it_back(
    seek, write, commit, committed, group, orders
):
    write({0: 4, 1: 2})
    commit(group, {0: 1})
    outcome = seek("orders-to-stream", "--to", "end", "--confirm", group)
    file = undo_file()
    assert file.stat().st_mode & 0o777 == 0o600
    assert f"--to-file {file.name}" in outcome.stderr
    held = {(e["topic"], e["partition"]): e["offset"] for e in json.loads(file.read_text())["offsets"]}
    assert held == {(orders, 0): 1, (orders, 1): None, (orders, 2): None}
    undone = seek("orders-to-stream", "--to-file", str(file), "--confirm", group)
    assert undone.exit_code == 0, undone.stderr
    assert committed(group) == {0: 1}


def test_a_group_with_members_is_left_alone_and_told_how_to_stop_them(
    seek, write, member, committed, group, environment
):
    write({0: 3})
    with member(group):
        outcome = seek("orders-to-stream", "--to", "end", "--confirm", group, "-o", "json")
    assert (outcome.exit_code, outcome.answer["status"]) == (7, "blocked")
    assert f"streamops connector pause orders-to-stream -e {environment}" in outcome.stderr
    assert committed(group) == {}


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_members_that_come_after_the_plan_keep_it_from_being_carried_out(
    seek, project, write, member, commit, committed, orders, protocol
):
    group = f"{orders}-{protocol}"
    write({0: 3})
    with member(group, protocol):
        pass
    commit(group, {0: 1, 1: 0, 2: 0})
    assert seek(group, "--to", "end", "--save", "plan.json").exit_code == 3
    with member(group, protocol):
        stale = project.run("apply", "plan.json", "--confirm", group)
        assert (stale.exit_code, "has changed since" in stale.stderr) == (1, True)
        with pytest.MonkeyPatch.context() as context:  # as if they came after the plan was made anew
            context.setattr("cli.group.seeking._active", lambda _: False)
            late = project.run("apply", "plan.json", "--confirm", group)
        assert late.exit_code == 7, late.stderr
        assert "has members" in late.stderr
    assert committed(group) == {0: 1, 1: 0, 2: 0}


def test_a_saved_plan_moves_to_the_offsets_that_it_was_made_with(seek, project, write, commit, committed, group):
    write({0: 4})
    commit(group, {0: 1, 1: 0, 2: 0})
    assert seek("orders-to-stream", "--to", "end", "--save", "plan.json").exit_code == 3
    write({0: 9})
    applied = project.run("apply", "plan.json", "--confirm", group)
    assert applied.exit_code == 0, applied.stderr
    assert committed(group) == {0: 4, 1: 0, 2: 0}


def test_to_a_time_is_to_the_first_record_of_it(seek, write, commit, committed, group):
    now = int(time.time() * 1000)
    hours = [now - hours * 3_600_000 for hours in (5, 3, 1)]
    write(times={0: hours, 1: hours[:1]})
    commit(group, {0: 3, 1: 1})
    assert seek("orders-to-stream", "--to", "-4h", "--yes").exit_code == 0
    assert committed(group) == {0: 1, 1: 1, 2: 0}


def test_offsets_outside_of_a_partition_are_drawn_in_and_told(seek, write, commit, committed, group):
    write({0: 4, 1: 2})
    commit(group, {0: 2, 1: 2, 2: 0})
    outcome = seek("orders-to-stream", "--to", "3", "--dry-run", "--topic", "orders:0,1", "-o", "json")
    assert [(o["partition"], o["after"]) for o in outcome.plan["operations"]] == [(0, 3)]
    assert "1 has 0 to 2, so not 3 but 2" in outcome.plan["warnings"][0]
    assert seek("orders-to-stream", "--to", "-50", "--yes").exit_code == 0
    assert committed(group) == {0: 0, 1: 0, 2: 0}


def test_a_distance_needs_something_to_count_from(seek, write, commit, group):
    write({0: 4})
    commit(group, {0: 2})
    outcome = seek("orders-to-stream", "--to", "-1", "--dry-run", "-o", "json")
    assert [(o["partition"], o["before"], o["after"]) for o in outcome.plan["operations"]] == [(0, 2, 1)]
    assert "nothing is committed there" in outcome.plan["warnings"][0]


def test_a_group_can_go_where_another_is_and_be_made_by_that(seek, write, commit, committed, orders, topic):
    write({0: 4, 1: 4})
    commit(topic, {0: 3, 1: 1})
    new = f"{topic}-new"
    assert "does not exist" in seek(new, "--to-group", topic).stderr
    outcome = seek(new, "--to-group", topic, "--topic", orders, "--confirm", new)
    assert outcome.exit_code == 0, outcome.stderr
    assert "is made by this" in outcome.stdout
    assert committed(new) == {0: 3, 1: 1}


def test_a_file_of_another_cluster_is_refused(seek, write, commit, committed, group, orders):
    write({0: 4})
    commit(group, {0: 2})
    file = offsets_file(group, "another-cluster", orders)
    outcome = seek("orders-to-stream", "--to-file", str(file), "--yes")
    assert outcome.exit_code == 7
    assert "of cluster another-cluster" in outcome.stderr
    assert committed(group) == {0: 2}


def offsets_file(group: str, cluster_id: str, topic: str) -> Path:
    from cli.group.offsets_file import OffsetsFile

    return OffsetsFile(group, cluster_id, {(topic, 0): 1}).write(Path.cwd())


@pytest.mark.parametrize(
    "text", ["", "[]", '{"format": "other"}', '{"format": "streamops group offsets", "version": 1}']
)
def test_a_file_that_is_none_is_told_as_such(seek, tmp_path, text):
    file = tmp_path / "file.json"
    file.write_text(text)
    outcome = seek("orders-to-stream", "--to-file", str(file))
    assert outcome.exit_code == 1
    assert "is no file of offsets" in outcome.stderr


@pytest.mark.parametrize(
    "options", [[], ["--to", "start", "--to-group", "x"], ["--to", "noon"], ["--to", "end", "--topic", "orders:x"]]
)
def test_one_place_has_to_be_named_and_be_one(seek, options):
    assert seek("orders-to-stream", *options).exit_code == 2


def test_a_partition_that_is_not_there_is_named(seek, environment, orders):
    outcome = seek("orders-to-stream", "--to", "end", "--topic", "orders:7")
    assert outcome.exit_code == 1
    assert f"{orders} 7" in outcome.stderr
    assert "not on the cluster" in seek("x", "--to", "end", "--topic", f"{environment}-nothing").stderr


def test_a_group_is_deleted_only_by_its_name(project, environment, write, commit, cluster, topic):
    write({0: 3})
    commit(topic, {0: 1})
    refused = project.run("group", "delete", topic, "-e", environment, "--yes")
    assert refused.exit_code == 7
    assert topic in {group.name for group in cluster.groups()}
    deleted = project.run("group", "delete", topic, "-e", environment, "--confirm", topic, "-o", "json")
    assert (deleted.exit_code, deleted.answer["status"]) == (0, "applied"), deleted.stderr
    assert topic not in {group.name for group in cluster.groups()}
    assert project.run("group", "delete", topic, "-e", environment).exit_code == 1


def test_a_group_with_members_or_of_a_route_is_not_deleted(
    project, environment, write, member, commit, cluster, group, topic
):
    write({0: 3})
    commit(group, {0: 1})
    of_a_route = project.run("group", "delete", "orders-to-stream", "-e", environment, "--confirm", group)
    assert of_a_route.exit_code == 7
    assert "route orders-to-stream" in of_a_route.stderr
    with member(topic):
        with_members = project.run("group", "delete", topic, "-e", environment, "--confirm", topic)
        assert with_members.exit_code == 7
        assert "has members" in with_members.stderr
    assert group in {each.name for each in cluster.groups()}


def test_offsets_can_be_forgotten_alone(cluster, write, commit, committed, orders, topic):
    write({0: 3})
    commit(topic, {0: 1, 1: 0})
    offsets_of.forget(cluster, topic, [(orders, 1)])
    assert committed(topic) == {0: 1}
