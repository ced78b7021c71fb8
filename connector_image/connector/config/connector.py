"""The configuration of one connector: one route, one source, one sink."""

import json
from collections.abc import Iterator
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from connector.config.dead_letters import DeadLetters, DeadLetterStream, DeadLetterTopic
from connector.config.firehose import FirehoseSink
from connector.config.kafka import KafkaSource
from connector.config.kinesis import KinesisSink
from connector.config.section import MEBIBYTE, BrokenRule, Rules, Section
from connector.units import Duration, Size, format_size, parse_duration

Sink = Annotated[KinesisSink | FirehoseSink, Field(discriminator="kind")]

LEAST_MEMORY = 8 * MEBIBYTE
# What is read ahead is two fetches at most, one in the queue and one on its way, and has a quarter of the memory.
_FETCHES_IN_MEMORY: Final = 8
# A fetch brings a whole record, however large.
_RECORDS_IN_MEMORY: Final = 8

Tombstones = Literal["reject", "empty", "drop", "envelope"]


class Http(Section):
    """Where /healthz, /readyz and /metrics are served."""

    host: str = Field(default="0.0.0.0", min_length=1, description="address to listen on")  # noqa: S104 - a container's probes come from outside it
    port: int = Field(default=8080, ge=0, le=65535, description="port to listen on; 0 takes a free one")


class Emf(Section):
    """Metrics as CloudWatch's embedded metric format, lines of JSON on stdout."""

    namespace: str = Field(
        default="streamops",
        max_length=255,
        pattern=r"^[A-Za-z0-9_./#-][A-Za-z0-9_./#: -]*$",
        description="namespace of the metrics in CloudWatch",
    )
    interval: Duration = Field(
        default=parse_duration("1m"),
        ge=parse_duration("1s"),
        le=parse_duration("1h"),
        description="time between two lines",
    )


class ConnectorConfig(Section):
    """One route, as the connector runs it."""

    route: str = Field(
        pattern=r"^[a-zA-Z0-9._-]{1,128}$",
        description="name of the route in logs and metrics",
        examples=["flights-to-stream"],
    )
    source: KafkaSource = Field(description="where records come from")
    sink: Sink = Field(description="where records go")
    ordering: Literal["key", "none"] = Field(default="key", description="keep the order of each key, or none")
    format: Literal["value", "envelope"] = Field(
        default="value",
        description="what is sent of a record: its value as it is, or an envelope that keeps all of it",
    )
    compression: Literal["none", "gzip", "zstd"] = Field(
        default="none", description="how each record's data is compressed"
    )
    tombstones: Tombstones | None = Field(
        default=None,
        description="fate of a record without a value: reject (as undeliverable), empty (send it empty), drop (and"
        " count it) or envelope; without it envelope where the format is that, else reject",
    )
    dead_letters: DeadLetters | None = Field(
        default=None,
        description="where undeliverable records go: {topic: NAME}, {stream: NAME} or {bucket: NAME, prefix: PREFIX};"
        " without it the connector stops at the first one",
    )
    processes: int = Field(
        default=1, ge=1, le=64, description="processes of the consumer group in this one task, one for each core"
    )
    memory: Size = Field(
        default=128 * MEBIBYTE,
        ge=LEAST_MEMORY,
        le=64 << 30,
        description="for records, of all processes together: a quarter at most read ahead, a quarter not yet"
        " acknowledged, the rest for calls under way",
    )
    commit_interval: Duration = Field(
        default=parse_duration("1s"),
        ge=parse_duration("100ms"),
        le=parse_duration("5m"),
        description="time between commits",
    )
    drain_timeout: Duration = Field(
        default=parse_duration("20s"),
        ge=parse_duration("0s"),
        le=parse_duration("2m"),
        description="longest wait for records under way before a partition is given up",
    )
    stop_timeout: Duration = Field(
        default=parse_duration("90s"),
        ge=parse_duration("1s"),
        le=parse_duration("105s"),
        description="longest wait for records under way when stopping, and 10 s more for brokers that do not answer;"
        " ECS kills after 120 s at most",
    )
    http: Http = Field(default=Http(), description="health and metrics")
    emf: Emf | None = Field(default=None, description="metrics for CloudWatch on stdout; without it none")
    log: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least severity that is logged"
    )

    @property
    def fate_of_tombstones(self) -> Tombstones:
        """What becomes of a record without a value."""
        return self.tombstones or ("envelope" if self.format == "envelope" else "reject")

    def _ordering_can_hold(self) -> Iterator[BrokenRule]:
        if self.ordering == "key" and isinstance(self.sink, KinesisSink) and self.sink.spreads:
            yield BrokenRule(
                "ordering",
                "key cannot hold when records of a key go to different shards (partition_key: spread, or an"
                " explicit_hash_key from a header)",
                "use ordering: none, or let the key decide the shard",
            )

    def _tombstones_fit_the_format(self) -> Iterator[BrokenRule]:
        if self.tombstones == "envelope" and self.format != "envelope":
            yield BrokenRule(
                "tombstones", "envelope needs format: envelope", "use that, or tombstones: reject, empty or drop"
            )

    def _lines_stay_lines(self) -> Iterator[BrokenRule]:
        if self.compression != "none" and isinstance(self.sink, FirehoseSink) and self.sink.delimiter != "none":
            yield BrokenRule(
                "compression",
                f"{self.compression} makes bytes that newlines cannot tell apart",
                "use sink.delimiter: none and no packing, or let Firehose compress the objects",
            )

    def _memory_for_each_process(self) -> Iterator[BrokenRule]:
        needed = self.processes * LEAST_MEMORY
        if self.memory < needed:
            yield BrokenRule(
                "memory",
                f"{format_size(self.memory)} is shared out among {self.processes} processes, and each needs"
                f" {format_size(LEAST_MEMORY)}",
                f"raise memory to {format_size(needed)} at least or lower processes",
            )

    def _memory_for_reading_ahead(self) -> Iterator[BrokenRule]:
        fetch, needed = self.source.fetch, _FETCHES_IN_MEMORY * self.processes * self.source.fetch
        # For the smallest fetch the least memory of each process is enough, which has a rule of its own.
        if fetch * _FETCHES_IN_MEMORY > LEAST_MEMORY and self.memory < needed:
            yield BrokenRule(
                "source.fetch",
                f"{format_size(fetch)} needs memory of {format_size(needed)} at least, since what is read ahead has a"
                " quarter of it",
                f"raise memory ({format_size(self.memory)}) or lower source.fetch",
            )

    @property
    def largest_record(self) -> int:
        """Bytes of the largest record for which the memory of each process is enough."""
        return self.memory // self.processes // _RECORDS_IN_MEMORY

    def memory_for_records(self, size: int) -> int:
        """Return the bytes of memory that records of this size need."""
        return size * self.processes * _RECORDS_IN_MEMORY

    def _memory_for_large_records(self) -> Iterator[BrokenRule]:
        record = self.sink.limits.record
        if record is not None and record > self.largest_record:
            yield BrokenRule(
                "sink.limits.record",
                f"{format_size(record)} needs memory of {format_size(self.memory_for_records(record))} at least,"
                " eight such records for each process",
                f"raise memory ({format_size(self.memory)}), or lower sink.limits.record or processes",
            )

    def _dead_letters_go_elsewhere(self) -> Iterator[BrokenRule]:
        match self.dead_letters:
            case DeadLetterTopic(topic=self.source.topic):
                yield BrokenRule(
                    "dead_letters.topic",
                    f"must not be source.topic ({self.source.topic}): what was rejected would be read and rejected"
                    " again, for ever",
                    "name another topic",
                )
            case DeadLetterStream(stream=stream) if isinstance(self.sink, KinesisSink) and stream == self.sink.stream:
                yield BrokenRule(
                    "dead_letters.stream",
                    f"must not be sink.stream ({stream}), whose readers expect no envelopes of rejected records",
                    "name another stream",
                )

    def _one_instance_one_process(self) -> Iterator[BrokenRule]:
        if self.source.instance is not None and self.processes > 1:
            yield BrokenRule(
                "source.instance",
                f"names a single member, and there are {self.processes} processes",
                "use processes: 1, or remove it",
            )

    RULES: ClassVar[Rules] = (
        _ordering_can_hold,
        _tombstones_fit_the_format,
        _lines_stay_lines,
        _memory_for_each_process,
        _memory_for_reading_ahead,
        _memory_for_large_records,
        _dead_letters_go_elsewhere,
        _one_instance_one_process,
    )

    def to_json(self) -> str:
        """Render the canonical text: sorted keys, defaults left out, so equal configurations hash equally."""
        return json.dumps(self.model_dump(mode="json", exclude_defaults=True), sort_keys=True, separators=(",", ":"))
