"""Lowering a retention on a real broker: what is said to go, what is refused, and what has really gone."""

from __future__ import annotations

import pytest

HOUR = 3_600_000
DAY = 24 * HOUR
OVERRIDE = ("--allow-data-loss", "--confirm", "orders")


def test_a_decrease_says_what_would_go_and_is_refused(scene):
    outcome = scene.run("--to", "1d", "--yes", "-o", "json")
    assert (outcome.exit_code, outcome.answer["status"]) == (7, "blocked")
    summary = outcome.plan["summary"]
    assert summary["lost_records"] == 49
    (loss,) = summary["losses"]
    assert (loss["partition"], loss["begin"], loss["keep_from"]) == (0, 0, 49)
    assert 49_000 < summary["lost_bytes"] < 60_000
    assert "--allow-data-loss --confirm orders" in outcome.stderr
    assert (scene.setting("retention.ms"), scene.begin()) == (str(7 * DAY), 0)


@pytest.mark.parametrize(
    "given", [["--allow-data-loss"], ["--confirm", "orders"], ["--allow-data-loss", "--confirm", "x"]]
)
def test_either_flag_alone_is_not_enough(scene, given):
    assert scene.run("--to", "1d", "--yes", *given).exit_code == 7
    assert scene.setting("retention.ms") == str(7 * DAY)


def test_with_both_flags_the_records_are_gone_and_no_others(scene):
    outcome = scene.run("--to", "1d", *OVERRIDE, "-o", "json")
    assert (outcome.exit_code, outcome.answer["status"]) == (0, "applied")
    assert outcome.plan["operations"][0]["risk"] == "severe"
    assert "deleted: 49 records" in outcome.stderr
    assert (scene.setting("retention.ms"), scene.begin()) == (str(DAY), 49)
    assert scene.run("--to", "1d").exit_code == 0


def test_where_nothing_is_so_old_yes_is_enough(scene):
    outcome = scene.run("--to", "4d", "--yes", "-o", "json")
    assert (outcome.exit_code, outcome.plan["operations"][0]["risk"]) == (0, "moderate")
    assert outcome.plan["summary"]["losses"] == []
    assert (scene.setting("retention.ms"), scene.begin()) == (str(4 * DAY), 0)


def test_the_live_retention_is_written_into_the_file(scene):
    assert scene.run("--to", "4d", "--yes", "--write-back").exit_code == 0
    assert "retention: 4d" in scene.file()
    assert scene.run("--bytes", "64MiB", "--yes", "--write-back").exit_code == 0
    assert "retention.bytes: 67108864" in scene.file()
    assert scene.project.run("topic", "sync", "orders", "-e", scene.environment).exit_code == 0


def test_the_last_segment_goes_too_when_all_of_it_is_old(make_scene):
    scene = make_scene({"segment.ms": str(7 * DAY)})
    scene.write([3 * DAY, 2 * DAY])
    assert scene.run("--to", "1d", *OVERRIDE).exit_code == 0
    assert scene.begin() == 2


def test_the_start_stays_where_one_segment_holds_old_and_young_and_the_wait_ends_all_the_same(make_scene):
    scene = make_scene({"segment.ms": str(7 * DAY)})
    scene.write([3 * DAY, HOUR])
    outcome = scene.run("--to", "1d", *OVERRIDE)
    assert outcome.exit_code == 0
    assert "segment.ms (7d) is longer than retention.ms (1d)" in outcome.stdout
    assert "deleted: 0 records; as old, but in one segment with younger ones: 1 record" in outcome.stderr
    assert scene.begin() == 0


def test_without_waiting_nothing_is_said_about_what_went(scene):
    outcome = scene.run("--to", "1d", *OVERRIDE, "--no-wait")
    assert outcome.exit_code == 0
    assert "deleted:" not in outcome.stderr


def test_an_empty_topic_loses_nothing(make_scene):
    assert make_scene().run("--to", "1d", "--yes").exit_code == 0


def test_less_of_each_partition_deletes_from_the_start_and_not_below_the_size(scene):
    refused = scene.run("--bytes", "30KiB", "--yes", "-o", "json")
    assert refused.exit_code == 7
    said = refused.plan["summary"]["lost_records"]
    assert 40 < said < 48
    assert scene.run("--bytes", "30KiB", *OVERRIDE).exit_code == 0
    assert said - 2 <= scene.begin() <= said
    assert scene.setting("retention.bytes") == str(30 << 10)


def test_a_record_from_the_future_holds_its_segment_back_and_that_is_said(make_scene):
    scene = make_scene({"segment.ms": str(365 * DAY), "message.timestamp.after.max.ms": str(2**62)})
    scene.write([3 * DAY, -30 * DAY])
    assert "has a record dated" in scene.run("--to", "1d", *OVERRIDE).stdout
    assert scene.begin() == 0


@pytest.mark.parametrize("to", ["infinite", "14d"])
def test_a_raise_deletes_nothing_and_yes_is_enough(scene, to):
    outcome = scene.run("--to", to, "--yes", "-o", "json")
    assert (outcome.exit_code, outcome.plan["operations"][0]["risk"]) == (0, "mild")
    assert outcome.plan["operations"][0]["kind"] == "raise-retention"
    assert scene.setting("retention.ms") == ("-1" if to == "infinite" else str(14 * DAY))
    assert scene.begin() == 0


def test_a_raise_without_end_says_when_the_disk_is_full(scene):
    outcome = scene.run("--to", "infinite", "--dry-run")
    assert outcome.exit_code == 3
    assert "without end: its disk is full in about" in outcome.stdout


def test_a_raise_is_refused_where_the_disks_have_not_got_the_room(scene):
    refused = scene.run("--to", "999999999d", "--yes", "-o", "json")
    assert refused.exit_code == 7
    (disk,) = refused.plan["summary"]["disks"]
    assert disk["expected_bytes"] > disk["usable_bytes"]
    assert "--allow-full-disk" in refused.stderr
    assert scene.run("--to", "999999999d", "--yes", "--allow-full-disk").exit_code == 0


def test_what_goes_anyway_does_not_hold_back_a_change_of_the_other_limit(make_scene):
    scene = make_scene({"retention.ms": str(DAY), "segment.ms": str(7 * DAY)})
    scene.write([3 * DAY, HOUR])
    assert scene.run("--bytes", "64MiB", "--yes").exit_code == 0
    assert scene.run("--to", "12h", "--yes").exit_code == 7


def test_one_limit_is_held_against_the_disks_where_the_other_one_loses_records(scene):
    scene.run("--bytes", "1GiB", "--yes")
    outcome = scene.run("--to", "1d", "--bytes", "unlimited", "-n", "-o", "json")
    assert outcome.exit_code == 7
    assert outcome.plan["summary"]["lost_records"] == 49
    assert outcome.plan["summary"]["disks"]


def test_what_the_cluster_would_refuse_is_refused_before(scene):
    outcome = scene.run("--bytes", "9999999TiB", "--yes")
    assert outcome.exit_code == 7
    assert "the cluster refuses it" in outcome.stderr
    assert scene.setting("retention.bytes") == "-1"


def test_a_saved_plan_is_refused_when_a_group_would_lose_records_since(make_scene, tmp_path):
    scene, file = make_scene(), str(tmp_path / "plan.json")
    assert scene.run("--to", "1d", "--save", file).exit_code == 3
    scene.write([2 * DAY])
    outcome = scene.project.run("apply", file)
    assert outcome.exit_code == 1
    assert "has changed since" in outcome.stderr
    assert scene.setting("retention.ms") == str(7 * DAY)


def test_a_saved_plan_is_carried_out(scene, tmp_path):
    file = str(tmp_path / "plan.json")
    assert scene.run("--to", "1d", "--allow-data-loss", "--save", file).exit_code == 3
    assert scene.project.run("apply", file).exit_code == 7
    assert scene.project.run("apply", file, "--confirm", "orders").exit_code == 0
    assert scene.begin() == 49
