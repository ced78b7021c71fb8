"""What deliveries to all destinations have in common.

Limits: Firehose API Reference, BufferingHints of each destination.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated

from pydantic import StrictStr

from environments.deliveries.source import DeliverySource
from environments.deliveries.transformation import Transformation
from environments.ends import TopicEnd
from environments.identifiers import KMS_KEY, BucketName
from environments.quantities import Duration, Size
from environments.rules.bounds import Bytes, Shape, Span
from environments.rules.findings import Finding
from environments.rules.prefixes import ERROR_TYPE, prefix_findings
from environments.section import Section

_MIB = 1 << 20

DeliveryName = Annotated[
    str,
    Shape(
        r"^[a-zA-Z0-9_.-]{1,64}$",
        "is not a name of a Firehose delivery stream",
        "use at most 64 letters, digits, underscores, dots and dashes",
    ),
]

BucketKey = Annotated[
    str,
    Shape(
        rf"^{KMS_KEY}$",
        "is not the ARN of a KMS key",
        "write arn:aws:kms:REGION:ACCOUNT:key/ID (an alias will not do: roles name the key itself)",
    ),
]

Retry = Annotated[Duration, Span("Firehose", timedelta(0), timedelta(hours=2), timedelta(seconds=1))]
"""How long Firehose tries again before records go to the prefix of errors."""


class Buffer(Section):
    """How much, or for how long, Firehose collects before it writes; whichever comes first."""

    size: Annotated[Size, Bytes("Firehose", _MIB, 128 * _MIB, _MIB)] = 5 * _MIB
    """1MiB to 128MiB."""
    interval: Annotated[Duration, Span("Firehose", timedelta(0), timedelta(minutes=15), timedelta(seconds=1))] = (
        timedelta(minutes=5)
    )
    """0s to 15m."""


class CommonDelivery(Section):
    """The keys of every delivery."""

    to: str  # first, so that documents begin with it
    name: DeliveryName | None = None
    """Name in Firehose; ENVIRONMENT-SHORTNAME where it is not given."""
    source: DeliverySource | None = None
    """What Firehose itself reads: ``{stream: NAME}``, or ``{topic: NAME, start: earliest}`` of MSK. Without it, routes
    bring records."""
    bucket: BucketName | None = None
    """Bucket to write to; one of its own is made where it is not given."""
    bucket_key: BucketKey | None = None
    """ARN of the KMS key of a given ``bucket``, where its objects are encrypted with one that AWS does not manage."""
    prefix: StrictStr = ""
    """Prefix of the objects in S3 (data, or the backup of what could not be delivered)."""
    buffer: Buffer = Buffer()
    """How much is collected before it is written."""
    transform: Transformation | None = None
    """A Lambda function that changes records on their way."""

    def rules(self) -> Iterable[Finding]:
        """A key belongs to a bucket that is given."""
        yield from super().rules()
        if self.bucket_key is not None and self.bucket is None:
            yield Finding(
                "is the key of a given bucket, and there is none",
                "add bucket, or remove it: a bucket that is made has the key of security.key",
                ("bucket_key",),
                self.bucket_key,
            )

    def only_into_s3(self) -> Iterable[Finding]:
        """Firehose brings topics into S3 only (Developer Guide, "Configure source settings for Amazon MSK")."""
        if isinstance(self.source, TopicEnd):
            yield Finding(
                f"is a topic, which Firehose brings into S3 only, not into {self.to}",
                "take source out and add a route from the topic to the delivery",
                ("source", "topic"),
                self.source.topic,
            )


class DeliveryWithErrors(CommonDelivery):
    """The keys of deliveries whose errors have a prefix of their own: all but those into Redshift."""

    errors: StrictStr = f"errors/{ERROR_TYPE}/"
    """Prefix of the objects that hold what could not be processed."""

    def rules(self) -> Iterable[Finding]:
        """Expressions that Firehose refuses in prefixes."""
        yield from super().rules()
        yield from prefix_findings(self.prefix, self.errors)
