"""What a change will do, before it does it: operations in order, the risk of each, and what they were planned for.

A plan is data. It can be shown, saved, compared with the live state through its fingerprint, and carried out later;
``cli.change`` does that for every kind of change alike.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from cli.difference import Difference


class Risk(StrEnum):
    """How much confirmation an operation needs."""

    MILD = "mild"
    """Nothing can get lost and it can be undone; ``--yes`` is enough."""
    MODERATE = "moderate"
    """It can disturb those who read or write; ``--yes`` is enough."""
    SEVERE = "severe"
    """It can lose data, or the order of it; the resource has to be named with ``--confirm``."""

    @property
    def rank(self) -> int:
        """Orders risks: the higher, the worse."""
        return list(Risk).index(self)


@dataclass(frozen=True)
class Operation:
    """One step of a plan."""

    kind: str
    """Such as ``create-topic``; with ``details`` all that is needed to carry it out."""
    resource: str
    """Such as ``topic/orders``."""
    risk: Risk
    reason: str
    details: Mapping[str, Any] = field(default_factory=dict)
    """JSON types only."""

    def as_json(self) -> dict[str, Any]:
        """The entry of ``plan.operations``: the details stand beside the kind."""
        return {
            "kind": self.kind,
            "resource": self.resource,
            **self.details,
            "risk": self.risk.value,
            "reason": self.reason,
        }

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Operation:
        """The inverse of ``as_json``; KeyError or ValueError where it is none."""
        own = ("kind", "resource", "risk", "reason")
        return cls(
            kind=entry["kind"],
            resource=entry["resource"],
            risk=Risk(entry["risk"]),
            reason=entry["reason"],
            details={key: value for key, value in entry.items() if key not in own},
        )


@dataclass(frozen=True)
class Refusal:
    """A guard's no: why, and what would override it."""

    reason: str
    way_out: str = ""

    def as_json(self) -> dict[str, str]:
        """The entry of ``plan.refusals``."""
        return {"reason": self.reason, "way_out": self.way_out}


@dataclass(frozen=True)
class Plan:
    """The steps from the live state to the wanted one."""

    resource: str
    """What ``--confirm`` has to name, after the slash: ``stream/orders``."""
    fingerprint: str
    """Of the live state that the plan was made for; see ``fingerprint``."""
    operations: tuple[Operation, ...] = ()
    differences: tuple[Difference, ...] = ()
    """What differs from the YAML and no operation changes."""
    summary: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    @property
    def risk(self) -> Risk:
        """The worst risk of all operations."""
        return max((operation.risk for operation in self.operations), key=lambda risk: risk.rank, default=Risk.MILD)

    @property
    def status(self) -> str:
        """The word for the envelope: ``blocked``, ``changes`` or ``none``."""
        if self.refusals:
            return "blocked"
        return "changes" if self.operations or self.differences else "none"

    @property
    def confirmation(self) -> str:
        """The name that ``--confirm`` has to repeat."""
        return self.resource.rpartition("/")[2]

    def as_json(self) -> dict[str, Any]:
        """The envelope's ``plan``."""
        return {
            "resource": self.resource,
            "fingerprint": self.fingerprint,
            "operations": [operation.as_json() for operation in self.operations],
            "differences": [difference.as_json() for difference in self.differences],
            "summary": dict(self.summary),
            "warnings": list(self.warnings),
            "refusals": [refusal.as_json() for refusal in self.refusals],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Plan:
        """The inverse of ``as_json``; KeyError, TypeError or ValueError where it is none."""
        return cls(
            resource=document["resource"],
            fingerprint=document["fingerprint"],
            operations=tuple(map(Operation.from_json, document["operations"])),
            differences=tuple(Difference(**entry) for entry in document["differences"]),
            summary=document["summary"],
            warnings=tuple(document["warnings"]),
            refusals=tuple(Refusal(**entry) for entry in document["refusals"]),
        )


def fingerprint(live: object) -> str:
    """A digest of the live state a plan is made for (JSON types): two states are equal when their digests are."""
    text = json.dumps(live, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
