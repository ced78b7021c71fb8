"""How PutRecords calls are written and read: what the wires have in common.

https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
"""

from collections.abc import Sequence
from typing import Final, Protocol

from connector.batch import Records
from connector.http_response import Response
from connector.outcome import Outcome

TARGET: Final = "Kinesis_20131202.PutRecords"


class Wire(Protocol):
    """A way to write PutRecords."""

    content_type: str

    def encode(self, parts: Sequence[Records]) -> bytes:
        """Write the body of a call of all these records; all have hash keys of their own, or none has."""

    def decode(self, response: Response, count: int) -> Outcome:
        """Read the answer to a call of `count` records."""


def stream_member(stream: str) -> tuple[str, str]:
    """Name the member of a request that names the stream, and its value."""
    return ("StreamARN" if stream.startswith("arn:") else "StreamName", stream)
