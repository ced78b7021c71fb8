"""``streamops group list|describe`` against a real broker."""

from __future__ import annotations

import time
from typing import Any

import pytest

HOUR = 3600


def hours_ago(hours: float) -> int:
    return int((time.time() - hours * HOUR) * 1000)


def described(project, environment: str, group: str, *options: str) -> dict[str, Any]:
    outcome = project.run("group", "describe", group, "-e", environment, "-o", "json", *options)
    assert outcome.exit_code == 0, outcome.stderr
    item: dict[str, Any] = outcome.items[0]
    return item


def test_a_group_is_told_by_the_name_of_its_route_too(project, environment, orders, write, commit):
    group = f"streamops-{environment}-orders-to-stream"
    write({0: 4, 1: 3})
    commit(group, {0: 4, 1: 1})
    by_route, by_id = (described(project, environment, name) for name in ("orders-to-stream", group))
    assert by_route["group"] == by_id["group"] == group
    assert (by_route["route"], by_route["state"], by_route["members"]) == ("orders-to-stream", "empty", 0)
    assert by_route["topics"] == [orders]
    assert [(p["committed"], p["lag"]) for p in by_route["partitions"]] == [(4, 0), (1, 2), (None, 0)]


def test_lag_in_time_is_the_age_of_the_next_record(project, environment, write, commit, topic):
    write(times={0: [hours_ago(5), hours_ago(2), hours_ago(1)], 1: [hours_ago(3)]})
    commit(topic, {0: 1, 1: 1})
    item = described(project, environment, topic)
    first, second = item["partitions"]
    assert 2 * HOUR <= first["lag_seconds"] < 2 * HOUR + 60
    assert second["lag_seconds"] == 0
    assert item["lag_seconds"] == first["lag_seconds"]
    assert "2h" in project.run("group", "describe", topic, "-e", environment).stdout


def test_a_group_that_committed_beyond_the_end_has_no_lag_and_is_pointed_at(project, environment, write, commit, topic):
    write({0: 3})
    commit(topic, {0: 55})
    item = described(project, environment, topic)
    assert (item["lag"], item["partitions"][0]["beyond_end"]) == (0, True)
    assert "beyond END" in project.run("group", "describe", topic, "-e", environment).stderr


def test_one_look_tells_nothing_about_where_a_lag_goes(project, environment, write, commit, topic):
    write({0: 3, 1: 3})
    commit(topic, {0: 1, 1: 3})
    item = described(project, environment, topic)
    assert [p["verdict"] for p in item["partitions"]] == ["unknown", "ok"]
    assert item["verdict"] == "unknown"


def test_over_a_window_a_group_without_members_that_does_not_move_has_stopped(
    project, environment, write, commit, topic
):
    write({0: 3})
    commit(topic, {0: 1})
    item = described(project, environment, topic, "--window", "300ms", "--every", "100ms")
    assert (item["verdict"], item["window"]) == ("stop", "300ms")


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_members_are_told_with_what_they_are_assigned(project, environment, write, member, orders, topic, protocol):
    write({0: 3})
    with member(f"{topic}-{protocol}", protocol):
        item = described(project, environment, f"{topic}-{protocol}", "--window", "300ms", "--every", "100ms")
        shown = project.run("group", "describe", f"{topic}-{protocol}", "-e", environment).stdout
    (reader,) = item["member_details"]
    assert (item["state"], item["type"], item["members"]) == ("stable", protocol, 1)
    assert (reader["client_id"], reader["host"], reader["subscribed"]) == ("reader", "127.0.0.1", [orders])
    assert reader["assigned"] == [{"topic": orders, "partition": partition} for partition in range(3)]
    assert {p["member"] for p in item["partitions"]} == {reader["member"]}
    assert [p["verdict"] for p in item["partitions"]] == ["stall", "ok", "ok"]
    assert f"{orders}: 0-2" in shown
    assert reader["member"] in shown


def test_list_tells_all_groups_and_those_of_the_routes_first(project, environment, orders, write, commit, topic):
    write({0: 4})
    commit(topic, {0: 1})
    first, *others = project.run("group", "list", "-e", environment, "-o", "json").items
    assert (first["route"], first["state"], first["lag"]) == ("orders-to-stream", "none yet", 4)
    (own,) = [each for each in others if each["group"] == topic]
    assert (own["route"], own["topics"], own["lag"]) == (None, [orders], 3)
    assert 0 < own["lag_seconds"] < 600
    assert topic in project.run("group", "list", "-e", environment).stdout


def test_groups_at_different_places_of_one_partition_have_lags_of_their_own(project, environment, write, commit, topic):
    write(times={0: [hours_ago(5), hours_ago(3), hours_ago(1)]})
    for offset in range(3):
        commit(f"{topic}-{offset}", {0: offset})
    items = {each["group"]: each for each in project.run("group", "list", "-e", environment, "-o", "json").items}
    hours = [round(items[f"{topic}-{offset}"]["lag_seconds"] / HOUR) for offset in range(3)]
    assert hours == [5, 3, 1]


def test_a_group_that_is_not_there_is_told_with_a_guess(project, environment, commit, topic):
    commit(topic, {0: 0})
    outcome = project.run("group", "describe", f"{topic}x", "-e", environment)
    assert outcome.exit_code == 1
    assert f"did you mean {topic}?" in outcome.stderr
    assert "has committed nothing yet" in project.run("group", "describe", "orders-to-stream", "-e", environment).stderr


@pytest.mark.parametrize("options", [["--window", "soon"], ["--window", "1s", "--every", "5s"], ["--window", "0s"]])
def test_a_window_that_is_none_is_wrong_usage(project, environment, options):
    assert project.run("group", "describe", "orders-to-stream", "-e", environment, *options).exit_code == 2
