"""What a route or a delivery leads from and to, by the short names of the file."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Discriminator, StrictStr, Tag

from environments.section import Section

ONE_END = "an end is one thing; keep one key"


class TopicEnd(Section):
    """The end of a route at a topic."""

    absent: ClassVar[dict[str, str]] = dict.fromkeys(("stream", "delivery", "bucket"), ONE_END)

    topic: StrictStr
    """Short name of the topic."""


class StreamEnd(Section):
    """The end of a route at a stream."""

    absent: ClassVar[dict[str, str]] = dict.fromkeys(("delivery", "bucket"), ONE_END)

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
