"""What Firehose itself reads: a stream, or a topic of MSK."""

from __future__ import annotations

from typing import Annotated

from pydantic import Discriminator, Tag

from environments.ends import StreamEnd, TopicEnd, end_kind
from environments.routes import Start


class TopicSource(TopicEnd):
    """A topic of MSK that Firehose reads, and where it begins.

    The start has no default: Firehose's own is ``latest``, which skips what is in the topic already without a word
    (Firehose API Reference, MSKSourceConfiguration, ReadFromTimestamp), and it cannot be changed afterwards.
    """

    start: Start
    """Where the first read begins: ``earliest``, ``latest``, or a time such as ``2026-01-31T00:00:00Z``."""


DeliverySource = Annotated[
    Annotated[TopicSource, Tag("topic")] | Annotated[StreamEnd, Tag("stream")], Discriminator(end_kind)
]
