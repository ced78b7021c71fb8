"""The alarms and the graphs of one resource."""

from dataclasses import dataclass

from stacks.observability.alarms import Alarm
from stacks.observability.metrics import Measurement

MOST_GRAPHS = 4
"""What fits beside each other."""


@dataclass(frozen=True)
class Graph:
    """A graph of the dashboard: what it shows, from zero up."""

    title: str
    lines: tuple[Measurement, ...]


@dataclass(frozen=True)
class Monitoring:
    """One resource as it is watched; `subject` is its name among all, such as `stream/orders`."""

    subject: str
    title: str
    alarms: tuple[Alarm, ...]
    graphs: tuple[Graph, ...] = ()

    @property
    def critical(self) -> tuple[Alarm, ...]:
        """The alarms for which somebody is paged."""
        return tuple(alarm for alarm in self.alarms if alarm.severity == "critical")
