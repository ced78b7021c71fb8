"""What is advised for which load; the reshard that is named really brings what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cli.stream.live import KEY_SPACE, LiveStream, Shard
from cli.stream.load.advice import advise
from cli.stream.load.measure import Measured, by_sample
from cli.stream.load.records import KeyPart
from cli.stream.load.sample import Sample
from cli.stream.load.sampled_profile import KeySpaceTally
from cli.stream.load.sampling import ShardSample, Window
from cli.stream.load.shard_load import ShardLoad, profile_of_shards
from cli.stream.load.tally import Counted, ExactTally
from cli.stream.load_profile import Rate

MIB = 1 << 20
SECONDS = 10
START = datetime(2030, 1, 1, tzinfo=UTC)
HALF = KEY_SPACE // 2
SHARDS = [Shard("left", 0, HALF - 1, open=True, parents=()), Shard("right", HALF, KEY_SPACE - 1, open=True, parents=())]
LIVE = LiveStream(
    name="dev-orders",
    arn="arn",
    status="ACTIVE",
    mode="provisioned",
    open_shards=2,
    retention=timedelta(days=1),
    encryption="none",
    max_record_size=MIB,
    distribution="partition-key",
    consumers=0,
    created=None,
)


def by_metrics(*shares: float) -> Measured:
    loads = [
        ShardLoad(shard, Rate(share * MIB), Rate(share * MIB)) for shard, share in zip(SHARDS, shares, strict=True)
    ]
    return Measured("metrics", loads, profile_of_shards(loads), (), None, 3600)


def by_keys(keys: Mapping[bytes, tuple[int, int]]) -> Measured:
    """Of each key: where it lies, and its records a second."""
    counted, tally, key_space = {shard.shard_id: Counted() for shard in SHARDS}, ExactTally(), KeySpaceTally()
    for second in range(SECONDS):
        for name, (hash_key, rate) in keys.items():
            part = KeyPart(SHARDS[hash_key // HALF].shard_id, second, name, hash_key, 10 * rate, rate)
            counted[part.shard_id].add(part)
            tally.add(part)
            key_space.add(part)
    shards = {s.shard_id: ShardSample(s, 1, covered_seconds=SECONDS, complete=True) for s in SHARDS}
    return by_sample(Sample(Window(START, SECONDS), shards, counted, tally, key_space, 1))


def told(measured: Measured, live: LiveStream = LIVE, **options: bool) -> list[tuple[str, str | None]]:
    return [(piece.text, piece.command) for piece in advise("dev", "orders", live, measured, **options)]


def test_an_uneven_load_is_cut_anew_with_the_shards_that_there_are():
    (text, command), (_, look) = told(by_metrics(0.9, 0.1))
    assert text == "the fullest shard would come from 90% to 50% of its limit, if its load is even within it"
    assert command == "streamops stream reshard orders --hot -e dev"
    assert look == "streamops stream hot-keys orders -e dev"


def test_a_full_stream_gets_as_many_shards_as_its_peak_needs():
    assert told(by_metrics(1.0, 0.8))[0][1] == "streamops stream reshard orders --hot --to 3 -e dev"


def test_nothing_is_advised_for_a_stream_with_room():
    assert told(by_metrics(0.4, 0.1)) == [
        ("no shard is hot: the fullest had 40% of its limit in its busiest minute", None)
    ]


def test_a_throttled_shard_is_hot_whatever_its_minutes_say():
    calm = by_metrics(0.5, 0.1)
    throttled = replace(calm, shards=[replace(calm.shards[0], throttled=3), calm.shards[1]])
    assert told(throttled)[0][1] == "streamops stream reshard orders --hot -e dev"


def test_keys_that_lie_close_together_are_parted():
    keys = {b"%d" % number: (number * KEY_SPACE // 64, 100) for number in range(10)}
    (text, command), *more = told(by_keys(keys))
    assert command == "streamops stream reshard orders --hot --sample -e dev", "metrics would tell other cuts"
    assert text.startswith("the fullest shard would come from 100% to 5")
    assert not more


@pytest.mark.parametrize("rate", [850, 2000])
def test_a_key_that_fills_a_shard_is_named_and_no_reshard_advised(rate):
    first, last = told(by_keys({b"whale": (7, rate), b"fish": (HALF, 10)}))
    assert first[0].startswith(f"the key whale alone has {rate / 1000:.0%} of what a shard takes")
    assert last == ("no reshard helps while these keys stay as they are", None)


def test_a_key_that_is_most_of_a_hot_shard_is_the_reason_why_none_helps():
    keys = {b"whale": (7, 790), b"fish": (8, 20)}
    assert told(by_keys(keys)) == [("no reshard helps: the key whale alone makes 98% of the load of its shard", None)]


def test_what_shares_a_shard_with_a_full_key_is_still_parted_from_it():
    keys = {b"whale": (7, 850)} | {b"%d" % number: (HALF // 4 + number * HALF // 100, 20) for number in range(30)}
    first, second = told(by_keys(keys))
    assert "whale" in first[0]
    assert "streamops stream reshard orders --hot --sample" in (second[1] or "")


def test_an_on_demand_stream_is_left_to_kinesis_and_its_keys_to_distribution_auto():
    on_demand = replace(LIVE, mode="on-demand")
    first, last = told(by_keys({b"whale": (7, 900), b"fish": (HALF, 10)}), on_demand)
    assert "distribution: auto" in first[0]
    assert last[0].startswith("nobody can reshard an on-demand stream but Kinesis")
    assert (
        "distribution: auto" not in told(by_keys({b"whale": (7, 900)}), replace(on_demand, distribution="auto"))[0][0]
    )


def test_of_some_shards_alone_no_reshard_is_found():
    keys = {b"%d" % number: (number * KEY_SPACE // 64, 100) for number in range(10)}
    assert told(by_keys(keys), whole=False)[0][1] == "streamops stream hot-shards orders -e dev"
