"""Kinesis data streams, provisioned (a number of shards) or on-demand."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StrictInt

from environments.identifiers import KMS_KEY_ARN
from environments.quantities import Duration
from environments.rules.bounds import Count, Shape, Span
from environments.section import Section

SHORTEST_RETENTION = timedelta(hours=24)
LONGEST_RETENTION = timedelta(hours=8760)
MOST_SHARDS = 10_000
"""UpdateShardCount reaches no further (Kinesis API Reference)."""

StreamRetention = Annotated[
    Duration,
    # IncreaseStreamRetentionPeriod takes RetentionPeriodHours, from 24 to 8760 (Kinesis API Reference).
    Span("Kinesis", SHORTEST_RETENTION, LONGEST_RETENTION, step=timedelta(hours=1)),
]

StreamName = Annotated[
    str,
    Shape(
        r"^[a-zA-Z0-9_.-]{1,128}$",
        "is not a Kinesis stream name",
        "use at most 128 letters, digits, underscores, dots and dashes",
    ),
]

Encryption = Annotated[
    str,
    Shape(
        rf"^(managed|{KMS_KEY_ARN})$",
        "is neither managed nor the ARN of a KMS key",
        "write managed, or arn:aws:kms:REGION:ACCOUNT:key/ID",
    ),
]


class _Stream(Section):
    mode: str  # first, so that documents begin with it
    name: StreamName | None = None
    """Name in Kinesis; ENVIRONMENT-SHORTNAME where it is not given."""
    retention: StreamRetention = SHORTEST_RETENTION
    """How long records are kept, 24h to 365d in whole hours."""
    encryption: Encryption = "managed"
    """``managed`` (the key that AWS manages for Kinesis) or the ARN of your own KMS key."""


class ProvisionedStream(_Stream):
    """A stream with a number of shards."""

    mode: Literal["provisioned"]
    """A number of shards."""
    shards: Annotated[StrictInt, Count("Kinesis", 1, MOST_SHARDS)]
    """Number of shards: each takes 1 MiB and 1,000 records a second."""


class OnDemandStream(_Stream):
    """A stream for which Kinesis finds the capacity itself."""

    absent: ClassVar[dict[str, str]] = {
        "shards": "an on-demand stream finds its capacity itself; remove it or use mode: provisioned"
    }

    mode: Literal["on-demand"]
    """Capacity follows the load."""


Stream = Annotated[ProvisionedStream | OnDemandStream, Field(discriminator="mode")]
