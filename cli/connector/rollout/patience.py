"""How long a rollout is waited for, and what it has to show meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from environments.quantities import format_duration, parse_duration

STABLE, CATCH_UP, TIMEOUT = "2m", "15m", "30m"
"""Where the command line says nothing."""
_STABLE, _CATCH_UP, _TIMEOUT = map(parse_duration, (STABLE, CATCH_UP, TIMEOUT))


@dataclass(frozen=True)
class Patience:
    """The times of one rollout."""

    stable: timedelta = _STABLE
    """How long the lag must stay within what it was before."""
    catch_up: timedelta = _CATCH_UP
    """When that has to have begun, from the end of the deployment on."""
    timeout: timedelta = _TIMEOUT
    """How long a deployment is followed."""
    gate: bool = True
    """Whether it is held against the lag at all."""

    def as_json(self) -> dict[str, Any]:
        """For the arguments of a saved plan."""
        return {
            "stable": format_duration(self.stable),
            "catch_up": format_duration(self.catch_up),
            "timeout": format_duration(self.timeout),
            "gate": self.gate,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Patience:
        """The inverse of ``as_json``."""
        return cls(
            parse_duration(document["stable"]),
            parse_duration(document["catch_up"]),
            parse_duration(document["timeout"]),
            bool(document["gate"]),
        )

    @property
    def options(self) -> tuple[str, ...]:
        """On the command line, where they are not the usual ones."""
        usual, own = Patience().as_json(), self.as_json()
        given = [
            f"--{name.replace('_', '-')} {own[name]}"
            for name in ("stable", "catch_up", "timeout")
            if own[name] != usual[name]
        ]
        return (*given, *(() if self.gate else ("--no-gate",)))
