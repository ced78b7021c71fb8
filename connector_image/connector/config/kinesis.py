"""A Kinesis data stream as an end of a route."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from connector.config.aws import AwsSink
from connector.config.section import KIBIBYTE, MEBIBYTE, Section
from connector.units import Size, format_size

STREAM_NAME = r"^([a-zA-Z0-9_.-]{1,128}|arn:[^:]+:kinesis:[^:]+:\d{12}:stream/[a-zA-Z0-9_.-]{1,128})$"

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


def _hash_key(value: str) -> str:
    if not (value.isascii() and value.isdigit() and int(value) < HASH_KEYS and str(int(value)) == value):
        raise ValueError("must be a whole number from 0 to 2^128 - 1 in decimal digits")
    return value


ExplicitHashKey = Annotated[str, AfterValidator(_hash_key)] | FromHeader


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

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if self.record is not None and self.record > self.request:
            raise ValueError(
                f"record ({format_size(self.record)}) must not exceed request ({format_size(self.request)})"
            )
        return self


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
    def spreads(self) -> bool:
        """Whether records of one key may go to different shards."""
        return self.partition_key == "spread" or isinstance(self.explicit_hash_key, FromHeader)

    @model_validator(mode="after")
    def _aggregates_fit(self) -> Self:
        limits = self.limits
        if self.aggregation != "kpl" or not limits.asks_for_aggregates:
            return self
        if limits.record is not None and limits.aggregate > limits.record:
            raise ValueError(
                f"limits.aggregate ({format_size(limits.aggregate)}) must not exceed limits.record"
                f" ({format_size(limits.record)}): lower it, or raise limits.record with the stream's maximum record"
                " size"
            )
        if limits.aggregate > limits.request:
            raise ValueError(
                f"limits.aggregate ({format_size(limits.aggregate)}) must not exceed limits.request"
                f" ({format_size(limits.request)}): lower the one or raise the other"
            )
        return self

    @model_validator(mode="before")
    @classmethod
    def _number_as_text(cls, data: Any) -> Any:  # noqa: ANN401 - whatever the text holds
        # YAML reads digits as a number, and JSON cannot hold one of this size everywhere.
        if isinstance(data, dict) and type(data.get("explicit_hash_key")) is int:
            return {**data, "explicit_hash_key": str(data["explicit_hash_key"])}
        return data
