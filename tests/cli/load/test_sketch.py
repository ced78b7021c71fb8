"""The promises of the count-min sketch, and of the heaviest keys that are kept beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import e

from hypothesis import given
from hypothesis import strategies as st

from cli.stream.load.records import KeyPart
from cli.stream.load.sketch import CountMinSketch, Heaviest
from cli.stream.load.tally import ExactTally, Key, SketchTally

WEIGHTED = st.lists(st.tuples(st.integers(0, 60).map(lambda n: b"key-%d" % n), st.integers(1, 1000)), max_size=300)


Weighted = Sequence[tuple[bytes, int]]


def filled(weighted: Weighted, width: int, depth: int) -> tuple[CountMinSketch, Counter[bytes]]:
    sketch, truth = CountMinSketch(width, depth), Counter[bytes]()
    for key, weight in weighted:
        sketch.add(sketch.places(key), weight)
        truth[key] += weight
    return sketch, truth


@given(WEIGHTED)
def test_an_estimate_is_never_too_low(weighted):
    sketch, truth = filled(weighted, width=8, depth=2)
    assert all(sketch.estimate(key) >= weight for key, weight in truth.items())
    assert sketch.total == sum(truth.values())


@given(WEIGHTED)
def test_with_room_for_all_keys_estimates_are_exact(weighted):
    sketch, truth = filled(weighted, width=1 << 15, depth=5)
    assert all(sketch.estimate(key) == weight for key, weight in truth.items())


@given(st.integers(0, 10_000), st.sampled_from([(32, 3), (64, 5)]))
def test_few_estimates_are_beyond_the_stated_error(salt, size):
    width, depth = size
    keys = [b"%d/%d" % (salt, number) for number in range(400)]
    sketch, truth = filled([(key, 1 + number % 7) for number, key in enumerate(keys)], width=width, depth=depth)
    assert sketch.error_bound == e / width * sum(truth.values())
    beyond = sum(sketch.estimate(key) - weight > sketch.error_bound for key, weight in truth.items())
    # On average at most e^-depth of them; twice that leaves room for chance.
    assert beyond <= 2 * sketch.error_probability * len(keys)


def test_a_sketch_that_is_too_small_is_seen_to_err():
    sketch, truth = filled([(b"%d" % number, 1) for number in range(400)], width=4, depth=1)
    assert any(sketch.estimate(key) > weight for key, weight in truth.items())


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 50)), max_size=200), st.integers(1, 5))
def test_no_key_that_is_missing_is_heavier_than_one_that_is_kept(offers, capacity):
    heaviest, truth = Heaviest[int](capacity), Counter[int]()
    for key, weight in offers:
        truth[key] += weight
        kept, driven_out = heaviest.offer(key, truth[key])
        assert kept == (key in heaviest.values)
        assert driven_out not in heaviest.values
    assert len(heaviest.values) == min(capacity, len(truth))
    lowest = min(heaviest.values.values(), default=0)
    assert all(weight <= lowest for key, weight in truth.items() if key not in heaviest.values)
    assert all(heaviest.values[key] == truth[key] for key in heaviest.values)


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 5000), st.integers(0, 9)), min_size=1, max_size=200),
    st.integers(1, 5),
)
def test_a_sketched_tally_names_the_keys_that_an_exact_one_names(seen, top):
    exact, sketch = ExactTally(), SketchTally(top)
    for number, size, second in seen:
        part = KeyPart("shard", second, b"key-%d" % number, number, size, 1.0)
        exact.add(part)
        sketch.add(part)
    wanted, found = exact.heaviest(top), sketch.heaviest(top)
    assert [key.total for key in found] == [key.total for key in wanted]
    assert sketch.error.bytes > 0
    assert exact.error is None
    assert exact.distinct == len({number for number, _, _ in seen})


def test_a_key_with_two_hash_keys_is_two():
    tally = ExactTally()
    for hash_key in (1, 2, 2):
        tally.add(KeyPart("shard", 0, b"key", hash_key, 10, 1.0))
    assert [(heavy.key, heavy.total.bytes) for heavy in tally.heaviest(5)] == [
        (Key(b"key", 2), 20),
        (Key(b"key", 1), 10),
    ]


def test_memory_of_a_sketch_does_not_grow_with_the_keys():
    tally = SketchTally(2, width=64, depth=2)
    for number in range(5000):
        tally.add(KeyPart("shard", 0, b"%d" % number, number, 10, 1.0))
    assert len(tally._seen) == len(tally._totals) == 20
