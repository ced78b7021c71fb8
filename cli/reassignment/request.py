"""What a reassignment is asked for, in types that a saved plan can hold. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cli.reassignment.guards import MSK_BATCH
from environments.quantities import format_size

BATCH = MSK_BATCH


@dataclass(frozen=True)
class Request:
    """What is asked for."""

    names: tuple[str, ...] = ()
    """Short names; all declared topics when empty."""
    all_topics: bool = False
    replication: int | None = None
    off: tuple[int, ...] = ()
    """Brokers that are to be left."""
    balance: bool = False
    throttle: int | None = None
    """Bytes a second."""
    batch: int = BATCH
    allow_unhealthy: bool = False

    @property
    def reason(self) -> str:
        """Why something moves."""
        wanted = (
            (self.replication, f"replication {self.replication}"),
            (self.off, f"off broker {', '.join(map(str, self.off))}"),
            (self.balance, "even brokers"),
        )
        return ", ".join(text for given, text in wanted if given)

    @property
    def options(self) -> str:
        """As they stand behind the command, each after a space."""
        words = [
            *self.names,
            *(["--all"] if self.all_topics else ()),
            *([f"--replication {self.replication}"] if self.replication else ()),
            *(f"--off {broker}" for broker in self.off),
            *(["--balance"] if self.balance else ()),
            *([f"--throttle {format_size(self.throttle)}/s"] if self.throttle else ()),
            *([f"--batch {self.batch}"] if self.batch != BATCH else ()),
            *(["--allow-unhealthy"] if self.allow_unhealthy else ()),
        ]
        return "".join(f" {word}" for word in words)

    def as_json(self) -> dict[str, Any]:
        """In JSON types."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, arguments: Mapping[str, Any]) -> Request:
        """The inverse of ``as_json``."""
        return cls(
            names=tuple(arguments["names"]),
            all_topics=arguments["all_topics"],
            replication=arguments["replication"],
            off=tuple(arguments["off"]),
            balance=arguments["balance"],
            throttle=arguments["throttle"],
            batch=arguments["batch"],
            allow_unhealthy=arguments["allow_unhealthy"],
        )
