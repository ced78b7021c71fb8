"""One record of a key under way at a time."""

from __future__ import annotations

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from connector.batch import Records, records
from connector.ordering import KeyOrder

batches = st.lists(st.lists(st.sampled_from([b"a", b"b", b"c", b"d", b"e"]), max_size=12), max_size=8)


@given(batches, st.randoms(use_true_random=False))
def test_records_of_a_key_leave_one_by_one_in_offset_order(keys_of_batches, random):
    order, offset = KeyOrder(), 0
    under_way: dict[bytes, int] = {}
    left: dict[bytes, list[int]] = {}
    todo = deque(keys_of_batches)
    total = sum(map(len, keys_of_batches))

    def leave(leaving: Records | None) -> None:
        if leaving is None:
            return
        for key, number in zip(leaving.keys, leaving.offsets, strict=True):
            assert key not in under_way
            under_way[key] = number
            left.setdefault(key, []).append(number)

    while todo or under_way:
        if todo and (not under_way or random.random() < 0.5):
            keys = todo.popleft()
            offsets = range(offset, offset + len(keys))
            offset += len(keys)
            batch = records(keys, [b""] * len(keys), offsets)
            order.admit(batch)
            leave(batch)
        else:
            done = random.sample(sorted(under_way), random.randint(1, len(under_way)))
            for key in done:
                del under_way[key]
            leave(order.release(done))
    assert all(offsets == sorted(offsets) for offsets in left.values())
    assert sum(map(len, left.values())) == total
    assert order.held == 0


def test_a_batch_without_repeats_passes_as_it_is():
    batch = records([b"a", b"b"], [b"1", b"2"], range(2))
    KeyOrder().admit(batch)
    assert (batch.keys, batch.data, batch.offsets) == ([b"a", b"b"], [b"1", b"2"], range(2))


def test_other_keys_flow_while_one_waits():
    order = KeyOrder()
    order.admit(records([b"a"], [b""], [0]))
    batch = records([b"a", b"b"], [b"x", b"yy"], [1, 2])
    order.admit(batch)
    assert (batch.keys, batch.data, list(batch.offsets), batch.size) == ([b"b"], [b"yy"], [2], 3)
    assert order.held == 1


def test_what_waits_is_given_up_with_its_memory():
    order = KeyOrder()
    batch = records([b"a", b"a", b"a"], [b"xx", b"yy", b"zz"], range(3))
    whole = batch.footprint
    order.admit(batch)
    assert order.forget() == whole - batch.footprint > 0
    assert order.release([b"a"]) is None
