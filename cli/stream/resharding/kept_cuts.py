"""Which cuts of a map can stay where the wanted shards may differ a little: the most of them. No I/O.

Between two cuts that stay, a gap ``g`` apart, fit ``k`` shards of equal width if ``k * least <= g <= k * most``. Give a
cut at ``p`` with ``u`` shards below it the two numbers ``p - u * least`` and ``u * most - p``: then two cuts can both
stay if and only if neither number falls from the lower to the upper. The most cuts are so the longest run of pairs in
which both numbers never fall: a longest increasing subsequence, which patience sorting finds in O(s log s) for s pairs.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

MOST_PAIRS = 400_000
"""How many pairs of a cut and a number of shards below it are looked at. More are cut down to those whose number of
shards is nearest to the cut's even part; up to about a thousand shards all are looked at."""

Kept = tuple[int, int]
"""A cut that stays, by its place in the map, and the number of shards below it."""


def most_kept(positions: Sequence[int], total: int, count: int, least: int, most: int) -> list[Kept]:
    """The most of the cuts at ``positions`` that ``count`` shards can keep, in their order.

    Args:
        positions: of the cuts, strictly ascending, inside ``(0, total)``.
        total: where the last shard ends.
        count: how many shards there shall be.
        least: the narrowest shard, above 0 and at most ``total / count``.
        most: the widest shard, at least ``total / count``.
    """
    pairs = sorted(
        (position - below * least, below * most - position, place, below)
        for place, position in enumerate(positions)
        for below in _shards_below(position, total, count, least, most, MOST_PAIRS // max(len(positions), 1))
    )
    ends: list[int] = []  # the smallest second number with which a run of each length can end
    last: list[int] = []  # the pair that it ends with
    before: list[int] = []
    for number, pair in enumerate(pairs):
        length = bisect_right(ends, pair[1])
        before.append(last[length - 1] if length else -1)
        if length == len(ends):
            ends.append(pair[1])
            last.append(number)
        else:
            ends[length] = pair[1]
            last[length] = number
    return list(_run(pairs, before, last[-1] if last else -1))[::-1]


def _shards_below(position: int, total: int, count: int, least: int, most: int, room: int) -> range:
    """The numbers of shards that can lie below a cut so that those above it fit as well."""
    above = total - position
    fewest = max(1, -(-position // most), count - above // least)
    greatest = min(count - 1, position // least, count + -above // most)
    even_part = position * count // total
    return range(max(fewest, even_part - room // 2 + 1), min(greatest, even_part + (room + 1) // 2) + 1)


def _run(pairs: Sequence[tuple[int, int, int, int]], before: Sequence[int], number: int) -> Iterator[Kept]:
    while number >= 0:
        _, _, place, below = pairs[number]
        yield place, below
        number = before[number]
