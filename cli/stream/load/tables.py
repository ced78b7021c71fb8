"""How load looks in a terminal. No I/O."""

from __future__ import annotations

from cli.output import Column, Item

WIDTH = 20
"""Characters for the limit of a shard."""


def load_bar(average: float, peak: float, width: int = WIDTH) -> str:
    """A shard's limit as a line: full up to the average, half up to the peak; ``>`` where the peak is beyond it."""
    full, half = (min(width, round(share * width)) for share in (average, max(average, peak)))
    bar = "█" * full + "▒" * (half - full) + "·" * (width - half)
    return bar[:-1] + ">" if round(peak * 100) > 100 else bar  # noqa: PLR2004 - per cent


def percent(share: float | None) -> str | None:
    """A share as text."""
    return None if share is None else f"{share:.1%}"


def per_second(rate: str, unit: str) -> Column:
    """A column of the bytes or records a second of the ``rate`` (average, peak)."""
    return Column(f"{unit.upper()}/S", lambda item: amount(item[rate][f"{unit}_per_second"]), right=True)


def amount(number: float) -> str:
    """A number without digits that nobody needs."""
    return f"{number:,.0f}" if number >= 10 or number == 0 else f"{number:.1f}"  # noqa: PLR2004 - two digits


def share_of_limit(rate: str) -> Column:
    """A column of the share of a shard's limit."""
    return Column(rate.upper(), lambda item: percent(item[rate]["share_of_limit"]), right=True)


def _bar(item: Item) -> str:
    return load_bar(item["average"]["share_of_limit"], item["peak"]["share_of_limit"])


LOAD = Column("LOAD", _bar)
