"""Amounts in round figures, for sentences. No I/O."""

from __future__ import annotations

from datetime import UTC, datetime

_UNITS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000))
_SIZES = ("KiB", "MiB", "GiB", "TiB")


def about_time(milliseconds: int) -> str:
    """A duration in its two largest units: ``3d 4h``, ``12m``, ``0s``."""
    left, parts = max(0, milliseconds), list[str]()
    for unit, length in _UNITS:
        count, left = divmod(left, length)
        if count:
            parts.append(f"{count}{unit}")
        if parts and (len(parts) == 2 or not count):  # noqa: PLR2004 - two units
            break
    return " ".join(parts) or "0s"


def about_size(size: float) -> str:
    """A number of bytes with one decimal: ``3.1 MiB``."""
    if size < 1 << 10:
        return f"{round(size)} B"
    for unit in _SIZES:
        size /= 1 << 10
        if size < 1 << 10 or unit == _SIZES[-1]:
            break
    return f"{size:,.1f} {unit}"


def records(count: int) -> str:
    """``1 record``, ``1,200 records``."""
    return f"{count:,} record{'' if count == 1 else 's'}"


def moment(timestamp: int) -> str:
    """A timestamp of Kafka, ms since 1970: ``2026-11-21 12:01 UTC``."""
    try:
        return f"{datetime.fromtimestamp(timestamp / 1000, UTC):%Y-%m-%d %H:%M} UTC"
    except (OverflowError, ValueError, OSError):  # a producer may write any number
        return f"timestamp {timestamp}"
