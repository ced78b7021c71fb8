"""One check of a connector: what was looked at, what came of it, and the way out. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from cli.errors import explain


class Result(StrEnum):
    """What came of a check."""

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """It could not be looked at, from here or with these credentials; never as good as ok."""


@dataclass(frozen=True)
class Check:
    """One row of ``connector verify``."""

    name: str
    """Such as ``task-role``; stable."""
    result: Result
    detail: str
    way_out: str = ""

    def as_json(self) -> dict[str, str]:
        """The row in a JSON answer."""
        return {"check": self.name, "result": self.result.value, "detail": self.detail, "way_out": self.way_out}


def ok(name: str, detail: str) -> Check:
    """It is as a rollout needs it."""
    return Check(name, Result.OK, detail)


def failed(name: str, detail: str, way_out: str) -> Check:
    """A rollout would fail of it, or lose by it."""
    return Check(name, Result.FAILED, detail, way_out)


def unknown(name: str, detail: str, way_out: str = "") -> Check:
    """It could not be found out."""
    return Check(name, Result.UNKNOWN, detail, way_out)


def attempt(name: str, look: Callable[[], Iterable[Check]]) -> Iterator[Check]:
    """The checks that ``look`` gives; where it could not go on looking, one more that says why.

    Credentials that may not read something, or a service that does not answer, are no fault of the connector.
    """
    try:
        yield from look()
    except Exception as error:
        explained = explain(error)
        if explained is None:
            raise
        yield unknown(name, explained.message, explained.way_out)
