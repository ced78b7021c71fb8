"""What a shorter retention would delete at once, by shard. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from cli.plan import Refusal
from cli.stream.oldest_records import OldestRecord
from cli.stream.readers import age_told
from environments.quantities import format_duration, format_size

MOST_TOLD = 10
"""Shards that people are told of one by one; the answer in JSON has all."""


@dataclass(frozen=True)
class Written:
    """What CloudWatch counts of the time that would be deleted: an estimate."""

    records: int
    size: int
    """In bytes."""


@dataclass(frozen=True)
class Loss:
    """The records that are older than a new retention."""

    oldest: Sequence[OldestRecord]
    to: timedelta
    """The new retention."""
    now: datetime
    written: Written | None = None
    """None where CloudWatch does not tell."""

    @cached_property
    def losing(self) -> list[OldestRecord]:
        """Shards with older records, those with the oldest first."""
        found = [each for each in self.oldest if each.older_than(self.now - self.to)]
        return sorted(found, key=lambda each: (each.arrived, each.shard_id))

    @cached_property
    def unknown(self) -> list[OldestRecord]:
        """Shards of which it is not known."""
        return [each for each in self.oldest if each.older_than(self.now - self.to) is None]

    @property
    def any(self) -> bool:
        """Whether records would be deleted, or might be."""
        return bool(self.losing or self.unknown)

    def refusals(self, name: str) -> tuple[Refusal, ...]:
        """The guard's no, as long as data loss is not allowed."""
        limit, count = format_duration(self.to), len(self.oldest)
        way_out = f"if it is meant, add: --allow-data-loss --confirm {name}"
        found: list[Refusal] = []
        if self.losing:
            age = age_told(self.now - self._arrived(self.losing[0]))
            found.append(
                Refusal(
                    f"records older than {limit} would be deleted from {len(self.losing)} of {count} shards "
                    f"(the oldest is {age} old), and whether all readers are past them is not known",
                    way_out,
                )
            )
        if self.unknown:
            first = self.unknown[0]
            found.append(
                Refusal(
                    f"whether records older than {limit} would be deleted is not known of {len(self.unknown)} of "
                    f"{count} shards: {first.shard_id}: {first.unknown}",
                    way_out,
                )
            )
        return tuple(found)

    def told(self) -> list[str]:
        """Lines for people: each shard's part, and how much it may be."""
        limit = self.now - self.to
        lines = [
            f"{each.shard_id}: would lose what was written from {self._arrived(each):%Y-%m-%d %H:%M} to "
            f"{limit:%Y-%m-%d %H:%M} UTC"
            for each in self.losing[:MOST_TOLD]
        ]
        if len(self.losing) > MOST_TOLD:
            lines.append(f"and {len(self.losing) - MOST_TOLD} more shards, see -o json")
        if self.losing and self.written:
            lines.append(
                f"CloudWatch counts about {self.written.records:,} records ({_size(self.written.size)}) written in "
                "that time (an estimate)"
            )
        return lines

    def as_json(self) -> dict[str, Any]:
        """For a plan's summary."""
        return {
            "shards": [
                {
                    "shard": each.shard_id,
                    "oldest_record": each.arrived.isoformat() if each.arrived else None,
                    "loses": each.older_than(self.now - self.to),
                    **({"unknown": each.unknown} if each.unknown else {}),
                }
                for each in self.oldest
            ],
            "records_lost_estimate": self.written.records if self.written else None,
            "bytes_lost_estimate": self.written.size if self.written else None,
        }

    def _arrived(self, oldest: OldestRecord) -> datetime:
        assert oldest.arrived is not None  # noqa: S101 - those that lose have one
        return oldest.arrived


def _size(size: int) -> str:
    """A number of bytes as people read it: ``5.2MiB``."""
    for unit, length in (("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= length:
            return f"{size / length:.1f}{unit}"
    return format_size(size)
