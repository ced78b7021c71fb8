"""The load over the key space from records that were read: finer than a shard. No I/O.

Keys that stand out have a segment of their own, since no cut can divide them. The others are put together in cells
between them, for there may be millions. What was sent to an unknown place in a shard is spread over all of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from cli.stream.live import KEY_SPACE, Shard
from cli.stream.load.records import KeyPart
from cli.stream.load.tally import HeavyKey, Volume
from cli.stream.load_profile import LoadProfile, Rate

CELL_BITS = 14
"""The key space has 2^14 = 16,384 cells: some for each shard of the largest streams that are read so."""
CELL = KEY_SPACE >> CELL_BITS


class KeySpaceTally:
    """What arrived in each cell of the key space, and at unknown places of each shard; memory is bounded."""

    def __init__(self) -> None:
        # By shard: a cell that a cut goes through has parts in two of them, which may have been read for different
        # times.
        self._cells: defaultdict[str, defaultdict[int, Volume]] = defaultdict(lambda: defaultdict(Volume))
        self._unplaced: defaultdict[str, Volume] = defaultdict(Volume)

    def add(self, part: KeyPart) -> None:
        """Count one part."""
        if part.hash_key is None:
            self._unplaced[part.shard_id] = _more(self._unplaced[part.shard_id], part.bytes, part.records)
        else:
            cells, cell = self._cells[part.shard_id], part.hash_key // CELL
            cells[cell] = _more(cells[cell], part.bytes, part.records)

    def profile(
        self, shards: Sequence[Shard], covered_seconds: Mapping[str, float], heavy: Iterable[HeavyKey]
    ) -> LoadProfile:
        """Rates on average over the time that was read, which is where the load lies rather than how high it peaks.

        Args:
            shards: those that were read.
            covered_seconds: for how long each was.
            heavy: keys that get segments of their own; those at unknown places are left out.
        """
        placed = [key for key in heavy if key.key.hash_key is not None]
        rates: dict[tuple[int, int], Rate] = {}
        for shard in shards:
            inside = {key.key.hash_key: key.total for key in placed if shard.shard_id in key.shards}
            rates |= self._of_shard(shard, covered_seconds.get(shard.shard_id, 0), inside)
        return LoadProfile.of(rates)

    def _of_shard(
        self, shard: Shard, seconds: float, heavy: Mapping[int | None, Volume]
    ) -> dict[tuple[int, int], Rate]:
        """Cells of one shard, cut at its bounds and around the heavy keys."""
        singles = {key: total for key, total in heavy.items() if key is not None and shard.start <= key <= shard.end}
        rest = dict(self._cells[shard.shard_id])
        for key, total in singles.items():
            rest[key // CELL] = _less(rest.get(key // CELL, Volume()), total)
        edges = {shard.start, shard.end + 1}
        edges |= {edge for cell in rest for edge in (cell * CELL, (cell + 1) * CELL) if shard.start < edge <= shard.end}
        edges |= {edge for key in singles for edge in (key, key + 1) if shard.start < edge <= shard.end}
        ordered = sorted(edges)
        # What is left in a cell is shared by its stretches in proportion to their widths.
        widths: defaultdict[int, int] = defaultdict(int)
        for start, after in pairwise(ordered):
            if not (start in singles and after == start + 1):
                widths[start // CELL] += after - start
        unplaced = self._unplaced[shard.shard_id]
        rates: dict[tuple[int, int], Rate] = {}
        for start, after in pairwise(ordered):
            if start in singles and after == start + 1:
                volume = singles[start]
            else:
                cell = rest.get(start // CELL, Volume())
                part = (after - start) / widths[start // CELL]
                spread = (after - start) / (shard.end - shard.start + 1)
                volume = Volume(
                    cell.bytes * part + unplaced.bytes * spread, cell.records * part + unplaced.records * spread
                )
            rates[start, after - 1] = volume.per(seconds)
        return rates


def _more(volume: Volume, size: float, records: float) -> Volume:
    return Volume(volume.bytes + size, volume.records + records)


def _less(volume: Volume, other: Volume) -> Volume:
    """Never below nothing: what a sketch tells of a key may be too high."""
    return Volume(max(0, volume.bytes - other.bytes), max(0, volume.records - other.records))
