"""Each shard is written about as fast as it takes records, without being told how fast that is."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.kinesis.shard_pacing import ShardPacing, throttled_shard
from tests.connector.shard_simulation import SHARD, Shard, Writer, run, steadily

OTHER = "shardId-000000000001"
KINDS = pytest.mark.parametrize("rations", [False, True], ids=["saves up", "gives rations"])


def alone(shard: Shard, wanted: float, seconds: int = 60, size: int = 200, *, observes: bool = True) -> Writer:
    writer = Writer({SHARD: steadily(wanted)}, size=size, observes=observes)
    run({SHARD: shard}, [writer], seconds)
    return writer


@KINDS
def test_a_shard_offered_ten_times_what_it_takes_is_used_well_with_few_throttles(rations):
    writer = alone(Shard(rations=rations), 10_000)
    assert writer.throttled(0, 1) > 0.5
    assert 850 <= writer.rate(30, 60) <= 1050
    assert writer.throttled(30, 60) < 0.05
    assert writer.pacing.engaged


@KINDS
def test_without_what_throttles_teach_most_records_are_refused(rations):
    writer = alone(Shard(rations=rations), 10_000, 20, observes=False)
    assert writer.throttled(10, 20) > 0.8
    assert not writer.pacing.engaged


@settings(max_examples=8, deadline=None)
@given(
    capacity=st.floats(300, 3_000),
    excess=st.floats(1.5, 10),
    burst=st.floats(0.2, 2),
    rations=st.booleans(),
    seed=st.integers(0, 99),
)
def test_whatever_a_shard_takes_is_found(capacity, excess, burst, rations, seed):
    writer = Writer({SHARD: steadily(capacity * excess)}, seed=seed)
    run({SHARD: Shard(capacity, 1e9, burst, rations=rations)}, [writer], 60, seed)
    assert 0.75 * capacity <= writer.rate(30, 60) <= 1.1 * capacity
    assert writer.throttled(30, 60) < 0.1


def test_a_shard_that_runs_out_of_bytes_is_found_as_well():
    writer = alone(Shard(), 100, size=50_000)
    assert 0.8 * 21 <= writer.rate(20, 60) <= 1.1 * 21
    assert writer.throttled(20, 60) < 0.08


def test_records_larger_than_a_burst_go_all_the_same():
    writer = alone(Shard(), 5, 120, size=900_000)
    assert writer.rate(30, 120) > 0.6
    assert writer.throttled(30, 120) < 0.2


@KINDS
@pytest.mark.parametrize("count", [2, 4, 8])
def test_tasks_that_share_a_shard_come_to_fair_parts(rations, count):
    writers = [Writer({SHARD: steadily(4_000 / count)}, seed=seed) for seed in range(count)]
    run({SHARD: Shard(rations=rations)}, writers, 90)
    rates = [writer.rate(40, 90) for writer in writers]
    assert 850 <= sum(rates) <= 1050
    assert max(rates) < 2.5 * min(rates)
    assert all(writer.throttled(40, 90) < 0.1 for writer in writers)


@KINDS
def test_a_task_that_joins_late_gets_its_part(rations):
    early = Writer({SHARD: steadily(3_000)}, seed=1)
    late = Writer({SHARD: lambda now: 3_000 if now > 20 else 0}, seed=2)
    run({SHARD: Shard(rations=rations)}, [early, late], 100)
    assert early.rate(10, 20) > 600
    assert 0.35 < late.rate(60, 100) / (early.rate(60, 100) + late.rate(60, 100)) < 0.65


@KINDS
def test_what_others_take_is_left_to_them_and_taken_when_they_give_it_back(rations):
    writer = Writer({SHARD: steadily(3_000)})
    shard = Shard(rations=rations, others=lambda now: 700 if 30 <= now < 60 else 0)
    run({SHARD: shard}, [writer], 110)
    assert writer.rate(15, 30) > 800
    assert writer.rate(40, 60) < 400
    assert writer.throttled(40, 60) < 0.1
    assert writer.rate(85, 110) > 800


def test_some_records_always_go_to_see_whether_the_shard_takes_them_again():
    writer = Writer({SHARD: steadily(3_000)})
    shard = Shard(others=lambda now: 8_000 if now < 40 else 0)
    run({SHARD: shard}, [writer], 100)
    assert writer.throttled(20, 40) > 0.8
    assert sum(count for at, _, count in writer.refused if 20 <= at < 40) / 20 >= 30
    assert writer.rate(75, 100) > 800


def test_a_fast_shard_is_not_slowed_by_one_throttle_in_a_hundred():
    writer = alone(Shard(75_000, 1e9, refusing=0.01), 8_000, 30)
    assert 0.005 < writer.throttled(5, 30) < 0.02
    assert writer.pacing.watching
    assert not writer.pacing.engaged
    assert writer.rate(5, 30) > 7_800


def test_a_slow_route_is_not_slowed_by_chance():
    writer = alone(Shard(refusing=0.01), 100, 100)
    assert writer.throttled(10, 100) > 0
    assert writer.rate(10, 100) > 95


def test_a_hot_shard_slows_no_other():
    writer = Writer({SHARD: steadily(8_000), OTHER: steadily(900)})
    run({SHARD: Shard(), OTHER: Shard()}, [writer], 40)
    assert set(writer.pacing.limits) == {SHARD}
    assert writer.rate(10, 40) < 1_050
    assert writer.rate(10, 40, OTHER) > 880
    assert writer.throttled(0, 40, OTHER) == 0


def test_a_shard_is_let_go_when_it_takes_all_that_is_wanted():
    writer = Writer({SHARD: lambda now: 5_000 if now < 15 else 300})
    run({SHARD: Shard()}, [writer], 40)
    assert writer.throttled(0, 15) > 0
    assert not writer.pacing.watching
    assert not writer.pacing.engaged
    assert writer.pacing.limits == {}


def overloaded(pacing: ShardPacing, shard: str, taken: int = 1_000, size: int = 200) -> float:
    """Let a shard refuse as much as it takes for a second; return the time after it."""
    for at in (0.0, 0.5, 1.0):
        pacing.observe(shard, taken // 2, taken // 2 * size, taken // 2, at)
    pacing.observe(shard, 0, 0, 0, 1.5)
    return 1.5


def test_nothing_is_known_of_shards_that_refuse_nothing():
    pacing = ShardPacing()
    pacing.observe(SHARD, 5_000, 1_000_000, 0, 0.0)
    assert not pacing.watching
    assert pacing.grant(SHARD, [200] * 5_000, 0.0) == 5_000
    assert pacing.ready_at(SHARD, 7.0) == 7.0


def test_pacing_begins_with_what_the_shard_was_seen_to_take():
    pacing = ShardPacing()
    overloaded(pacing, SHARD)
    limit = pacing.limits[SHARD]
    assert limit.records == pytest.approx(1_000)
    assert limit.bytes == pytest.approx(1 << 20)


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 60_000), st.floats(0, 0.5)), max_size=60),
    st.integers(50, 5_000),
)
def test_no_more_is_granted_than_the_limit_allows_and_something_when_it_is_ready(asked, taken):
    pacing = ShardPacing(random.Random(1).uniform)
    start = now = overloaded(pacing, SHARD, taken)
    granted_records = granted_bytes = largest = 0
    limit = pacing.limits[SHARD]
    for count, size, pause in asked:
        # A window may end meanwhile, and lower it: what was granted before was within the one of its time.
        limit = max(limit, pacing.limits[SHARD])
        ready = pacing.ready_at(SHARD, now)
        granted = pacing.grant(SHARD, [size] * count, now)
        assert granted <= count
        assert (granted > 0) == (ready <= now and count > 0)
        granted_records += granted
        granted_bytes += granted * size
        largest = max(largest, size)
        assert granted_records <= limit.records * (now - start + 0.2) + 1
        assert granted_bytes <= limit.bytes * (now - start + 0.2) + largest
        now += pause
        if now - start > 0.4:
            break


def test_what_was_held_back_may_go_at_the_time_that_was_told():
    pacing = ShardPacing()
    now = overloaded(pacing, SHARD)
    while granted := pacing.grant(SHARD, [200] * 500, now):
        assert granted < 500
    ready = pacing.ready_at(SHARD, now)
    assert now < ready < now + 0.1
    assert pacing.grant(SHARD, [200] * 500, ready + 1e-6) > 0


@pytest.mark.parametrize(
    ("message", "shard"),
    [
        ("Rate exceeded for shard shardId-000000000001 in stream exampleStreamName under account 111111111111.", 1),
        ("Rate exceeded for Shard - 111122223333/exampleStreamName/shardId-000000000001", 1),
        ("Rate exceeded for shard shardId-000000000002 in stream shardId-000000000001 under account 111122223333.", 2),
        ("Rate exceeded for Shard - 111122223333/shardId-000000000001/shardId-000000000002", 2),
        ("Rate exceeded for stream shardId-000000000001 under account 111122223333.", None),
        ("Slow down", None),
        ("", None),
    ],
)
def test_a_message_tells_which_shard_refused(message, shard):
    assert throttled_shard(message) == (None if shard is None else f"shardId-{shard:012d}")
