"""What a topic takes on disk and how fast it grows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cli.cluster import LiveTopic, LogDir, Partition
from cli.measured import size_text, time_text
from cli.topic.footprint import Footprint, footprints, rates_between

TOPIC = LiveTopic("t", (Partition(0, 1, (1, 2), (1, 2)), Partition(1, 2, (2, 1), (2, 1))))


def test_all_replicas_are_counted_and_the_leaders_apart():
    log_dirs = [
        LogDir(1, "/a", None, None, {("t", 0): 10}),
        LogDir(1, "/b", None, None, {("t", 1): 20}),
        LogDir(2, "/a", None, None, {("t", 0): 11, ("t", 1): 21, ("other", 0): 99}),
    ]
    assert footprints([TOPIC], log_dirs) == {"t": Footprint(total=62, leaders=31)}


def test_a_replica_that_cannot_be_seen_leaves_the_size_unknown():
    assert footprints([TOPIC], [LogDir(2, "/a", None, None, {("t", 0): 11, ("t", 1): 21})]) == {}


def test_rates_are_growth_by_time():
    rates = rates_between(
        {("t", 0): 5, ("t", 1): 7}, {("t", 0): 25, ("t", 1): 7}, (Footprint(9, 9), Footprint(89, 89)), 4
    )
    assert (rates.records, rates.bytes) == (5, 20)


def test_what_retention_removed_meanwhile_hides_how_many_bytes_came():
    assert rates_between({}, {}, (Footprint(9, 9), Footprint(1, 1)), 1).bytes is None


@given(st.floats(0, 1e18, allow_nan=False))
def test_sizes_are_written_with_a_unit_and_few_digits(size):
    number, unit = str(size_text(size)).split()
    assert unit in ("B", "KiB", "MiB", "GiB", "TiB")
    assert float(number.replace(",", "")) <= 1024 or unit == "TiB"


def test_times_are_written_in_their_two_largest_units():
    assert [time_text(seconds) for seconds in (0, 2.54, 61, 3600, 7_260, 100_000, None)] == [
        "0s",
        "2.5s",
        "1m 1s",
        "1h",
        "2h 1m",
        "1d 3h",
        None,
    ]
