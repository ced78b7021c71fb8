"""How many records become one: what a packed feed asks of the format and the target."""

from collections.abc import Hashable, Iterable
from typing import NamedTuple, Protocol, Self

from connector.batch import Records
from connector.feed import Lane
from connector.outcome import Placements


class Part(NamedTuple):
    """Records of one lane that wait to be packed, or are inside a packed record."""

    lane: Lane
    records: Records
    size: int
    """Bytes of their data, without keys."""

    @classmethod
    def of(cls, lane: Lane, records: Records) -> Self:
        """Work the size out."""
        return cls(lane, records, records.size - sum(map(len, records.keys)))


class Packing(Protocol):
    """How many records become one."""

    worth: int
    """Bytes of data for which a packed record leaves at once."""

    def routes(self, lane: Lane, incoming: Records) -> Iterable[tuple[Hashable, Records]]:
        """Tell which records of a lane travel one packed record after the other: they have the same name."""

    def is_settled(self) -> bool:
        """Tell whether `routes` may be relied on; while not, nothing is packed."""

    def has_moved(self) -> bool:
        """Tell, once, that `routes` has other answers than before."""

    def fitting(self, parts: Iterable[Part], most: int) -> list[int]:
        """Count how many of the first records of each part go into one packed record, `most` at most in all."""

    def pack(self, content: Records) -> Records:
        """Make the one record. One alone may stay as it is."""

    def is_in_vain(self, content: Records, placements: Placements | None, judged: int) -> bool | None:
        """Tell whether readers will not see a packed record that was taken, because of where it lies.

        None: that is known only when the routes are settled again, which they are not from now on. It is asked again
        then; `judged` is how often it was asked before.
        """
