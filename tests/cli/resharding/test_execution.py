"""``stream reshard`` carried out: whatever Kinesis or anybody else does in between, the map is as asked for."""

from __future__ import annotations

import pytest

from cli.stream.live import KEY_SPACE
from cli.stream.resharding.live_map import LiveMap
from tests.cli.resharding.conftest import CHANGING, LOST, Answered, Refused, even

pytestmark = pytest.mark.usefixtures("quick")

BUSY = Refused("ResourceInUseException")
THROTTLED = Refused("LimitExceededException")
CLOSED = Refused("InvalidArgumentException")
BROKEN = Refused("InternalFailure", status=500)
BY_HAND = ("--strategy", "split-merge")


@pytest.fixture
def reshard(project, streams):
    def run(*arguments: str):
        return project.run("stream", "reshard", "orders", "-e", streams.environment, "-y", "-o", "json", *arguments)

    return run


def test_splits_and_merges_end_with_exactly_the_wanted_map(reshard, streams, faults):
    outcome = reshard("--to", "6", *BY_HAND)
    assert (outcome.exit_code, outcome.answer["status"]) == (0, "applied")
    assert streams.map() == even(6)
    assert (faults.count("SplitShard"), faults.count("MergeShards")) == (4, 2)
    assert outcome.plan["summary"]["peak_open_shards"] == 7


def test_update_shard_count_is_chained_beyond_double(reshard, streams, faults):
    outcome = reshard("--to", "18", "--strategy", "update-shard-count")
    assert outcome.exit_code == 0
    assert [operation["target"] for operation in outcome.plan["operations"]] == [8, 16, 18]
    assert faults.count("UpdateShardCount") == 3
    assert any("besides those that UpdateShardCount opens" in text for text in outcome.plan["warnings"])
    assert streams.map().count == 18


def test_a_stream_that_is_as_wanted_is_left_alone(reshard, faults):
    outcome = reshard("--to", "4")
    assert (outcome.exit_code, outcome.answer["status"]) == (0, "none")
    assert faults.count(*CHANGING) == 0


def test_each_operation_waits_until_the_stream_is_active(reshard, streams, faults):
    streams.take_time(0.2)
    assert reshard("--to", "5", *BY_HAND).exit_code == 0
    assert streams.map() == even(5)
    assert faults.count(*CHANGING) == 7, "the stand-in would have refused what came too soon"


def test_without_the_wait_kinesis_refuses_what_comes_too_soon(reshard, streams, faults, monkeypatch):
    """The control of the test above."""
    monkeypatch.setattr(LiveMap, "_status", lambda _: "ACTIVE")
    streams.take_time(0.2)
    outcome = reshard("--to", "5", *BY_HAND)
    assert outcome.exit_code != 0 or faults.count(*CHANGING) > 7


def test_a_list_of_shards_from_before_is_not_taken_for_the_map(reshard, streams, faults):
    def list_as_before() -> None:
        faults.on("ListShards", Answered({"Shards": streams.open()}))

    faults.on("SplitShard", list_as_before)
    outcome = reshard("--to", "6", *BY_HAND)
    assert (outcome.exit_code, faults.happened, faults.count(*CHANGING)) == (0, 2, 6)
    assert "somebody else" not in outcome.stderr


@pytest.mark.parametrize("fault", [BUSY, THROTTLED, CLOSED, BROKEN], ids=lambda fault: fault.code)
@pytest.mark.parametrize("action", ["SplitShard", "MergeShards"])
def test_a_refusal_that_passes_is_tried_again(reshard, streams, faults, action, fault):
    faults.on(action, fault, fault, None, fault)
    assert reshard("--to", "6", *BY_HAND).exit_code == 0
    assert streams.map() == even(6)
    assert faults.happened == 3
    assert faults.count("SplitShard", "MergeShards") == 6 + 3


@pytest.mark.parametrize("action", ["SplitShard", "MergeShards"])
def test_an_operation_whose_answer_is_lost_is_not_done_twice(reshard, streams, faults, action):
    faults.on(action, LOST)
    outcome = reshard("--to", "6", *BY_HAND)
    assert (outcome.exit_code, outcome.plan["done"]) == (0, 6)
    assert streams.map() == even(6)
    assert (faults.happened, faults.count("SplitShard", "MergeShards")) == (1, 6)


def test_an_update_whose_answer_is_lost_is_not_done_twice(reshard, streams, faults):
    faults.on("UpdateShardCount", LOST)
    assert reshard("--to", "8", "--strategy", "update-shard-count").exit_code == 0
    assert (streams.map(), faults.count("UpdateShardCount")) == (even(8), 1)


@pytest.mark.parametrize("action", ["DescribeStreamSummary", "ListShards"])
@pytest.mark.parametrize("fault", [THROTTLED, LOST, BROKEN], ids=["throttled", "lost", "broken"])
def test_a_look_that_fails_is_taken_again(reshard, streams, faults, action, fault):
    streams.take_time(0.05)
    faults.on("SplitShard", lambda: faults.on(action, fault, None, fault))
    assert reshard("--to", "6", *BY_HAND).exit_code == 0
    assert (streams.map(), faults.happened) == (even(6), 3)


@pytest.mark.parametrize("when", range(4))
def test_another_actors_split_in_between_is_taken_back(reshard, streams, faults, when):
    elsewhere = KEY_SPACE // 7
    faults.on("SplitShard", *[None] * when, lambda: streams.split(elsewhere))
    outcome = reshard("--to", "6", *BY_HAND)
    assert outcome.exit_code == 0
    assert streams.map() == even(6)
    assert "changed by somebody else" in outcome.stderr
    assert faults.happened == 1


def test_whoever_changes_the_map_again_and_again_ends_it_resumably(reshard, streams, faults):
    spots = iter(range(KEY_SPACE - 1, 0, -(KEY_SPACE // 50)))
    faults.on("SplitShard", *[lambda: streams.split(next(spots))] * 30)
    faults.on("MergeShards", *[lambda: streams.split(next(spots))] * 30)
    outcome = reshard("--to", "6", *BY_HAND)
    assert outcome.exit_code == 6
    assert "somebody else keeps changing" in outcome.stderr
    assert "stream reshard orders --to 6 --strategy split-merge" in outcome.stderr


def test_a_limit_that_stays_ends_it_resumably_with_what_kinesis_said(reshard, streams, faults):
    faults.on("MergeShards", *[Refused("LimitExceededException", "too many streams")] * 4)
    outcome = reshard("--to", "6", *BY_HAND)
    assert outcome.exit_code == 6
    assert "too many streams" in outcome.stderr
    assert outcome.plan["done"] > 0
    assert reshard("--to", "6", *BY_HAND).exit_code == 0
    assert streams.map() == even(6)


def test_where_no_update_is_taken_auto_splits_and_merges(reshard, streams, faults):
    faults.on("UpdateShardCount", *[THROTTLED] * 4)
    outcome = reshard("--to", "7")
    assert outcome.exit_code == 0
    assert streams.map() == even(7)
    assert "splits and merges instead" in outcome.stderr


def test_where_an_update_was_asked_for_nothing_takes_its_place(reshard, streams, faults):
    faults.on("UpdateShardCount", *[THROTTLED] * 4)
    outcome = reshard("--to", "8", "--strategy", "update-shard-count")
    assert outcome.exit_code == 1
    assert (streams.map(), faults.count("SplitShard")) == (even(4), 0)


def test_several_streams_are_resharded_side_by_side(project, streams):
    outcome = project.run(
        "stream",
        "reshard",
        "orders",
        "clicks",
        "-e",
        streams.environment,
        "--factor",
        "1.5",
        "-y",
        "-o",
        "json",
        *BY_HAND,
    )
    assert (outcome.exit_code, outcome.answer["status"]) == (0, "applied")
    assert (streams.map("orders"), streams.map("clicks")) == (even(6), even(3))
    assert outcome.plan["resource"] == f"environment/{streams.environment}"
    assert outcome.plan["summary"]["streams"]["clicks"]["shards_after"] == 3


def test_one_stream_that_fails_leaves_the_other_going(project, streams, faults):
    faults.on("SplitShard", Refused("AccessDeniedException", "not this one"))
    outcome = project.run(
        "stream",
        "reshard",
        "orders",
        "clicks",
        "-e",
        streams.environment,
        "--factor",
        "2",
        "-y",
        "-o",
        "json",
        *BY_HAND,
    )
    assert (outcome.exit_code, outcome.answer["status"]) == (6, "partial")
    assert "not this one" in outcome.stderr
    assert (streams.map("orders").count, streams.map("clicks").count) in ((4, 4), (8, 2))
    resumed = f"stream reshard orders --to 8 {' '.join(BY_HAND)} -e {streams.environment} && streamops stream reshard"
    assert resumed in outcome.stderr
