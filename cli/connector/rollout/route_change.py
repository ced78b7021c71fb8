"""What changes of one route have in common that need nothing more to be asked for again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from cli.connector.rollout.patience import Patience
from cli.environment import declared
from environments import Environment


@dataclass(frozen=True)
class RouteChange:
    """A change of one connector, and how long is waited for it."""

    environment: Environment
    route: str
    patience: Patience = field(default_factory=Patience)

    command: str = "connector"

    @classmethod
    def from_arguments(cls, environment: Environment, arguments: Mapping[str, Any]) -> Self:
        """The change that a saved plan was made for."""
        declared(environment, "routes", arguments["route"])
        return cls(environment, arguments["route"], Patience.from_json(arguments["patience"]))

    @property
    def arguments(self) -> Mapping[str, Any]:
        """Which route, and how long is waited."""
        return {"route": self.route, "patience": self.patience.as_json()}

    @property
    def command_line(self) -> str:
        """To ask for it again."""
        return f"{self.command} {self.route}"
