"""A Firehose delivery stream as an end of a route."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from connector.config.aws import AwsSink
from connector.config.limits import exceeding
from connector.config.section import KIBIBYTE, MEBIBYTE, BrokenRule, Rules, Section
from connector.units import Size


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

    def _record_fits(self) -> Iterator[BrokenRule]:
        yield from exceeding("record", self.record, "request", self.request)

    def _packed_fits(self) -> Iterator[BrokenRule]:
        yield from exceeding("packed", self.packed, "request", self.request)

    RULES: ClassVar[Rules] = (_record_fits, _packed_fits)


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

    def _lines_need_ends(self) -> Iterator[BrokenRule]:
        if self.packing == "newline" and self.delimiter == "none":
            yield BrokenRule("packing", "newline needs delimiter: newline", "remove delimiter, or packing")

    RULES: ClassVar[Rules] = (*AwsSink.RULES, _lines_need_ends)
