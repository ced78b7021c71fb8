"""The verdict finds every way in which what arrived can differ from what was sent."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.demos.sabotage import Sabotage, sabotaged
from sandbox.errors import SandboxError
from sandbox.records import Record
from sandbox.verdict import compare

KEYS = [b"N14228", b"N24211", b"UA"]


def records(keys: Sequence[bytes]) -> list[Record]:
    return [Record(key, f'{{"row":{row}}}'.encode()) for row, key in enumerate(keys)]


some_records = st.lists(st.sampled_from(KEYS), min_size=1, max_size=40).map(records)
SENT = records([KEYS[row % 3] for row in range(30)])


@given(some_records)
def test_the_same_records_in_the_same_order_pass(sent: list[Record]):
    verdict = compare(sent, sent)
    assert verdict.passed
    assert (verdict.sent, verdict.arrived) == (len(sent), len(sent))
    assert verdict.digest_sent == verdict.digest_arrived


@given(some_records, st.randoms(use_true_random=False))
def test_the_order_between_keys_does_not_matter(sent: list[Record], random):
    queues = {key: [record for record in sent if record.key == key] for key in KEYS}
    arrived = []
    while waiting := [key for key in KEYS if queues[key]]:
        arrived.append(queues[random.choice(waiting)].pop(0))
    assert compare(sent, arrived).passed


@given(some_records, st.data())
def test_a_missing_record_fails(sent: list[Record], data):
    gone = data.draw(st.integers(0, len(sent) - 1))
    verdict = compare(sent, sent[:gone] + sent[gone + 1 :])
    assert not verdict.passed
    assert verdict.missing == 1
    assert verdict.digest_sent != verdict.digest_arrived


@given(some_records, st.data())
def test_an_altered_record_is_both_missing_and_unknown(sent: list[Record], data):
    which = data.draw(st.integers(0, len(sent) - 1))
    altered = [*sent]
    altered[which] = Record(sent[which].key, sent[which].value + b" ")
    verdict = compare(sent, altered)
    assert (verdict.missing, verdict.unknown) == (1, 1)
    assert not verdict.passed
    assert verdict.digest_sent != verdict.digest_arrived


def test_a_record_under_another_key_is_altered():
    moved = [Record(b"N00000", SENT[0].value), *SENT[1:]]
    assert compare(SENT, moved).unknown == 1


@given(st.permutations(range(8)))
def test_records_of_one_key_out_of_order_fail(order: list[int]):
    sent = records([KEYS[0]] * 8)
    verdict = compare(sent, [sent[position] for position in order])
    assert verdict.passed is (order == sorted(order))


@given(some_records, st.data())
def test_late_duplicates_are_counted_and_fail_unless_something_was_killed(sent: list[Record], data):
    repeated = data.draw(st.lists(st.sampled_from(sent), min_size=1, max_size=5))
    arrived = sent + repeated
    assert compare(sent, arrived).failures
    verdict = compare(sent, arrived, duplicates_expected=True)
    assert verdict.passed
    assert verdict.duplicates == len(repeated)
    assert verdict.out_of_order == 0


def test_a_kill_that_caused_no_duplicate_proves_nothing():
    verdict = compare(SENT, SENT, duplicates_expected=True)
    assert not verdict.passed
    assert "proves nothing" in verdict.failures[0]


def test_a_foreign_record_shows_in_the_digest():
    verdict = compare(SENT, [*SENT, Record(b"UA", b"foreign")])
    assert verdict.unknown == 1
    assert verdict.digest_sent != verdict.digest_arrived


def test_records_that_cannot_be_told_apart_are_refused():
    with pytest.raises(ValueError, match="equal to another"):
        compare([SENT[0], SENT[0]], SENT)


@pytest.mark.parametrize(
    ("how", "failure"),
    [
        (Sabotage.DROP, "missing"),
        (Sabotage.SWAP, "later record of the same key"),
        (Sabotage.ALTER, "altered"),
        (Sabotage.REPEAT, "more than once"),
    ],
)
def test_every_sabotage_is_found(how: Sabotage, failure: str):
    verdict = compare(SENT, sabotaged(SENT, how))
    assert not verdict.passed
    assert any(failure in found for found in verdict.failures)


def test_swapping_needs_two_records_of_one_key():
    with pytest.raises(SandboxError, match="take more records"):
        sabotaged(records(KEYS), Sabotage.SWAP)
