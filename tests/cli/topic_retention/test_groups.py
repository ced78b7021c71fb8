"""Groups that would lose what they have not read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

OVERRIDE = ("--allow-data-loss", "--confirm", "orders")
ROUTE = {
    "streams": {"orders": {"mode": "on-demand"}},
    "routes": {"orders-to-stream": {"from": {"topic": "orders"}, "to": {"stream": "orders"}}},
}
HOUR = 3_600_000


def test_a_group_that_lags_is_named_with_how_much_it_would_lose(scene):
    scene.commit(f"{scene.topic}-late", 20)
    scene.commit(f"{scene.topic}-done", 72)
    outcome = scene.run("--to", "1d", "--yes", "-o", "json")
    assert outcome.exit_code == 7
    (unread,) = outcome.plan["summary"]["unread"]
    assert (unread["group"], unread["records"], unread["partitions"]) == (f"{scene.topic}-late", 29, {"0": 29})
    assert f"group {scene.topic}-late has not read 29 of them" in outcome.stderr
    assert f"{scene.topic}-done" not in outcome.stderr
    assert f"{scene.topic}-done" in outcome.plan["summary"]["known_groups"]


def test_what_every_group_has_read_is_refused_all_the_same_and_no_group_is_named(scene):
    scene.commit(f"{scene.topic}-done", 72)
    outcome = scene.run("--to", "1d", "--yes", "-o", "json")
    assert (outcome.exit_code, outcome.plan["summary"]["unread"]) == (7, [])
    assert "has not read" not in outcome.stderr


def test_where_no_group_can_be_seen_it_says_so(scene):
    outcome = scene.run("--to", "1d", "--yes")
    assert "no known group reads the topic" in outcome.stdout


def test_a_route_that_has_read_nothing_yet_loses_all_of_it(make_scene):
    scene = make_scene(**ROUTE)
    scene.write([hours * HOUR for hours in range(72, 0, -1)])
    outcome = scene.run("--to", "1d", "--yes")
    assert outcome.exit_code == 7
    assert f"group streamops-{scene.environment}-orders-to-stream has not read 49 of them" in outcome.stderr


def test_a_route_that_begins_at_a_time_loses_what_is_younger_than_that(make_scene):
    start = datetime.now(UTC) - timedelta(hours=30, minutes=30)
    route = {"from": {"topic": "orders"}, "to": {"stream": "orders"}, "start": start.isoformat()}
    scene = make_scene(**{**ROUTE, "routes": {"orders-to-stream": route}})
    scene.write([hours * HOUR for hours in range(72, 0, -1)])
    outcome = scene.run("--to", "1d", "--yes")
    assert outcome.exit_code == 7
    assert f"group streamops-{scene.environment}-orders-to-stream has not read 7 of them" in outcome.stderr


def test_with_both_flags_the_unread_records_go_and_that_is_in_the_plan(scene):
    scene.commit(f"{scene.topic}-late", 20)
    outcome = scene.run("--to", "1d", *OVERRIDE)
    assert outcome.exit_code == 0
    assert "has not read 29 of them" in outcome.stdout
    assert scene.begin() == 49


def test_each_partition_is_told(make_scene):
    scene = make_scene(partitions=3)
    scene.write([3 * 24 * HOUR, HOUR], partition=0)
    scene.write([3 * 24 * HOUR, 2 * 24 * HOUR, HOUR], partition=1)
    outcome = scene.run("--to", "1d", "-n")
    assert outcome.exit_code == 7
    assert "partition 1: up to 2 of 3 records would go" in outcome.stdout
    assert "partition 0: up to 1 of 2 records would go" in outcome.stdout
    assert "partition 2" not in outcome.stdout


def test_it_shows_what_is_kept_and_how_far_each_group_is(make_scene):
    scene = make_scene({"retention.ms": str(12 * HOUR), "segment.ms": str(HOUR)}, **ROUTE)
    scene.write([10 * HOUR, 5 * HOUR])
    scene.commit(f"{scene.topic}-late", 1)
    (item,) = scene.run("-o", "json").items
    assert [(each["records"], each["begin"]) for each in item["partitions"]] == [(2, 0)]
    assert item["check_interval_ms"] == 1000
    (group,) = item["groups"]
    assert (group["group"], group["unread"], group["oldest_unread_ms"] // HOUR) == (f"{scene.topic}-late", 1, 5)
    table = scene.run()
    assert table.exit_code == 0
    assert "retention.ms" in table.stdout
    assert "stream orders keeps 1d" in table.stderr
