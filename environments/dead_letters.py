"""Where a route sends what it cannot deliver."""

from __future__ import annotations

from typing import Annotated

from pydantic import Discriminator, Tag

from environments.ends import DeliveryEnd, StreamEnd, TopicEnd, end_kind
from environments.identifiers import BucketName
from environments.rules.bounds import Shape
from environments.section import Section


class DeadLetterBucket(Section):
    """Objects of JSON lines in a bucket that exists already."""

    bucket: BucketName
    """Name of the bucket."""
    prefix: Annotated[
        str,
        Shape(
            # What begins with it is all that the task may write: as a wildcard in a policy it would be more.
            r"^[^*?$]*$",
            "holds a wildcard of IAM policies",
            "leave out *, ? and $",
            longest=512,
        ),
    ] = "dead-letters/"
    """What the names of its objects begin with."""


def _kind(value: object) -> str | None:
    match value:
        case DeadLetterBucket() | {"bucket": _} if end_kind(value) is None:
            return "bucket"
        case DeliveryEnd() | {"delivery": _}:
            return None
    return end_kind(value)


DeadLetters = Annotated[
    Annotated[TopicEnd, Tag("topic")]
    | Annotated[StreamEnd, Tag("stream")]
    | Annotated[DeadLetterBucket, Tag("bucket")],
    Discriminator(_kind),
]
