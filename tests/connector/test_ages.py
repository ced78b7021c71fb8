"""How old records are when the target has them."""

from __future__ import annotations

from connector.ages import Ages
from connector.batch import Batch, Partition

FIRST, SECOND = Partition("t", 0), Partition("t", 1)


def batch(offsets: range, began: float, partition: Partition = FIRST) -> Batch:
    """A batch that began so many seconds after the epoch, negative for no time."""
    nothing: list[bytes | None] = [None] * len(offsets)
    return Batch(partition, nothing, nothing, offsets, began=int(began * 1000) if began >= 0 else -1)


def test_the_age_of_a_batch_is_told_once_all_of_it_is_acknowledged():
    ages = Ages(clock=lambda: 100.0)
    ages.read(batch(range(10), 90.0))
    ages.read(batch(range(10, 20), 95.5))
    assert ages.passed(FIRST, None) is None
    assert ages.passed(FIRST, 9) is None
    assert ages.passed(FIRST, 10) == 10.0
    assert ages.passed(FIRST, 19) is None
    assert ages.passed(FIRST, 20) == 4.5
    assert ages.passed(FIRST, 20) is None


def test_of_several_batches_that_pass_at_once_the_latest_counts():
    ages = Ages(clock=lambda: 100.0)
    for number, began in enumerate((50.0, 60.0, 70.0)):
        ages.read(batch(range(number * 10, number * 10 + 10), began))
    assert ages.passed(FIRST, 25) == 40.0
    assert ages.oldest == 70.0


def test_the_oldest_is_that_of_all_partitions():
    ages = Ages()
    assert ages.oldest is None
    ages.read(batch(range(5), 30.0))
    ages.read(batch(range(5), 20.0, SECOND))
    assert ages.oldest == 20.0
    ages.forget(SECOND)
    assert ages.oldest == 30.0
    assert ages.passed(SECOND, 5) is None


def test_a_clock_behind_the_brokers_gives_no_negative_age():
    ages = Ages(clock=lambda: 10.0)
    ages.read(batch(range(5), 20.0))
    assert ages.passed(FIRST, 5) == 0.0


def test_records_without_a_time_have_no_age():
    ages = Ages()
    ages.read(batch(range(5), -1))
    assert ages.oldest is None
    assert ages.passed(FIRST, 5) is None
