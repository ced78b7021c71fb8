"""Durations and sizes as people write them: ``7d``, ``48h``, ``90s``; ``64MiB``, ``100GiB``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from environments.rules.findings import refuse

_DURATION_UNITS = {
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
_SIZE_UNITS = {"TiB": 1 << 40, "GiB": 1 << 30, "MiB": 1 << 20, "KiB": 1 << 10, "B": 1}
_OTHER_SIZE_UNITS = {letter: f"{letter}iB" for letter in "TGMK"}

DURATION_PATTERN = r"^(0|[1-9][0-9]*)(ms|s|m|h|d)$"
SIZE_PATTERN = r"^(0|[1-9][0-9]*)(B|KiB|MiB|GiB|TiB)$"


def parse_duration(text: str) -> timedelta:
    """Read a duration such as ``7d``; ValueError when it is not one number with one unit (d, h, m, s, ms)."""
    match = re.fullmatch(DURATION_PATTERN[1:-1], text)
    if match is None:
        raise ValueError(f"{text!r} is not a duration such as 7d, 48h, 5m, 30s or 500ms")
    try:
        return int(match[1]) * _DURATION_UNITS[match[2]]
    except OverflowError:
        raise ValueError(f"{text!r} is longer than Python can count") from None


def format_duration(duration: timedelta) -> str:
    """Write a duration in the largest unit that is exact: two days as ``2d``, 90 minutes as ``90m``.

    ValueError for what no unit can write: a negative duration, or one that is not whole milliseconds.
    """
    for unit, length in _DURATION_UNITS.items():
        count, rest = divmod(duration, length)
        if count >= 0 and not rest and (count or unit == "ms"):
            return f"{count}{unit}" if count else "0s"
    raise ValueError(f"{duration!r} is not a whole number of milliseconds from 0 up")


def parse_size(text: str) -> int:
    """Read a size such as ``64MiB`` as bytes; ValueError when it is not one number with one unit (B to TiB)."""
    match = re.fullmatch(SIZE_PATTERN[1:-1], text)
    if match is None:
        raise ValueError(f"{text!r} is not a size such as 512KiB, 64MiB or 100GiB")
    return int(match[1]) * _SIZE_UNITS[match[2]]


def format_size(size: int) -> str:
    """Write a number of bytes in the largest unit that is exact: 1048576 as ``1MiB``, 1000 as ``1000B``."""
    for unit, length in _SIZE_UNITS.items():
        count, rest = divmod(size, length)
        if not rest and count:
            return f"{count}{unit}"
    return "0B"


def _read_duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        try:
            return parse_duration(value)
        except ValueError:
            raise refuse(
                "is not a duration", "write one whole number and one unit: 7d, 48h, 5m, 30s or 500ms"
            ) from None
    raise refuse("is not a duration", "add the unit, as in 7d, 48h, 5m, 30s or 500ms")


def _read_size(value: object) -> int:
    if isinstance(value, str):
        try:
            return parse_size(value)
        except ValueError:
            raise refuse("is not a size", _size_remedy(value)) from None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise refuse("is not a size", "write one whole number and one unit: 512KiB, 64MiB or 100GiB")


def _size_remedy(text: str) -> str:
    """``64MB``, ``64M`` and ``64 mib`` are near misses; sizes are powers of 1024, as AWS and Kafka count them."""
    match = re.fullmatch(r"([1-9][0-9]*) *([kKmMgGtT])i?[bB]?", text)
    if match:
        return f"sizes count in powers of 1024: write {match[1]}{_OTHER_SIZE_UNITS[match[2].upper()]}"
    return "write one whole number and one unit: 512KiB, 64MiB or 100GiB"


Duration = Annotated[
    timedelta,
    BeforeValidator(_read_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN, "examples": ["7d", "48h", "5m"]}),
]
"""A duration; in the file a string such as ``7d``."""

Size = Annotated[
    int,
    BeforeValidator(_read_size),
    PlainSerializer(format_size, return_type=str),
    WithJsonSchema({"type": "string", "pattern": SIZE_PATTERN, "examples": ["64MiB", "100GiB"]}),
]
"""A number of bytes; in the file a string such as ``64MiB``."""
