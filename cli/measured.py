"""Measured times and sizes as people read them: rounded, unlike the exact ones that are declared."""

from __future__ import annotations

UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"))


def time_text(seconds: float | None) -> str | None:
    """The two largest units, such as ``2d 3h``; less than a minute in seconds with one digit."""
    if seconds is None:
        return None
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f}s" if seconds else "0s"
    parts: list[str] = []
    left = int(seconds)
    for size, unit in (*UNITS, (1, "s")):
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count}{unit}")
    return " ".join(part for part in parts[:2] if not part.startswith("0"))


def size_text(size: float | None) -> str | None:
    """In the largest binary unit that it has one of, such as ``1.4 GiB``."""
    if size is None:
        return None
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:  # noqa: PLR2004 - the next unit
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:,.1f} TiB"
