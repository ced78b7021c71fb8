"""Why a record cannot be delivered, and all of the record that a dead letter keeps."""

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from connector.batch import Batch, Headers

Reason = Literal[
    "RecordTooLarge",
    "TombstoneRejected",
    "HeadersUndecodable",
    "HeaderMissing",
    "HashKeyInvalid",
    "ValueNotObject",
    "FieldMissing",
    "FieldInvalid",
    "NewlineInside",
]
# How a source says that a record has no timestamp.
_NO_TIMESTAMP: Final = (0, -1)


class Refusal(NamedTuple):
    """Why a record is refused. Neither text holds anything of the record, since both go into logs."""

    reason: Reason
    """A code to count and filter by."""
    message: str
    way_out: str


Refusals = dict[int, Refusal]
"""Refusals by the record's index in its batch; the first of a record stays."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that cannot be delivered, as the source read it."""

    offset: int
    refusal: Refusal
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: tuple[int, int]
    """Its kind (0 none, 1 created, 2 appended) and milliseconds since the epoch."""


def rejected(batch: Batch, index: int, refusal: Refusal) -> Rejected:
    """Take a record out of its batch; headers and timestamp only if the batch has them."""
    if index in batch.undecodable and refusal.reason != "HeadersUndecodable":
        # Else a dead letter would seem to be of a record without headers.
        refusal = refusal._replace(message=f"{refusal.message}; its headers cannot be decoded and are left out")
    return Rejected(
        batch.offsets[index],
        refusal,
        batch.keys[index],
        batch.values[index],
        (batch.headers[index] if batch.headers else None) or [],
        batch.timestamps[index] if batch.timestamps else _NO_TIMESTAMP,
    )
