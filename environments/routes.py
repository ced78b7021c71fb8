"""Routes: what is moved from where to where, in which form, and by how many tasks.

The keys that decide the form are those of the connector's own configuration, in the same words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, PlainSerializer, PlainValidator, StrictInt, WithJsonSchema

from environments.dead_letters import DeadLetters
from environments.ends import DeliveryEnd, Source, StreamEnd, Target
from environments.partition_keys import ExplicitHashKey, FromHeader, PartitionKey
from environments.quantities import Duration
from environments.rules.bounds import Count, Span
from environments.rules.findings import Finding, refuse
from environments.section import Section


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
    """How many connector tasks work on a route; with ``max`` above ``min``, their load moves it between the two."""

    min: Annotated[StrictInt, Count("streamops", 1)] = 1
    """At least this many."""
    max: Annotated[StrictInt, Count("streamops", 1)] = Field(default_factory=_as_many_as_min)
    """At most this many; as many as ``min`` where it is not given."""
    backlog: (
        Annotated[Duration, Span("streamops", timedelta(seconds=10), timedelta(days=1), timedelta(seconds=1))] | None
    ) = None
    """Tasks are added when what waits in the topic would take longer than this at the pace of now, ``1m`` where it is
    not given; only with ``connectors.metrics: cloudwatch``, else their CPU alone decides."""

    @property
    def scales(self) -> bool:
        """Whether their number is left to the load."""
        return self.max > self.min

    def rules(self) -> Iterable[Finding]:
        """The range is not empty."""
        if self.min > self.max:
            yield Finding(
                f"is above max ({self.max})", f"use at most {self.max}, or raise max", ("min",), str(self.min)
            )
        if self.backlog is not None and not self.scales:
            yield Finding("has a meaning only where max is above min", "remove it, or raise max", ("backlog",))


_OF_STREAMS = ("partition_key", "explicit_hash_key", "aggregation")
_OF_DELIVERIES = ("packing", "delimiter")


class Route(Section):
    """Records move from one end to the other."""

    source: Source = Field(alias="from")
    """Where records come from: ``{topic: NAME}`` or ``{stream: NAME}``."""
    target: Target = Field(alias="to")
    """Where records go: ``{stream: NAME}``, ``{topic: NAME}`` or ``{delivery: NAME}``."""
    tasks: Tasks = Tasks()
    """How many connector tasks share the work."""
    processes: Annotated[StrictInt, Count("streamops", 1, 64)] = 1
    """Processes in each task, one for each core that a single task shall use."""
    ordering: Literal["key", "none"] = "key"
    """Whether the order of the records of each key is kept (``key``), or given up for speed (``none``)."""
    start: Start = "earliest"
    """Where the very first start begins: ``earliest``, ``latest``, or a time such as ``2026-01-31T00:00:00Z``."""
    linger: Annotated[
        Duration, Span("streamops", timedelta(milliseconds=1), timedelta(seconds=10), timedelta(milliseconds=1))
    ] = timedelta(milliseconds=100)
    """Longest wait for a batch to fill, 1ms to 10s."""
    format: Literal["value", "envelope"] = "value"
    """What is sent of a record: its ``value`` as it is, or an ``envelope`` that keeps all of it."""
    compression: Literal["none", "gzip", "zstd"] = "none"
    """How the data of each record is compressed."""
    tombstones: Literal["reject", "empty", "drop", "envelope"] | None = None
    """Fate of a record without a value: ``reject`` (as undeliverable), ``empty`` (sent empty), ``drop`` (and counted)
    or ``envelope``; without it ``envelope`` where the format is that, else ``reject``."""
    dead_letters: DeadLetters | None = None
    """Where undeliverable records go: ``{topic: NAME}``, ``{stream: NAME}`` or ``{bucket: NAME}``; without it the route
    stops at the first one."""
    partition_key: PartitionKey = "key"
    """To a stream, what decides the shard: ``key``, ``partition``, ``spread``, ``{header: NAME}`` or ``{field: PATH}``
    of a JSON value."""
    explicit_hash_key: ExplicitHashKey | None = None
    """To a stream, the hash key that decides the shard instead: a number, or ``{header: NAME}``."""
    aggregation: Literal["none", "kpl"] = "none"
    """To a stream, ``kpl`` packs many records into one as the Kinesis Producer Library does; readers must take them
    apart."""
    packing: Literal["none", "newline"] = "none"
    """To a delivery, ``newline`` packs many records into one, a line each; Firehose bills every record in steps of
    5 KB."""
    delimiter: Literal["newline", "none"] | None = None
    """To a delivery, what ends each record; without it ``newline`` into S3 and Redshift, ``none`` into OpenSearch."""

    @property
    def spreads(self) -> bool:
        """Whether records of one key may go to different shards."""
        return self.partition_key == "spread" or isinstance(self.explicit_hash_key, FromHeader)

    def rules(self) -> Iterable[Finding]:
        """What cannot go together, and what has no meaning at this route's end."""
        yield from self._for_the_other_end()
        yield from self._order_that_holds()
        if self.tombstones == "envelope" and self.format != "envelope":
            yield Finding(
                f"is not what is sent with format: {self.format}",
                "set format: envelope, or use reject, empty or drop",
                ("tombstones",),
                "envelope",
            )
        if self.packing == "newline" and self.delimiter == "none":
            yield Finding(
                "packs lines that delimiter: none leaves without an end", "remove delimiter, or packing", ("packing",)
            )
        yield from self._bytes_without_lines()
        yield from self._dead_letters_elsewhere()

    def _for_the_other_end(self) -> Iterator[Finding]:
        foreign = {} if isinstance(self.target, StreamEnd) else dict.fromkeys(_OF_STREAMS, "stream")
        if not isinstance(self.target, DeliveryEnd):
            foreign |= dict.fromkeys(_OF_DELIVERIES, "delivery")
        for name, kind in foreign.items():
            if getattr(self, name) != type(self).model_fields[name].default:
                yield Finding(f"has a meaning only on the way to a {kind}", "remove it", (name,))

    def _order_that_holds(self) -> Iterator[Finding]:
        if self.ordering == "none" or not self.spreads:
            return
        name = "partition_key" if self.partition_key == "spread" else "explicit_hash_key"
        yield Finding(
            "sends records of one key to different shards, where ordering: key cannot hold",
            "add ordering: none, or let the key decide the shard",
            (name,),
        )

    def _bytes_without_lines(self) -> Iterator[Finding]:
        if self.compression != "none" and isinstance(self.target, DeliveryEnd) and self.delimiter != "none":
            yield Finding(
                "makes bytes that newlines cannot tell apart",
                f"set deliveries.{self.target.delivery}.compression instead, or delimiter: none without packing",
                ("compression",),
                self.compression,
            )

    def _dead_letters_elsewhere(self) -> Iterator[Finding]:
        for end in (self.source, self.target):
            if self.dead_letters is not None and self.dead_letters == end:
                ((kind, name),) = end.model_dump().items()
                yield Finding(
                    f"is the {kind} that this route itself {'reads' if end is self.source else 'writes'}",
                    f"name a {kind} that holds undeliverable records and nothing else",
                    ("dead_letters", kind),
                    str(name),
                )
