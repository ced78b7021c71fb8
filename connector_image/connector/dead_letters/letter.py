"""A record that cannot be delivered, with the reason."""

from dataclasses import dataclass
from typing import Final

from connector.batch import Headers, Partition

# What a letter and a header cost beside their bytes, with their places in queues: measured, rounded up.
_LETTER_OVERHEAD: Final = 640
_HEADER_OVERHEAD: Final = 120


@dataclass(frozen=True, slots=True, eq=False)
class Letter:
    """One record as Kafka holds it, and why the route's target never takes it.

    Compared by identity: a record that is read again after a rebalance is another letter.
    """

    partition: Partition
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: tuple[int, int]
    """Its kind (0 none, 1 created, 2 appended) and milliseconds since the epoch."""
    reason: str
    """A short code to count and filter by, like `RecordTooLarge`."""
    message: str
    """The reason as a sentence."""
    rejected_at: int
    """When the connector found out, in milliseconds since the epoch."""

    @property
    def size(self) -> int:
        """Memory it takes, in bytes."""
        headers = sum(len(name) + len(value or b"") + _HEADER_OVERHEAD for name, value in self.headers)
        return len(self.key or b"") + len(self.value or b"") + headers + len(self.message) + _LETTER_OVERHEAD
