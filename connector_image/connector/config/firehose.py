"""A Firehose delivery stream as an end of a route."""

from typing import Literal, Self

from pydantic import Field, model_validator

from connector.config.aws import AwsSink
from connector.config.section import KIBIBYTE, MEBIBYTE, Section
from connector.units import Size, format_size


class FirehoseLimits(Section):
    """What one PutRecordBatch call may hold. The service's own limits are fixed.

    https://docs.aws.amazon.com/firehose/latest/dev/limits.html
    """

    records: int = Field(default=500, ge=1, le=500, description="records in a call")
    request: Size = Field(default=4 * MEBIBYTE, ge=1024, le=4 * MEBIBYTE, description="bytes in a call")
    record: Size = Field(
        default=1000 * KIBIBYTE, ge=1, le=1000 * KIBIBYTE, description="bytes of a record, its newline included"
    )
    packed: Size = Field(
        default=1000 * KIBIBYTE,
        ge=1,
        le=1000 * KIBIBYTE,
        description="bytes up to which messages are packed into one record, with packing: newline",
    )
    messages: int | None = Field(
        default=None, ge=1, description="messages packed into one record; 500 where the delivery de-aggregates"
    )

    @model_validator(mode="after")
    def _fit(self) -> Self:
        for name, value in (("record", self.record), ("packed", self.packed)):
            if value > self.request:
                raise ValueError(f"{name} ({format_size(value)}) must not exceed request ({format_size(self.request)})")
        return self


class FirehoseSink(AwsSink):
    """A Firehose delivery stream, written by PutRecordBatch."""

    kind: Literal["firehose"]
    delivery_stream: str = Field(
        pattern=r"^[a-zA-Z0-9_.-]{1,64}$", description="name of the delivery stream", examples=["dev-archive"]
    )
    packing: Literal["none", "newline"] = Field(
        default="none",
        description="pack many messages into one record, a line each; Firehose bills every record in steps of 5 KB",
    )
    delimiter: Literal["newline", "none"] = Field(
        default="newline", description="what ends each message, so that objects can be read line by line"
    )
    limits: FirehoseLimits = Field(default=FirehoseLimits(), description="what a call may hold")

    @property
    def target(self) -> str:
        """What the records go to, by its name in AWS."""
        return self.delivery_stream

    @model_validator(mode="after")
    def _lines_need_ends(self) -> Self:
        if self.packing == "newline" and self.delimiter == "none":
            raise ValueError("packing: newline needs delimiter: newline; remove delimiter, or packing")
        return self
