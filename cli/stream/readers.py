"""Who reads a stream, as far as that is known: what speaks for or against deleting records.

Nothing tells all of it: Kinesis lists no readers that share GetRecords, and one that has stopped emits no age.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from botocore.exceptions import BotoCoreError, ClientError

from cli.aws import Aws
from cli.aws_errors import explain
from cli.stream.iterator_age import WINDOW, IteratorAges, read_iterator_ages
from cli.stream.live import LiveStream, read_consumers
from environments import Environment, StreamEnd

NEVER_ALL = "Kinesis lists no readers that share GetRecords, and one that has stopped emits no age"


@dataclass(frozen=True)
class Readers:
    """What is known of the readers of one stream."""

    ages: IteratorAges = field(default_factory=lambda: IteratorAges(None, {}))
    routes: tuple[str, ...] = ()
    """Routes of this environment that read it."""
    unknown: str = ""
    """Why the ages cannot be told; empty where they were asked for."""

    def told(self) -> list[str]:
        """A line for each thing that is known, and for what is not."""
        lines = [f"route {name} of this environment reads it" for name in self.routes]
        if self.unknown:
            return [*lines, f"how far readers are behind is not known: {self.unknown}"]
        lines += [f"registered consumer {name}: {_behind(age)}" for name, age in self.ages.consumers.items()]
        return [*lines, f"readers by GetRecords: {_behind(self.ages.shared)}"]

    def as_json(self) -> dict[str, object]:
        """For a plan's summary; ages in seconds, null where unknown."""
        return {
            "registered_consumers": {name: _seconds(age) for name, age in self.ages.consumers.items()},
            "iterator_age_seconds": _seconds(self.ages.shared),
            "routes": list(self.routes),
        }


def read_readers(aws: Aws, name: str, live: LiveStream) -> Readers:
    """What is known of the readers of a stream, by its short name and as it is."""
    routes = tuple(routes_from(aws.environment, name))
    try:
        names: Iterable[str] = [each.name for each in read_consumers(aws, live.arn)]
        return Readers(read_iterator_ages(aws, live.name, consumers=names), routes)
    except (ClientError, BotoCoreError) as error:
        return Readers(routes=routes, unknown=explain(error).message)


def routes_from(environment: Environment, stream: str) -> list[str]:
    """The routes that read a stream, by its short name."""
    return [
        name
        for name, route in environment.routes.items()
        if isinstance(route.source, StreamEnd) and route.source.stream == stream
    ]


def age_told(age: timedelta) -> str:
    """An age as people read it, in two digits: ``45s``, ``2.5m``, ``12m``, ``30h``, ``5d``."""
    seconds = age.total_seconds()
    for unit, length in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.2g}{unit}" if seconds < 10 * length else f"{seconds / length:.0f}{unit}"
    return f"{seconds:.0f}s"


def _behind(age: timedelta | None) -> str:
    minutes = f"{WINDOW.total_seconds() / 60:.0f} minutes"
    if age is None:
        return f"not known, nothing was measured in the last {minutes}"
    return f"at most {age_told(age)} behind in the last {minutes}"


def _seconds(age: timedelta | None) -> float | None:
    return None if age is None else age.total_seconds()
