"""Routes: what is moved from where to where, and by how many tasks."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Discriminator, Field, StrictInt, Tag

from environments.section import Section


class TopicEnd(Section):
    """The end of a route at a topic."""

    topic: str
    """Short name of the topic."""


class StreamEnd(Section):
    """The end of a route at a stream."""

    stream: str
    """Short name of the stream."""


class DeliveryEnd(Section):
    """The end of a route at a Firehose delivery."""

    delivery: str
    """Short name of the delivery."""


def end_kind(value: Any) -> str | None:
    """Tell an end by its only key: ``topic``, ``stream`` or ``delivery``."""
    keys = (
        set(value)
        if isinstance(value, dict)
        else set(type(value).model_fields)
        if isinstance(value, Section)
        else set()
    )
    found = [kind for kind in ("topic", "stream", "delivery") if kind in keys]
    return found[0] if found else None


Source = Annotated[
    Annotated[TopicEnd, Tag("topic")] | Annotated[StreamEnd, Tag("stream")],
    Discriminator(end_kind),
]
Target = Annotated[
    Annotated[TopicEnd, Tag("topic")]
    | Annotated[StreamEnd, Tag("stream")]
    | Annotated[DeliveryEnd, Tag("delivery")],
    Discriminator(end_kind),
]


def _as_min(data: dict[str, Any]) -> int:
    return int(data["min"])


class Tasks(Section):
    """How many connector tasks work on a route; autoscaling moves between the two."""

    min: StrictInt = 1
    max: StrictInt = Field(default_factory=_as_min)
    """At most this many; as many as ``min`` where it is not given."""


class Route(Section):
    """Records move from one end to the other."""

    source: Source = Field(alias="from")
    """Where records come from: ``{topic: NAME}`` or ``{stream: NAME}``."""
    target: Target = Field(alias="to")
    """Where records go: ``{stream: NAME}``, ``{topic: NAME}`` or ``{delivery: NAME}``."""
    tasks: Tasks = Tasks()
    """How many connector tasks work on the route."""
    ordering: Literal["key", "none"] = "key"
    """Whether the order of the records of each key is kept (``key``), or given up for speed (``none``)."""
    start: Literal["earliest", "latest"] | AwareDatetime = "earliest"
    """Where the very first start begins: ``earliest``, ``latest``, or a time such as 2026-01-31T00:00:00Z."""
