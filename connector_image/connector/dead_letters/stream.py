"""A Kinesis stream as the place for dead letters: each is one record, an envelope with the reason."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from connector.aws.explained import explained
from connector.aws.failures import blames_content
from connector.aws.said import message_in, name_in
from connector.dead_letters.letter import Letter
from connector.dead_letters.queued import Load, Sent
from connector.dead_letters.target import Probed
from connector.errors import ConnectorError, Undeliverable
from connector.units import format_size

# The stream's own limits of a call are higher; there is no hurry here.
_CALL: Final = Load(bytes=2 << 20, seconds=0.05, letters=500)
_CALL_BYTES: Final = 4 << 20
_KEY_LENGTH: Final = 256
_TAKING: Final = frozenset({"ACTIVE", "UPDATING"})

Seal = Callable[[Letter], bytes]


class StreamCarrier:
    """Puts letters into a stream. They are spread over all shards: the envelope tells the order they had."""

    load = _CALL

    def __init__(self, client: Any, stream: str, seal: Seal) -> None:  # noqa: ANN401 - botocore has no types
        self._client = client
        self._stream = stream
        self._target = {"StreamARN" if stream.startswith("arn:") else "StreamName": stream}
        self._seal = seal

    def parcel(self, letters: Sequence[Letter]) -> "StreamParcel":
        """Make letters ready to send."""
        sealed = [(letter, {"Data": self._seal(letter), "PartitionKey": _key(letter)}) for letter in letters]
        return StreamParcel(self._put, self._stream, sealed)

    def probe(self) -> Probed:
        """Look whether the stream takes records.

        Raises:
            ConnectorError: it does not, or is not there.
            NotAuthenticated: the service does not accept the credentials.
        """
        what = f"dead-letter stream {self._stream!r} in {self._client.meta.region_name}"
        with explained(what):
            summary = self._client.describe_stream_summary(**self._target)["StreamDescriptionSummary"]
        status, limit = str(summary["StreamStatus"]), summary.get("MaxRecordSizeInKiB")
        if status not in _TAKING:
            raise ConnectorError(f"{what}: is {status}; it takes records when it is ACTIVE, start again then")
        takes = f" and takes records up to {format_size(limit * 1024)}" if limit else ""
        return Probed(f"{self._stream} is {status}{takes}")

    def _put(self, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        results: list[dict[str, Any]] = self._client.put_records(**self._target, Records=records)["Records"]
        return results


Sealed = tuple[Letter, dict[str, Any]]


class StreamParcel:
    """Letters on their way into a stream, which refuses records one by one or a call as a whole.

    A call that is refused for its content is sent again in halves until the letter is alone.
    """

    def __init__(
        self, put: Callable[[list[dict[str, Any]]], list[dict[str, Any]]], stream: str, letters: list[Sealed]
    ) -> None:
        self._put = put
        self._stream = stream
        self._letters = letters
        self._most = _CALL.letters

    @property
    def left(self) -> int:
        """Letters that the stream has not acknowledged."""
        return len(self._letters)

    def send(self) -> Sent:
        """Put as many records as one call may hold.

        Raises:
            Undeliverable: the stream can never take a letter.
            ClientError: the call failed as a whole.
        """
        count = self._fitting()
        call, rest = self._letters[:count], self._letters[count:]
        try:
            results = self._put([record for _, record in call])
        except ClientError as error:
            if not blames_content(str(error.response["Error"]["Code"])):
                raise
            if count > 1:
                self._most = count // 2
                return Sent(())
            self._letters = rest
            raise self._refused(*call[0], message_in(error.response["Error"].get("Message")) or str(error)) from None
        self._most = _CALL.letters
        # A sequence number proves that a record was taken; without one it counts as refused.
        refused = [(each, result) for each, result in zip(call, results, strict=True) if not _is_taken(result)]
        self._letters = [*(each for each, _ in refused), *rest]
        taken = [letter for (letter, _), result in zip(call, results, strict=True) if _is_taken(result)]
        return Sent(taken, _problem(refused[0][1]) if refused else None)

    def _fitting(self) -> int:
        """Count the letters at the beginning that one call may hold, at least one."""
        size = 0
        for count, (_, record) in enumerate(self._letters[: self._most]):
            size += len(record["Data"]) + len(record["PartitionKey"])
            if count and size > _CALL_BYTES:
                return count
        return min(self._most, len(self._letters))

    def _refused(self, letter: Letter, record: dict[str, Any], said: str) -> Undeliverable:
        return Undeliverable(
            letter.partition,
            letter.offset,
            f"{letter.message}; and the dead-letter stream {self._stream!r} refuses its envelope of"
            f" {format_size(len(record['Data']))} ({said.rstrip('.')})",
            "Raise the stream's maximum record size (up to 10 MiB), or use a dead-letter topic or bucket, and start"
            " again.",
        )


def _key(letter: Letter) -> str:
    return f"{letter.offset}/{letter.partition.number}/{letter.partition.topic}"[:_KEY_LENGTH]


def _is_taken(result: dict[str, Any]) -> bool:
    return bool(result.get("SequenceNumber")) and not result.get("ErrorCode")


def _problem(result: dict[str, Any]) -> str:
    code, message = name_in(result.get("ErrorCode")), message_in(result.get("ErrorMessage"))
    return f"{code or 'no sequence number'}: {message or 'record not taken'}"
