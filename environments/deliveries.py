"""Firehose deliveries into S3, Redshift and OpenSearch.

Limits: Firehose API Reference, BufferingHints of each destination.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StrictStr

from environments.ends import Source
from environments.identifiers import BucketName, SecretReference
from environments.quantities import Duration, Size, format_size
from environments.rules.bounds import Bytes, Shape, Span
from environments.rules.findings import Finding
from environments.rules.prefixes import ERROR_TYPE, partition_key, partition_keys, prefix_findings
from environments.section import Section

_MIB = 1 << 20

MOST_OPENSEARCH_BUFFER = 100 * _MIB
LEAST_PARTITIONING_BUFFER = 64 * _MIB
LEAST_PARTITIONING_INTERVAL = timedelta(seconds=60)

DeliveryName = Annotated[
    str,
    Shape(
        r"^[a-zA-Z0-9_.-]{1,64}$",
        "is not a name of a Firehose delivery stream",
        "use at most 64 letters, digits, underscores, dots and dashes",
    ),
]


class Buffer(Section):
    """How much, or for how long, Firehose collects before it writes; whichever comes first."""

    size: Annotated[Size, Bytes("Firehose", _MIB, 128 * _MIB, _MIB)] = 5 * _MIB
    """1MiB to 128MiB."""
    interval: Annotated[Duration, Span("Firehose", timedelta(0), timedelta(minutes=15), timedelta(seconds=1))] = (
        timedelta(minutes=5)
    )
    """0s to 15m."""


class _Delivery(Section):
    to: str  # first, so that documents begin with it
    name: DeliveryName | None = None
    """Name in Firehose; ENVIRONMENT-SHORTNAME where it is not given."""
    source: Source | None = None
    """What Firehose itself reads: ``{stream: NAME}``, or ``{topic: NAME}`` of MSK. Without it, routes bring records."""
    prefix: StrictStr = ""
    """Prefix of the objects in S3 (data, or the backup of what could not be delivered)."""
    errors: StrictStr = f"errors/{ERROR_TYPE}/"
    """Prefix of the objects that hold what could not be processed."""
    buffer: Buffer = Buffer()
    """How much is collected before it is written."""

    def rules(self) -> Iterable[Finding]:
        """Expressions that Firehose refuses in prefixes."""
        return prefix_findings(self.prefix, self.errors)


class S3Delivery(_Delivery):
    """Objects in a bucket."""

    to: Literal["s3"]
    """Into S3."""
    bucket: BucketName | None = None
    """Bucket to write to; one of its own is made where it is not given."""
    compression: Literal["none", "gzip", "snappy", "zip", "hadoop-snappy"] = "none"
    """How objects are compressed."""
    partition_by: dict[str, StrictStr] = Field(default_factory=dict)
    """Dynamic partitioning: names for ``!{partitionKeyFromQuery:NAME}`` in the prefix, each with its jq expression."""

    def rules(self) -> Iterable[Finding]:
        """Dynamic partitioning needs large buffers, and a prefix that uses exactly its keys."""
        yield from super().rules()
        used = partition_keys(self.prefix)
        for name in sorted(used - self.partition_by.keys()):
            yield Finding("is no key of partition_by", "add it there", ("prefix",), partition_key(name))
        for name in sorted(self.partition_by.keys() - used):
            yield Finding("does not stand in prefix", f"add {partition_key(name)} to it", ("partition_by", name), name)
        if self.partition_by and self.buffer.size < LEAST_PARTITIONING_BUFFER:
            yield Finding(
                "is below the Firehose minimum of 64MiB with dynamic partitioning",
                "use at least 64MiB",
                ("buffer", "size"),
                format_size(self.buffer.size),
            )
        if self.partition_by and self.buffer.interval < LEAST_PARTITIONING_INTERVAL:
            yield Finding(
                "is below the Firehose minimum of 60s with dynamic partitioning",
                "use at least 60s",
                ("buffer", "interval"),
            )


class RedshiftDelivery(_Delivery):
    """Rows in a Redshift table, by way of objects in S3 and COPY."""

    absent: ClassVar[dict[str, str]] = {
        "partition_by": "Redshift reads whole objects; dynamic partitioning belongs to S3"
    }

    to: Literal["redshift"]
    """Into Redshift."""
    jdbc_url: Annotated[
        str,
        Shape(
            r"^jdbc:redshift://[A-Za-z0-9.-]+:[0-9]+/[A-Za-z0-9_-]+$",
            "is not the address of a Redshift database",
            "write it as in jdbc:redshift://HOST:5439/DATABASE",
        ),
    ]
    """Address of the database; Firehose must reach it from outside the VPC."""
    table: StrictStr
    """Table, which must exist already."""
    secret: SecretReference
    """Secrets Manager secret with user and password."""
    compression: Literal["none", "gzip"] = "none"
    """How staged objects are compressed; COPY cannot read the other ways."""


class OpenSearchDelivery(_Delivery):
    """Documents in an OpenSearch index."""

    absent: ClassVar[dict[str, str]] = {
        "partition_by": "documents are not partitioned; dynamic partitioning belongs to S3"
    }

    to: Literal["opensearch"]
    """Into OpenSearch."""
    domain: Annotated[
        str,
        Shape(
            r"^arn:aws[a-z-]*:es:[a-z0-9-]+:[0-9]{12}:domain/[a-z][a-z0-9-]{2,27}$",
            "is not the ARN of an OpenSearch domain",
            "write it as in arn:aws:es:REGION:ACCOUNT:domain/NAME",
        ),
    ]
    """ARN of the domain."""
    index: Annotated[
        str,
        Shape(
            r"^[a-z0-9][a-z0-9_.-]{0,199}$",
            "is not an index name",
            "use small letters, digits, dashes, dots and underscores",
        ),
    ]
    """Index to write to."""
    rotation: Literal["none", "hour", "day", "week", "month"] = "none"
    """How often a new index begins."""

    def rules(self) -> Iterable[Finding]:
        """OpenSearch takes smaller bulks."""
        yield from super().rules()
        if self.buffer.size > MOST_OPENSEARCH_BUFFER:
            yield Finding(
                "is above the Firehose maximum of 100MiB for OpenSearch",
                "use at most 100MiB",
                ("buffer", "size"),
                format_size(self.buffer.size),
            )


Delivery = Annotated[S3Delivery | RedshiftDelivery | OpenSearchDelivery, Field(discriminator="to")]
