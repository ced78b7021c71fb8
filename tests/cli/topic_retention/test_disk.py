"""What the disks will have to hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cli.cluster import LogDir
from cli.topic.retention.disk import DAY, bytes_a_day, disk_needs
from cli.topic.retention.limits import Limits
from cli.topic.retention.losses import PartitionState

GIB = 1 << 30
NOW = 100 * DAY


def state(index: int = 0, size: int | None = GIB, days: float = 1, records: int = 10) -> PartitionState:
    return PartitionState(index, 0, records, size, round(NOW - days * DAY), NOW)


def directory(broker: int, usable: int | None, *partitions: int, size: int = GIB) -> LogDir:
    return LogDir(broker, "/data", None, usable, {("orders", index): size for index in partitions})


def needs(states: list[PartitionState], dirs: list[LogDir], limits: Limits):
    return disk_needs(states, dirs, "orders", limits, NOW)


def test_each_replica_grows_by_what_was_written_a_day_until_the_new_retention():
    (first, second), unknown = needs(
        [state(0), state(1)], [directory(2, 5 * GIB, 0), directory(1, 9 * GIB, 0, 1)], Limits(7 * DAY)
    )
    assert (first.broker, first.held, first.expected, first.more) == (1, 2 * GIB, 14 * GIB, 12 * GIB)
    assert (second.broker, second.more, second.a_day) == (2, 6 * GIB, GIB)
    assert first.too_much
    assert second.too_much
    assert unknown == []


def test_a_disk_with_room_is_not_too_little():
    (need,), _ = needs([state()], [directory(1, 6 * GIB, 0)], Limits(7 * DAY))
    assert (need.more, need.too_much) == (6 * GIB, False)


def test_a_limit_by_size_ends_the_growth():
    (need,), _ = needs([state()], [directory(1, GIB, 0)], Limits(70 * DAY, 2 * GIB))
    assert need.expected == 2 * GIB


def test_without_any_limit_it_says_how_long_the_disk_lasts():
    (need,), _ = needs([state()], [directory(1, 5 * GIB, 0)], Limits())
    assert (need.expected, need.more, need.too_much, need.days_left) == (None, None, False, 5)


def test_what_is_not_known_is_said_and_counts_as_it_is():
    young, unsized = state(0, days=0.01), state(1, size=None)
    (need,), unknown = needs([young, unsized], [directory(1, None, 0, 1)], Limits(7 * DAY))
    assert (need.expected, need.too_much, unknown) == (2 * GIB, False, [0, 1])
    assert needs([state()], [], Limits(7 * DAY)) == ([], [])


def test_an_empty_partition_does_not_grow():
    assert bytes_a_day(PartitionState(0, 5, 5, 0), NOW) == 0


@given(st.integers(1, 1000), st.integers(0, 50))
def test_a_longer_retention_never_needs_less(days, more):
    def expected(kept: int) -> int:
        (need,), _ = needs([state()], [directory(1, 0, 0)], Limits(kept * DAY))
        return need.expected or 0

    assert expected(days) <= expected(days + more)
