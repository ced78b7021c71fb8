"""``streamops stream hot-keys`` on a stream with a known skew."""

from __future__ import annotations

import pytest

from cli.stream.live import KEY_SPACE
from cli.stream.load.aggregates import hash_key_of
from cli.stream.load.key_text import key_text
from tests.cli.load.conftest import quick_sample
from tests.cli.load.test_aggregates import packed

FIRST, SECOND = "shardId-000000000000", "shardId-000000000001"


@pytest.fixture
def keys(project, stream):
    def run(*more: str, output: str = "json"):
        asked = ("--from", "30s", "--seconds", "30", "-o", output, *more)
        return project.run("stream", "hot-keys", "orders", "-e", stream.environment, *asked)

    return run


@pytest.fixture
def skewed(stream):
    stream.put("whale", b"x" * 1000, times=450)
    stream.put("dolphin", b"x" * 1000, times=50)
    for number in range(5):
        stream.put(f"fish-{number}", b"x" * 100)
    return stream


@pytest.mark.usefixtures("skewed")
def test_the_heaviest_keys_come_first_with_their_shares(keys):
    outcome = keys("--top", "2")
    assert outcome.exit_code == 0
    whale, dolphin = outcome.items
    assert (whale["key"], whale["records"], whale["bytes"]) == ("whale", 450, 450 * 1005)
    assert whale["hash_key"] == str(hash_key_of(b"whale"))
    assert whale["average"]["records_per_second"] == 15
    assert whale["peak"]["records_per_second"] >= 450 / 3  # they arrived within moments
    assert 0.85 < whale["share_of_stream"] < 0.95
    assert dolphin["key"] == "dolphin"
    facts = outcome.answer["sample"]
    assert (facts["records"], facts["keys"], facts["counted"], facts["shards_cut_short"]) == (505, 7, "exactly", [])


@pytest.mark.usefixtures("skewed")
def test_a_sketch_names_the_same_keys_and_its_error(keys):
    outcome = keys("--top", "2", "--sketch")
    assert [item["key"] for item in outcome.items] == ["whale", "dolphin"]
    facts = outcome.answer["sample"]
    assert (facts["keys"], facts["counted"]) == (None, "count-min sketch")
    assert 0 < facts["error_bytes"] < 1000
    assert "more than 42 bytes" in keys("--sketch", output="table").stdout


def test_aggregates_are_opened_and_their_hash_keys_kept(keys, stream):
    stream.put("outer", packed([("inner", 7, b"z" * 100), ("inner", 7, b"z" * 100)]), times=3, hash_key=7)
    (item,) = keys().items
    assert (item["key"], item["hash_key"], item["shards"]) == ("inner", "7", [FIRST])
    assert item["records"] == pytest.approx(3)


def test_a_key_that_arrives_where_its_hash_does_not_lie_is_at_an_unknown_place(keys, stream):
    elsewhere = KEY_SPACE - 1 if hash_key_of(b"key") < KEY_SPACE // 2 else 0
    stream.put("key", b"x", hash_key=elsewhere)
    assert keys().items[0]["hash_key"] is None


def test_a_key_that_fills_a_shard_is_named_with_what_helps(keys, stream):
    stream.put("whale", b"x", times=1200)
    outcome = keys(output="table")
    assert "the key whale alone has 4% of what a shard takes" in outcome.stdout
    assert "no split can divide one key. Add a suffix to it at the producer" in outcome.stdout


def test_reading_says_what_it_takes_from_the_other_readers(keys, stream):
    stream.put("key", b"x")
    assert "with at most 2 of the 5 calls and 1 of the 2 MiB a second" in keys().stderr


def test_an_idle_stream_has_no_keys(keys):
    outcome = keys("--shard", FIRST, output="table")
    assert (outcome.exit_code, outcome.stdout) == (0, "")
    assert "no record arrived in the 30 s" in outcome.stderr


@pytest.mark.usefixtures("skewed")
def test_one_shard_can_be_looked_at(keys):
    whale = keys("--top", "1").items[0]
    (own,) = whale["shards"]
    assert keys("--top", "1", "--shard", own).items[0]["key"] == "whale"
    other = "shardId-000000000001" if own == FIRST else FIRST
    assert "whale" not in {item["key"] for item in keys("--shard", other).items}
    assert keys("--shard", other).answer["sample"]["shards"] == 1


def test_a_shard_that_is_not_there_is_answered_with_those_that_are(keys):
    outcome = keys("--shard", "shardId-7")
    assert outcome.exit_code == 1
    assert FIRST in outcome.stderr


def test_records_that_are_gone_are_not_asked_for(project, stream):
    outcome = project.run("stream", "hot-keys", "orders", "-e", stream.environment, "--from", "25h")
    assert outcome.exit_code == 2
    assert "keeps records (1d)" in outcome.stderr


def test_a_time_without_unit_is_wrong_usage(project, stream):
    outcome = project.run("stream", "hot-keys", "orders", "-e", stream.environment, "--from", "5")
    assert outcome.exit_code == 2
    assert "is not a duration" in outcome.stderr


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (b"plain key", "plain key"),
        ("Zürich ✈".encode(), "Zürich ✈"),
        (b"\xff\x00", "0xff00"),
        (b"\x1b[31mred", "0x1b5b33316d726564"),
        (b" spaced", "0x20737061636564"),
        (b"", "0x"),
    ],
)
def test_keys_are_text_only_where_all_of_it_can_be_seen(key, text):
    assert key_text(key) == text


def test_where_one_key_is_most_of_a_shard_no_reshard_is_advised(keys, stream):
    # All within a second, so that its peak is high and its average low; and nothing is beyond a shard.
    stream.put("whale", b"x", times=850)
    stream.put("fish", b"x", times=20)
    told = keys(output="table").stdout
    assert "no reshard helps: the key whale alone makes" in told or "the key whale alone has" in told
    assert "stream reshard" not in told


@pytest.fixture
def by_load(project, stream, monkeypatch):
    monkeypatch.setattr("cli.stream.load.measure.take_sample", quick_sample)
    stream.until_active()

    def run(*more: str):
        return project.run("stream", "reshard", "orders", "--hot", "-n", "-e", stream.environment, *more)

    return run


def test_a_reshard_by_load_names_the_key_that_it_cannot_help(by_load, stream):
    # More than two seconds of a shard in one call: at least one second has more than a shard takes.
    stream.put("whale", b"x" * 10_000, times=250)
    outcome = by_load("--to", "3")
    assert outcome.exit_code == 3
    assert "orders: the key whale alone has 12% of what a shard takes (" in outcome.stdout


def test_a_reshard_by_sample_sees_the_keys_that_metrics_do_not(by_load, stream):
    stream.kinesis.enable_enhanced_monitoring(
        StreamName=stream.name, ShardLevelMetrics=["IncomingBytes", "IncomingRecords"]
    )
    for shard in (FIRST, SECOND):
        stream.measure(shard, "IncomingBytes", 1 << 20)
        stream.measure(shard, "IncomingRecords", 60)
    stream.put("whale", b"x" * 10_000, times=250)
    assert by_load().exit_code == 0, "even, as far as metrics tell"
    assert "the key whale alone has" in by_load("--sample").stdout


def test_a_reshard_by_load_says_where_there_was_none(by_load):
    assert "orders: nothing was written while its load was looked at" in by_load("--to", "3").stdout
