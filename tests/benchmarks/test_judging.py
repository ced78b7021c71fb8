"""The judge of the benchmarks: a number about order or loss is worth what its counting is worth."""

from __future__ import annotations

import json
from base64 import b64encode

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.records import PLACES, found_in, found_in_base64, generate, head, key_of
from benchmarks.stub.ledger import Ledger


def heads(*records: tuple[int, int]):
    return found_in(b"".join(head(number, place) + b"filling" for number, place in records))


def test_a_record_before_an_earlier_one_of_its_key_is_a_violation():
    ledger = Ledger(10, throttle=0)
    ledger.take(heads((1, 7), (2, 8)))
    ledger.take(heads((0, 7), (3, 8)))
    assert (ledger.distinct, ledger.violations) == (4, 1)


def test_so_is_one_within_a_single_call():
    ledger = Ledger(10, throttle=0)
    ledger.take(heads((1, 7), (0, 7), (2, 7)))
    assert ledger.violations == 1


def test_a_repetition_is_none():
    ledger = Ledger(10, throttle=0)
    ledger.take(heads((0, 7), (1, 7)))
    ledger.take(heads((0, 7), (2, 7)))
    assert (ledger.records, ledger.distinct, ledger.violations) == (4, 3, 0)


def test_what_is_throttled_is_refused_once_and_does_not_count_until_it_comes_again():
    ledger = Ledger(1000, throttle=0.1)
    sent = [(number, number) for number in range(1000)]
    refused = ledger.take(heads(*sent)) or []
    again = [record for record, bad in zip(sent, refused, strict=True) if bad]
    assert 50 < len(again) < 200
    assert ledger.distinct == 1000 - len(again)
    assert ledger.take(heads(*again)) is None
    assert (ledger.distinct, ledger.refused) == (1000, len(again))


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 4)), min_size=1, max_size=60), st.integers(1, 9))
def test_it_counts_as_a_plain_loop_does(arrivals: list[tuple[int, int]], calls: int):
    # A number belongs to one key, so it decides the key.
    records = [(number * 5 + place, place) for number, place in arrivals]
    seen: set[int] = set()
    latest: dict[int, int] = {}
    violations = 0
    for number, place in records:
        if number not in seen:
            seen.add(number)
            violations += latest.get(place, -1) > number
            latest[place] = max(latest.get(place, -1), number)
    ledger = Ledger(1000, throttle=0)
    for start in range(0, len(records), calls):
        ledger.take(heads(*records[start : start + calls]))
    assert (ledger.distinct, ledger.violations) == (len(seen), violations)


@pytest.mark.parametrize("sizes", [[200] * 9, [200, 33, 60, 200, 1024], [77]])
def test_records_are_found_in_every_encoding_and_of_every_size(sizes: list[int]):
    records = [(number, next(iter(generate(1, size, seed=number)))) for number, size in enumerate(sizes)]
    values = [(place, head(number, place) + value[32:]) for number, (place, value) in records]
    wanted = [(number, place) for number, (place, _) in enumerate(values)]
    in_cbor = cbor2.dumps({"Records": [{"Data": v, "PartitionKey": key_of(p).decode()} for p, v in values]})
    in_json = json.dumps(
        {"Records": [{"Data": b64encode(v).decode(), "PartitionKey": key_of(p).decode()} for p, v in values]}
    ).encode()
    for found in (found_in(in_cbor), found_in_base64(in_json, 0, len(in_json))):
        assert list(zip(found["number"].tolist(), found["place"].tolist(), strict=True)) == wanted


def test_keys_are_of_one_length_and_numbers_ascend():
    records = list(generate(1000, 200))
    assert {len(key_of(place)) for place, _ in records} == {8}
    assert {len(value) for _, value in records} == {200}
    found = found_in(b"".join(value for _, value in records))
    assert found["number"].tolist() == list(range(1000))
    assert max(place for place, _ in records) < PLACES
