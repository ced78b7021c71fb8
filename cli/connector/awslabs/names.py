"""Short names for what a configuration calls by its physical name."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from environments import Environment, naming
from environments.identifiers import LONGEST_SHORT_NAME

_PHYSICAL: dict[str, Callable[[Environment, str], str]] = {
    "topics": naming.topic_name,
    "streams": naming.stream_name,
    "deliveries": naming.delivery_name,
}
_REST = {
    "topics": "its partitions",
    "streams": "its mode",
    "deliveries": "where to",
}


def short_name(text: str, taken: Collection[str] = ()) -> str:
    """A short name that is as near to a text as the rules of short names allow, and not taken."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    name = (plain if re.match(r"[a-z]", plain) else f"x-{plain}".rstrip("-"))[:LONGEST_SHORT_NAME].rstrip("-")
    number, unique = 2, name
    while unique in taken:
        unique, number = f"{name[: LONGEST_SHORT_NAME - 3]}-{number}", number + 1
    return unique


@dataclass
class Names:
    """The short names of one environment, or of one that is still to be written."""

    environment: Environment | None
    missing: dict[tuple[str, str], str] = field(default_factory=dict)
    """What is not declared there: section and physical name, and the short name that the route uses."""

    def of(self, section: str, physical: str) -> str:
        """The short name that is declared for a physical name, or else one to declare."""
        declared = getattr(self.environment, section) if self.environment else {}
        for short in declared:
            if self.environment and _PHYSICAL[section](self.environment, short) == physical:
                return str(short)
        taken = {*declared, *(short for (kind, _), short in self.missing.items() if kind == section)}
        known = self.missing.get((section, physical))
        return self.missing.setdefault((section, physical), known or short_name(physical, taken))

    def to_declare(self) -> list[str]:
        """What the environment file needs besides the route, one line each."""
        return [self._declaration(section, physical, short) for (section, physical), short in self.missing.items()]

    def _declaration(self, section: str, physical: str, short: str) -> str:
        named = "" if section == "topics" and short == physical else f"name: {physical}, and "
        return f"declare {section}.{short} with {named}{_REST[section]}"
