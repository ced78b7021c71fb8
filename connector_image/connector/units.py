"""Durations and sizes as people write them: `250ms`, `90s`, `64MiB`.

The connector is installable on its own, so it reads these by itself. Both types print back in the
form they are read, which keeps a rendered configuration stable and readable.
"""

import re
from datetime import timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_MILLISECONDS: Final = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_BYTES: Final = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_WRITTEN: Final = re.compile(r"([0-9]{1,18})\s*([A-Za-z]+)")


def parse_duration(value: object) -> timedelta:
    """Read `250ms`, `90s`, `5m`, `48h` or `7d`.

    Raises:
        ValueError: the text is something else; a bare number is refused because its unit would be a guess.
    """
    if isinstance(value, timedelta):
        return value
    match = _WRITTEN.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None or match[2] not in _MILLISECONDS:
        raise ValueError("must be a duration: a whole number and one of ms, s, m, h, d, like 250ms")
    try:
        return timedelta(milliseconds=int(match[1]) * _MILLISECONDS[match[2]])
    except OverflowError:
        raise ValueError("must be a duration that a calendar knows, far below a billion days") from None


def format_duration(value: timedelta) -> str:
    """Write a duration in the largest unit that keeps it whole."""
    milliseconds = value // timedelta(milliseconds=1)
    unit = next(u for u, n in reversed(_MILLISECONDS.items()) if milliseconds % n == 0)
    return f"{milliseconds // _MILLISECONDS[unit]}{unit}" if milliseconds else "0s"


def parse_size(value: object) -> int:
    """Read `512KiB` or `64MiB` as bytes; a bare whole number is bytes.

    Raises:
        ValueError: the text is something else, or the unit is a decimal one (MB), which would be 4.9 % short.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = _WRITTEN.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None or match[2] not in _BYTES:
        raise ValueError("must be a size: a whole number and one of B, KiB, MiB, GiB, like 64MiB")
    return int(match[1]) * _BYTES[match[2]]


def format_size(value: int) -> str:
    """Write a size in the largest unit that keeps it whole."""
    unit = next(u for u, n in reversed(_BYTES.items()) if value % n == 0)
    return f"{value // _BYTES[unit]}{unit}" if value else "0B"


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(ms|s|m|h|d)$"}),
]
Size = Annotated[
    int,
    BeforeValidator(parse_size),
    PlainSerializer(format_size, return_type=str),
    WithJsonSchema({"type": ["string", "integer"], "pattern": r"^\d+(B|KiB|MiB|GiB)$"}),
]
