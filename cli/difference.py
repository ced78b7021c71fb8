"""A property whose live value is not the declared one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cli.output import Column, Item


@dataclass(frozen=True)
class Difference:
    """One property, as it is declared and as it is."""

    resource: str
    """Such as ``topic/orders``."""
    property: str
    declared: str
    live: str
    drift: str = ""
    """``safe``, ``unsafe`` or ``unsupported``, where a plan has judged it."""
    why: str = ""
    """Why it is left as it is, where a plan has a reason."""

    def __str__(self) -> str:
        return f"{self.resource}: {self.property} is {self.live}, declared {self.declared}"

    def as_json(self) -> dict[str, str]:
        """The entry in a JSON answer."""
        entry = {"resource": self.resource, "property": self.property, "declared": self.declared, "live": self.live}
        judged = {"drift": self.drift, "why": self.why}
        return entry | {name: text for name, text in judged.items() if text}


COLUMNS = (
    Column("RESOURCE", "resource"),
    Column("PROPERTY", "property"),
    Column("DECLARED", "declared"),
    Column("LIVE", "live"),
)
JUDGED = (*COLUMNS, Column("DRIFT", "drift"), Column("WHY", "why", fold=True))
"""With what a plan says of it."""


def differing(entries: Sequence[Item] | None) -> str | None:
    """The properties that differ in one cell; None where there is nothing live to compare."""
    if entries is None:
        return None
    return ", ".join(entry["property"] for entry in entries) or "no"


def rows(differences: Sequence[Difference]) -> list[Item]:
    """The differences as rows of data."""
    return [difference.as_json() for difference in differences]
