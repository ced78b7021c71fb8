"""What is written out of a configuration, while its keys are gone through, and what became of each of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from cli.connector.awslabs.properties import shown

if TYPE_CHECKING:
    from environments import Environment

Kind = Literal["kinesis", "firehose"]
Fate = Literal["carried", "left out", "refused", "unknown"]


class RefusedKeyError(Exception):
    """A key with which nothing of the same meaning can be written: the reason, and what to do instead."""


class LeftOutKey(Exception):  # noqa: N818 - no error: nothing that the key meant is missing
    """A key that has no counterpart and needs none: the reason."""


@dataclass(frozen=True)
class Remark:
    """What became of one key."""

    key: str
    value: str
    fate: Fate
    what: str

    def as_json(self) -> dict[str, str]:
        """One of the ``remarks`` of the envelope; secrets are hidden."""
        return {"key": self.key, "value": shown(self.key, self.value), "fate": self.fate, "what": self.what}


@dataclass
class Draft:
    """The keys of a connector in streamops' words, for a route of an environment file or for an image run by itself."""

    kind: Kind
    standalone: bool
    properties: dict[str, str]
    environment: Environment | None = None
    top: dict[str, Any] = field(default_factory=dict)
    source: dict[str, Any] = field(default_factory=dict)
    sink: dict[str, Any] = field(default_factory=dict)
    """A route holds all three side by side; the connector's own configuration keeps them apart."""

    @property
    def service(self) -> str:
        """The service that is written to, as people call it."""
        return "Kinesis" if self.kind == "kinesis" else "Firehose"


def is_true(value: str) -> bool:
    """What Java's ``Boolean.parseBoolean`` says; everything that is not true is false."""
    return value.strip().lower() == "true"


def whole_number(value: str) -> int:
    """Read a number.

    Raises:
        RefusedKeyError: it is none; the connector too would have stopped at it.
    """
    try:
        return int(value)
    except ValueError:
        raise RefusedKeyError("is not a whole number; correct it") from None


def bounded(value: str, least: int, most: int) -> tuple[int, str]:
    """A number brought into its bounds, and what is to be said about it where that changed it."""
    given = whole_number(value)
    kept = min(max(given, least), most)
    if kept == given:
        return kept, ""
    return kept, f" ({'the most' if kept == most else 'the least'} there is)"
