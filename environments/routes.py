"""Routes: what is moved from where to where, and by how many tasks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Field, PlainSerializer, PlainValidator, StrictInt, StrictStr, Tag, WithJsonSchema

from environments.rules.bounds import Count
from environments.rules.findings import Finding, refuse
from environments.section import Section

_ONE_END = "an end is one thing; keep one key"


class TopicEnd(Section):
    """The end of a route at a topic."""

    absent: ClassVar[dict[str, str]] = {"stream": _ONE_END, "delivery": _ONE_END}

    topic: StrictStr
    """Short name of the topic."""


class StreamEnd(Section):
    """The end of a route at a stream."""

    absent: ClassVar[dict[str, str]] = {"delivery": _ONE_END}

    stream: StrictStr
    """Short name of the stream."""


class DeliveryEnd(Section):
    """The end of a route at a Firehose delivery."""

    delivery: StrictStr
    """Short name of the delivery."""


def end_kind(value: object) -> str | None:
    """Tell an end by its key: topic, stream or delivery."""
    match value:
        case TopicEnd() | {"topic": _}:
            return "topic"
        case StreamEnd() | {"stream": _}:
            return "stream"
        case DeliveryEnd() | {"delivery": _}:
            return "delivery"
    return None


Source = Annotated[
    Annotated[TopicEnd, Tag("topic")] | Annotated[StreamEnd, Tag("stream")],
    Discriminator(end_kind),
]
Target = Annotated[
    Annotated[TopicEnd, Tag("topic")] | Annotated[StreamEnd, Tag("stream")] | Annotated[DeliveryEnd, Tag("delivery")],
    Discriminator(end_kind),
]


def _read_start(value: object) -> str | datetime:
    if isinstance(value, str) and value in {"earliest", "latest"}:
        return value
    try:
        start = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise refuse("is no place to start", "write earliest, latest, or a time such as 2026-01-31T00:00:00Z") from None
    if start.tzinfo is None:
        raise refuse("has no time zone", "add it, as in 2026-01-31T00:00:00Z")
    return start


Start = Annotated[
    Literal["earliest", "latest"] | datetime,
    PlainValidator(_read_start),
    PlainSerializer(lambda start: start if isinstance(start, str) else start.isoformat(), return_type=str),
    WithJsonSchema({"anyOf": [{"enum": ["earliest", "latest"]}, {"type": "string", "format": "date-time"}]}),
]


def _as_many_as_min(fields: dict[str, Any]) -> int:
    return int(fields["min"])


class Tasks(Section):
    """How many connector tasks work on a route; with ``max`` above ``min``, their CPU load moves it between the two."""

    min: Annotated[StrictInt, Count("streamops", 1)] = 1
    """At least this many."""
    max: Annotated[StrictInt, Count("streamops", 1)] = Field(default_factory=_as_many_as_min)
    """At most this many; as many as ``min`` where it is not given."""

    def rules(self) -> Iterable[Finding]:
        """The range is not empty."""
        if self.min > self.max:
            yield Finding(
                f"is above max ({self.max})", f"use at most {self.max}, or raise max", ("min",), str(self.min)
            )


class Route(Section):
    """Records move from one end to the other."""

    source: Source = Field(alias="from")
    """Where records come from: ``{topic: NAME}`` or ``{stream: NAME}``."""
    target: Target = Field(alias="to")
    """Where records go: ``{stream: NAME}``, ``{topic: NAME}`` or ``{delivery: NAME}``."""
    tasks: Tasks = Tasks()
    """How many connector tasks share the work."""
    ordering: Literal["key", "none"] = "key"
    """Whether the order of the records of each key is kept (``key``), or given up for speed (``none``)."""
    start: Start = "earliest"
    """Where the very first start begins: ``earliest``, ``latest``, or a time such as ``2026-01-31T00:00:00Z``."""
