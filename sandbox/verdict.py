"""Whether everything that was sent has arrived, unaltered and in order: the judgement at the end of a demonstration.

Whoever reads what a connector wrote sees late duplicates after a time-out or a crash, and tells them from records by
their content; so what counts is the *first occurrence* of each record. Pure: nothing here does any I/O.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.records import Record

EXAMPLES = 5
SHOWN_BYTES = 120
DIGEST_BITS = 128


@dataclass(frozen=True)
class Verdict:
    """What was compared and what was found. ``passed`` is the judgement, ``failures`` say why not."""

    sent: int
    arrived: int
    """Records read back, duplicates included."""
    keys: int
    missing: int
    """Sent, never read back."""
    unknown: int
    """Read back, never sent: a foreign or an altered record."""
    duplicates: int
    out_of_order: int
    """First occurrences that follow a later record of the same key."""
    digest_sent: str
    """Sum of the hashes of all records, modulo 2^128, as hexadecimal: the same for the same set in any order."""
    digest_arrived: str
    """The same sum over what was read back, each record once."""
    duplicates_expected: bool = False
    """Whether something was killed: then duplicates are a must, for they show that it was killed in mid-work."""
    examples: tuple[str, ...] = ()
    """A few of the records that failed."""
    seconds: dict[str, float] = field(default_factory=dict)
    """How long each part of the demonstration took."""

    @property
    def failures(self) -> tuple[str, ...]:
        """Why the verdict is not a pass; empty when it is."""
        found = []
        if self.missing:
            found.append(f"{self.missing:,} records are missing")
        if self.unknown:
            found.append(f"{self.unknown:,} records were never sent, or were altered on the way")
        if self.out_of_order:
            found.append(f"{self.out_of_order:,} records arrived after a later record of the same key")
        if self.duplicates and not self.duplicates_expected:
            found.append(f"{self.duplicates:,} records arrived more than once although nothing was killed")
        if self.duplicates_expected and not self.duplicates:
            found.append("the kill proves nothing: no more had been sent than was committed; run it again")
        return tuple(found)

    @property
    def passed(self) -> bool:
        """Whether everything arrived, unaltered, in the order of each key."""
        return not self.failures

    def to_dict(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        return asdict(self) | {
            "verdict": "passed" if self.passed else "failed",
            "failures": list(self.failures),
            "examples": list(self.examples),
        }


def compare(sent: Sequence[Record], arrived: Iterable[Record], *, duplicates_expected: bool = False) -> Verdict:
    """Hold what was read back against what was sent.

    Args:
        sent: in the order of sending; no two equal.
        arrived: in the order of reading, each parent shard before its children.
        duplicates_expected: whether the demonstration killed something.

    Raises:
        ValueError: two sent records are equal, so duplicates could not be told apart.
    """
    positions = {_fingerprint(record): position for position, record in enumerate(sent)}
    if len(positions) != len(sent):
        raise ValueError(f"{len(sent) - len(positions)} of the sent records are equal to another one")
    latest: dict[bytes, int] = {}
    seen = bytearray(len(sent))
    foreign: set[int] = set()
    digest = total = unknown = duplicates = out_of_order = 0
    examples: list[str] = []
    for record in arrived:
        total += 1
        fingerprint = _fingerprint(record)
        position = positions.get(fingerprint)
        if position is None:
            unknown += 1
            foreign.add(fingerprint)
            _example(examples, "never sent", record)
        elif seen[position]:
            duplicates += 1
        else:
            seen[position] = 1
            digest += fingerprint
            if position < latest.get(record.key, -1):
                out_of_order += 1
                _example(examples, "out of order", record)
            else:
                latest[record.key] = position
    for position, was_seen in enumerate(seen):
        if not was_seen:
            _example(examples, "missing", sent[position])
    return Verdict(
        sent=len(sent),
        arrived=total,
        keys=len({record.key for record in sent}),
        missing=len(sent) - sum(seen),
        unknown=unknown,
        duplicates=duplicates,
        out_of_order=out_of_order,
        digest_sent=_hexadecimal(sum(positions)),
        digest_arrived=_hexadecimal(digest + sum(foreign)),
        duplicates_expected=duplicates_expected,
        examples=tuple(examples),
    )


def _fingerprint(record: Record) -> int:
    content = len(record.key).to_bytes(4, "big") + record.key + record.value
    return int.from_bytes(hashlib.blake2b(content, digest_size=DIGEST_BITS // 8).digest(), "big")


def _hexadecimal(digest: int) -> str:
    return f"{digest % 2**DIGEST_BITS:032x}"


def _example(examples: list[str], what: str, record: Record) -> None:
    if len(examples) < EXAMPLES:
        value = record.value[:SHOWN_BYTES].decode(errors="replace") + (" …" if len(record.value) > SHOWN_BYTES else "")
        examples.append(f"{what}: key {record.key.decode(errors='replace')}: {value}")
