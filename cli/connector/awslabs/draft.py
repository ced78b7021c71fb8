"""What is written out of a configuration, while its keys are gone through, and what became of each of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from cli.connector.awslabs.properties import shown

if TYPE_CHECKING:
    from environments import Environment

Kind = Literal["kinesis", "firehose"]
Fate = Literal["carried", "left out", "refused", "unknown"]
CONSUMER_PREFIXES = ("consumer.override.", "consumer.")
"""Of keys that are meant for the connector's consumer: by the connector itself, and by its worker."""
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,18}")


class RefusedKeyError(Exception):
    """A key with which nothing of the same meaning can be written: the reason, and what to do instead.

    ``key`` names it where it is another one than the key that is just answered for.
    """

    def __init__(self, what: str, key: str = "") -> None:
        super().__init__(what)
        self.key = key


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
    """Of the connector and its worker; none of them is empty."""
    environment: Environment | None = None
    top: dict[str, Any] = field(default_factory=dict)
    source: dict[str, Any] = field(default_factory=dict)
    sink: dict[str, Any] = field(default_factory=dict)
    """A route holds all three side by side; the connector's own configuration keeps them apart."""

    @property
    def service(self) -> str:
        """The service that is written to, as people call it."""
        return "Kinesis" if self.kind == "kinesis" else "Firehose"

    def origin(self, bare: str) -> str | None:
        """The key that decides a setting of the consumer: its own, else its worker's for consumers, else its worker's.

        ``group.id`` without a prefix is none: it is the group of Connect's workers.
        """
        prefixes = CONSUMER_PREFIXES if bare == "group.id" else (*CONSUMER_PREFIXES, "")
        return next((key for prefix in prefixes if (key := f"{prefix}{bare}") in self.properties), None)


def switch(value: str) -> tuple[bool, str]:
    """Whether a key is switched on, and what is to be said where its value is neither true nor false.

    The connector's definition of its keys is empty, so Connect refuses no value; its tasks read them with Java's
    ``Boolean.parseBoolean``, to which everything is false that is not ``true`` to the letter, whatever the case
    (``AmazonKinesisSinkTask.start``, ``FirehoseSinkTask.start``).
    """
    told = value.lower()
    remark = "" if told in {"true", "false"} else f" ({value!r} is not true, so off, as the old connector read it)"
    return told == "true", remark


def whole_number(value: str) -> int:
    """Read a number as Java's ``Integer.parseInt`` does.

    Raises:
        RefusedKeyError: it is none; the connector too would have stopped at it.
    """
    if not _WHOLE_NUMBER.fullmatch(value.strip()):
        raise RefusedKeyError("is not a whole number; correct it")
    return int(value)


def bounded(value: str, least: int, most: int) -> tuple[int, str]:
    """A number brought into its bounds, and what is to be said about it where that changed it."""
    given = whole_number(value)
    kept = min(max(given, least), most)
    if kept == given:
        return kept, ""
    return kept, f" ({'the most' if kept == most else 'the least'} there is)"
