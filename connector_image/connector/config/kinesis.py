"""A Kinesis data stream as an end of a route."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from connector.config.aws import AwsSink
from connector.config.limits import exceeding
from connector.config.section import KIBIBYTE, MEBIBYTE, BrokenRule, Rules, Section
from connector.units import Size, format_size

STREAM_NAME = r"^([a-zA-Z0-9_.-]{1,128}|arn:[^:]+:kinesis:[a-z0-9-]+:\d{12}:stream/[a-zA-Z0-9_.-]{1,128})$"


def region_of(stream: str) -> str | None:
    """Return the region that a stream's ARN holds; its name holds none."""
    return stream.split(":")[3] if stream.startswith("arn:") else None


# Hash keys are MD5 digests read as numbers.
HASH_KEYS = 1 << 128


class FromHeader(Section):
    """The value of a record's header, the last one of that name."""

    header: str = Field(min_length=1, max_length=249, description="name of the header")


class FromField(Section):
    """A field of a value that is a JSON object."""

    field: str = Field(
        pattern=r"^[^.\s]+(\.[^.\s]+)*$",
        description="name of the field, with dots from object to object",
        examples=["customer.id"],
    )


PartitionKey = Literal["key", "partition", "spread"] | FromHeader | FromField


_HASH_KEY_RULE: Final = "must be a whole number from 0 to 2^128 - 1 in decimal digits"


def _hash_key(value: str) -> str:
    if not (value.isascii() and value.isdigit() and int(value) < HASH_KEYS and str(int(value)) == value):
        raise ValueError(_HASH_KEY_RULE)
    return value


def _number_as_text(value: object) -> object:
    # YAML reads digits as a number, and JSON cannot hold one of this size everywhere.
    if type(value) is not int:
        return value
    if not 0 <= value < HASH_KEYS:
        raise ValueError(_HASH_KEY_RULE)
    return str(value)


ExplicitHashKey = Annotated[str, BeforeValidator(_number_as_text), AfterValidator(_hash_key)] | FromHeader


class KinesisLimits(Section):
    """What one PutRecords call may hold; a stream takes records up to 1 MiB unless its own limit was raised.

    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
    """

    records: int = Field(default=500, ge=1, le=500, description="records in a call")
    request: Size = Field(
        default=10 * MEBIBYTE, ge=1024, le=10 * MEBIBYTE, description="bytes in a call, keys included"
    )
    record: Size | None = Field(
        default=None,
        ge=1,
        le=10 * MEBIBYTE,
        description="bytes of a record, key included; without it as many as the stream takes and a call holds",
    )
    aggregate: Size = Field(
        default=50 * KIBIBYTE,
        ge=1,
        le=10 * MEBIBYTE,
        description="bytes of an aggregate, key included, with aggregation: kpl",
    )

    @property
    def asks_for_aggregates(self) -> bool:
        """Whether aggregates are to have just this size; without it they stay below the record's limit."""
        return "aggregate" in self.model_fields_set

    def _record_fits(self) -> Iterator[BrokenRule]:
        if self.record is not None:
            yield from exceeding("record", self.record, "request", self.request)

    RULES: ClassVar[Rules] = (_record_fits,)


class KinesisSink(AwsSink):
    """A Kinesis data stream, written by PutRecords."""

    kind: Literal["kinesis"]
    stream: str = Field(pattern=STREAM_NAME, description="name or ARN of the stream", examples=["dev-flights"])
    partition_key: PartitionKey = Field(
        default="key",
        description="what decides the shard: key, partition, spread, {header: NAME} or {field: PATH} of a JSON value",
    )
    explicit_hash_key: ExplicitHashKey | None = Field(
        default=None,
        description="hash key that decides the shard instead: a number, or {header: NAME}",
    )
    aggregation: Literal["none", "kpl"] = Field(
        default="none",
        description="pack many records into one as the Kinesis Producer Library does; readers must take them apart",
    )
    wire: Literal["auto", "cbor", "json"] = Field(
        default="auto", description="how calls are written; auto is CBOR, and JSON where that is not understood"
    )
    limits: KinesisLimits = Field(default=KinesisLimits(), description="what a call may hold")

    @property
    def target(self) -> str:
        """What the records go to, by its name in AWS."""
        return self.stream

    @property
    def _sizes_aggregates(self) -> bool:
        return self.aggregation == "kpl" and self.limits.asks_for_aggregates

    @property
    def named_region(self) -> str | None:
        """The region that the sink itself names, with its ARN if not otherwise."""
        return self.region or region_of(self.stream)

    @property
    def spreads(self) -> bool:
        """Whether records of one key may go to different shards."""
        return self.partition_key == "spread" or isinstance(self.explicit_hash_key, FromHeader)

    def _aggregate_is_a_record(self) -> Iterator[BrokenRule]:
        limits = self.limits
        if self._sizes_aggregates and limits.record is not None and limits.aggregate > limits.record:
            yield BrokenRule(
                "limits.aggregate",
                f"{format_size(limits.aggregate)} must not exceed limits.record ({format_size(limits.record)})",
                "lower it, or raise limits.record with the stream's maximum record size",
            )

    def _aggregate_fits(self) -> Iterator[BrokenRule]:
        if self._sizes_aggregates:
            yield from exceeding("limits.aggregate", self.limits.aggregate, "limits.request", self.limits.request)

    def _one_region(self) -> Iterator[BrokenRule]:
        found = region_of(self.stream)
        if found is not None and self.region is not None and self.region != found:
            yield BrokenRule(
                "region", f"{self.region} is not the region of sink.stream's ARN ({found})", "remove it, or correct one"
            )

    RULES: ClassVar[Rules] = (*AwsSink.RULES, _one_region, _aggregate_is_a_record, _aggregate_fits)
