"""Durations and sizes as people write them: ``7d``, ``48h``, ``90s``; ``64MiB``, ``100GiB``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

_DURATION_UNITS = {
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
_SIZE_UNITS = {"TiB": 1 << 40, "GiB": 1 << 30, "MiB": 1 << 20, "KiB": 1 << 10, "B": 1}

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
        raise ValueError(f"{text!r} is longer than any duration that can be counted") from None


def format_duration(duration: timedelta) -> str:
    """Write a duration (whole milliseconds, not negative) in the largest unit that is exact: ``48h`` is ``2d``."""
    for unit, length in _DURATION_UNITS.items():
        count, rest = divmod(duration, length)
        if not rest and (count or unit == "s"):
            return f"{count}{unit}"
    raise ValueError(f"{duration} is not a whole number of milliseconds")


def parse_size(text: str) -> int:
    """Read a size such as ``64MiB`` as bytes; ValueError when it is not one number with one unit (B to TiB)."""
    match = re.fullmatch(SIZE_PATTERN[1:-1], text)
    if match is None:
        raise ValueError(f"{text!r} is not a size such as 512KiB, 64MiB or 100GiB")
    return int(match[1]) * _SIZE_UNITS[match[2]]


def format_size(size: int) -> str:
    """Write a number of bytes in the largest unit that is exact: 1048576 is ``1MiB``."""
    for unit, length in _SIZE_UNITS.items():
        count, rest = divmod(size, length)
        if not rest and (count or unit == "B"):
            return f"{count}{unit}"
    raise AssertionError("every whole number is a number of bytes")


def _duration(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    try:
        return parse_duration(value)
    except (TypeError, ValueError):
        raise PydanticCustomError("duration", "is not a duration; write one number and one unit") from None


def _size(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return parse_size(value)
        except ValueError:
            raise PydanticCustomError("size", "is not a size; write one number and one unit") from None
    return value


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN, "examples": ["7d", "48h", "5m"]}),
]
"""A duration; in the file a string such as ``7d``."""

Size = Annotated[
    int,
    BeforeValidator(_size),
    PlainSerializer(format_size, return_type=str),
    WithJsonSchema({"type": "string", "pattern": SIZE_PATTERN, "examples": ["64MiB", "100GiB"]}),
]
"""A number of bytes; in the file a string such as ``64MiB``."""
