"""Kinesis data streams, provisioned (a number of shards) or on-demand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, StrictInt

from environments.identifiers import KMS_KEY
from environments.quantities import Duration, Size
from environments.rules.bounds import Bytes, Count, Shape, Span
from environments.rules.findings import Finding, refuse
from environments.section import Section
from environments.stream_autoscale import MOST_SHARDS, StreamAutoscale

SHORTEST_RETENTION = timedelta(hours=24)
LONGEST_RETENTION = timedelta(hours=8760)
MOST_CONSUMERS = 20
MOST_CONSUMERS_OF_ADVANTAGE = 50
"""Kinesis Developer Guide, "Develop enhanced fan-out consumers": 50 with on-demand Advantage, else 20."""

KIB = 1 << 10
MIB = 1 << 20
LARGEST_WARM_THROUGHPUT = 10 << 30
"""UpdateStreamWarmThroughput reaches 10 GiB a second (Kinesis API Reference)."""

ENVIRONMENT_KEY = "environment"

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

ConsumerName = Annotated[
    str,
    Shape(
        r"^[a-zA-Z0-9_.-]{1,128}$",
        "is not a name of a Kinesis consumer",
        "use at most 128 letters, digits, underscores, dots and dashes",
    ),
]

Encryption = Annotated[
    str,
    Shape(
        rf"^(managed|{ENVIRONMENT_KEY}|{KMS_KEY})$",
        "is neither managed nor environment nor the ARN of a KMS key",
        "write managed, environment (the key of security.key), or arn:aws:kms:REGION:ACCOUNT:key/ID (an alias will not"
        " do: roles name the key itself)",
    ),
]

Principal = Annotated[
    str,
    Shape(
        # Neither * nor a role by a path with a wildcard: what is shared with everybody is shared by mistake.
        r"^([0-9]{12}|arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[A-Za-z0-9/_+=,.@-]+)$",
        "is neither an account number nor the ARN of an IAM role or user",
        'write "444455556666" in quotes, or arn:aws:iam::444455556666:role/NAME',
    ),
]

ShardMetric = Literal[
    "IncomingBytes",
    "IncomingRecords",
    "IteratorAgeMilliseconds",
    "OutgoingBytes",
    "OutgoingRecords",
    "ReadProvisionedThroughputExceeded",
    "WriteProvisionedThroughputExceeded",
]


def _once(items: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(items)) < len(items):
        raise refuse("names something twice", "name each once")
    return items


class StreamConsumer(Section):
    """A consumer registered for enhanced fan-out, with 2 MiB a second of each shard for itself."""

    share: Annotated[tuple[Principal, ...], AfterValidator(_once)] = ()
    """Accounts and IAM roles that may subscribe as this consumer."""


class _Stream(Section):
    mode: str  # first, so that documents begin with it
    name: StreamName | None = None
    """Name in Kinesis; ENVIRONMENT-SHORTNAME where it is not given."""
    retention: StreamRetention = SHORTEST_RETENTION
    """How long records are kept, 24h to 365d in whole hours."""
    encryption: Encryption = "managed"
    """``managed`` (the key that AWS manages for Kinesis), ``environment`` (the key of ``security.key``) or the ARN of
    another KMS key."""
    max_record_size: Annotated[Size, Bytes("Kinesis", MIB, 10 * MIB, step=KIB)] = MIB
    """Largest record that the stream takes, key included, 1MiB to 10MiB; connectors learn it when they start."""
    shard_metrics: Annotated[tuple[ShardMetric, ...], AfterValidator(_once)] = ()
    """CloudWatch metrics that are kept for each shard by itself, at extra cost, such as ``IncomingBytes``."""
    consumers: dict[ConsumerName, StreamConsumer] = Field(default_factory=dict)
    """Consumers registered for enhanced fan-out, by their names in Kinesis; at most 20."""
    share: dict[Principal, Literal["read", "write", "read-write"]] = Field(default_factory=dict)
    """Who besides the own account may ``read``, ``write`` or ``read-write``, by account number or ARN of an IAM role.
    """

    @property
    def most_consumers(self) -> int:
        """Consumers that Kinesis registers at most."""
        return MOST_CONSUMERS

    @property
    def own_key(self) -> bool:
        """Whether records are encrypted with a key of the owner's, be it the environment's or another."""
        return self.encryption != "managed"

    def rules(self) -> Iterable[Finding]:
        """What Kinesis refuses, and what readers elsewhere could not decrypt."""
        if len(self.consumers) > self.most_consumers:
            yield Finding(
                f"are {len(self.consumers)} consumers, above the Kinesis maximum of {self.most_consumers}",
                "remove some; readers that need no throughput of their own poll without being registered",
                ("consumers",),
            )
        yield from self._readable_elsewhere()

    def _readable_elsewhere(self) -> Iterator[Finding]:
        """Nobody can grant the use of a key that AWS manages to another account (AWS KMS Developer Guide)."""
        if self.own_key:
            return
        shared: list[tuple[str, ...]] = [("share",)] if self.share else []
        shared += [("consumers", name, "share") for name, consumer in self.consumers.items() if consumer.share]
        for path in shared:
            yield Finding(
                "cannot go with encryption: managed, whose key no other account may use",
                "set encryption: environment with security.key: create, or give the ARN of a key that they may use",
                path,
            )


class ProvisionedStream(_Stream):
    """A stream with a number of shards."""

    absent: ClassVar[dict[str, str]] = {
        "warm_throughput": "a provisioned stream is as warm as its shards; remove it, or use mode: on-demand",
        "distribution": "only an on-demand stream spreads records by itself; remove it, or use mode: on-demand",
    }

    mode: Literal["provisioned"]
    """A number of shards."""
    shards: Annotated[StrictInt, Count("Kinesis", 1, MOST_SHARDS)]
    """Number of shards: each takes 1 MiB and 1,000 records a second."""
    autoscale: StreamAutoscale | None = None
    """Bounds and thresholds of ``streamops stream reshard NAME --auto``, which a scheduler runs every few minutes."""

    def rules(self) -> Iterable[Finding]:
        """Besides what holds for every stream: the shards to begin with are among those that the load may choose."""
        yield from super().rules()
        if self.autoscale and not self.autoscale.min <= self.shards <= self.autoscale.max:
            yield Finding(
                f"is not from autoscale.min ({self.autoscale.min}) to autoscale.max ({self.autoscale.max})",
                "choose a number between them, or change them",
                ("shards",),
                str(self.shards),
            )


class OnDemandStream(_Stream):
    """A stream for which Kinesis finds the capacity itself."""

    absent: ClassVar[dict[str, str]] = {
        "shards": "an on-demand stream finds its capacity itself; remove it or use mode: provisioned",
        "autoscale": "an on-demand stream finds its capacity itself; remove it or use mode: provisioned",
    }

    mode: Literal["on-demand"]
    """Capacity follows the load."""
    warm_throughput: Annotated[Size, Bytes("Kinesis", MIB, LARGEST_WARM_THROUGHPUT, step=MIB)] | None = None
    """Bytes a second that the stream takes at once, without time to grow, 1MiB to 10GiB; the account must have
    on-demand Advantage (``aws kinesis update-account-settings``)."""
    distribution: Literal["partition-key", "auto"] = "partition-key"
    """What decides the shard of a record: its ``partition-key``, or ``auto``, by which Kinesis spreads records evenly
    and keeps no order."""

    @property
    def most_consumers(self) -> int:
        """With warm throughput the account has on-demand Advantage, and with it room for more."""
        return MOST_CONSUMERS if self.warm_throughput is None else MOST_CONSUMERS_OF_ADVANTAGE


Stream = Annotated[ProvisionedStream | OnDemandStream, Field(discriminator="mode")]
