"""Dead letters for tests."""

from __future__ import annotations

import os
from collections.abc import Callable

from connector.batch import Headers, Partition
from connector.dead_letters import DeadLetters, Letter
from tests.connector.processes import until

FLIGHTS = Partition("flights", 3)


def letter(
    offset: int,
    value: bytes | None = b"value",
    key: bytes | None = b"key",
    *,
    partition: Partition = FLIGHTS,
    headers: Headers | None = None,
    timestamp: tuple[int, int] = (1, 1_769_854_502_123),
) -> Letter:
    return Letter(
        partition,
        offset,
        key,
        value,
        headers or [],
        timestamp,
        reason="RecordTooLarge",
        message="the record is too large",
        rejected_at=1_769_940_902_045,
    )


def incompressible(offset: int, size: int) -> Letter:
    return letter(offset, os.urandom(size))


def offsets(settled: list[tuple[Partition, int]]) -> list[int]:
    return [offset for _, offset in settled]


def settle(dead_letters: DeadLetters, count: int, seconds: float = 30.0) -> list[int]:
    """Wait until so many letters are acknowledged; return their offsets."""
    found: list[int] = []

    def enough() -> bool:
        found.extend(offsets(dead_letters.settled()))
        return len(found) >= count

    until(enough, seconds)
    return found


def serve(dead_letters: DeadLetters, condition: Callable[[], object], seconds: float = 30.0) -> list[int]:
    """Keep things going until the condition holds; return the offsets that were acknowledged meanwhile."""
    found: list[int] = []

    def reached() -> object:
        found.extend(offsets(dead_letters.settled()))
        return condition()

    until(reached, seconds)
    return found
