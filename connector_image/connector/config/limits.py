"""What the limits of both sinks have in common."""

from collections.abc import Iterator

from connector.config.section import BrokenRule
from connector.units import format_size


def exceeding(name: str, size: int, most_name: str, most: int) -> Iterator[BrokenRule]:
    """Tell of a limit that exceeds the one in which it has to fit."""
    if size > most:
        rule = f"{format_size(size)} must not exceed {most_name} ({format_size(most)})"
        yield BrokenRule(name, rule, f"lower {name} or raise {most_name}")
