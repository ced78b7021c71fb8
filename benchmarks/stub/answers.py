"""Bodies of answers, written once for each number of records; a call adds only its own number.

A sequence number has 56 digits: a beginning that never changes, the number of the call, and the place in it. So they
ascend, whatever the shard.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Final

import cbor2

THROTTLED: Final = "ProvisionedThroughputExceededException"
_CALL: Final = "~~~~~~~~~~~~~~~~"  # the place of the call's number, 16 digits


def shard_id(number: int) -> str:
    """The name of a shard."""
    return f"shardId-{number:012d}"


def call_digits(call: int) -> bytes:
    """The number of a call as it stands in sequence numbers."""
    return b"%016d" % call


class PutRecordsAnswers:
    """Answers to PutRecords in one encoding."""

    def __init__(self, shards: int, *, cbor: bool) -> None:
        self._shards = shards
        self._cbor = cbor
        self._taken = cache(self._write_taken)
        self._pieces = cache(self._write_pieces)

    def all_taken(self, count: int, call: int) -> bytes:
        """The answer to a call of which every record was taken."""
        return call_digits(call).join(self._taken(count))

    def some_refused(self, refused: list[bool], call: int) -> bytes:
        """The answer to a call of which some were throttled."""
        digits = call_digits(call)
        pieces = self._pieces(len(refused))
        entries = [
            self._error(index % self._shards) if bad else digits.join(piece)
            for index, (bad, piece) in enumerate(zip(refused, pieces, strict=True))
        ]
        return self._frame(entries, sum(refused))

    def placed(self, shards: list[int], call: int) -> bytes:
        """The answer to a call whose records went to these shards."""
        return self._frame(
            [
                self._encode(self._entry(index, shard)).replace(_CALL.encode(), call_digits(call))
                for index, shard in enumerate(shards)
            ],
            0,
        )

    def _write_taken(self, count: int) -> list[bytes]:
        entries = [self._encode(self._entry(index, index % self._shards)) for index in range(count)]
        return self._frame(entries, 0).split(_CALL.encode())

    def _write_pieces(self, count: int) -> list[list[bytes]]:
        return [self._encode(self._entry(index, index % self._shards)).split(_CALL.encode()) for index in range(count)]

    def _entry(self, index: int, shard: int) -> dict[str, str]:
        return {"SequenceNumber": f"49650000000000000000000000000000{_CALL}{index:08d}", "ShardId": shard_id(shard)}

    @cache  # noqa: B019 - one for each shard and encoding, for the life of the process
    def _error(self, shard: int) -> bytes:
        message = f"Rate exceeded for shard {shard_id(shard)} in stream bench under account 000000000000."
        return self._encode({"ErrorCode": THROTTLED, "ErrorMessage": message})

    def _encode(self, content: dict[str, str]) -> bytes:
        return bytes(cbor2.dumps(content)) if self._cbor else json.dumps(content, separators=(",", ":")).encode()

    def _frame(self, entries: list[bytes], failed: int) -> bytes:
        if self._cbor:
            # A map of two; the array's own head says how many entries follow.
            array = bytes(cbor2.dumps([None] * len(entries)))[: -len(entries) or None]
            return b"".join(
                [
                    b"\xa2",
                    cbor2.dumps("FailedRecordCount"),
                    cbor2.dumps(failed),
                    cbor2.dumps("Records"),
                    array,
                    *entries,
                ]
            )
        return b'{"FailedRecordCount":%d,"Records":[%b]}' % (failed, b",".join(entries))


class PutRecordBatchAnswers:
    """Answers to Firehose's PutRecordBatch, which is JSON only."""

    def __init__(self) -> None:
        self._taken = cache(self._write_taken)

    def all_taken(self, count: int, call: int) -> bytes:
        """The answer to a call of which every record was taken."""
        return call_digits(call).join(self._taken(count))

    def _write_taken(self, count: int) -> list[bytes]:
        entries = [{"RecordId": f"{_CALL}{index:08d}".ljust(224, "A")} for index in range(count)]
        content = {"Encrypted": False, "FailedPutCount": 0, "RequestResponses": entries}
        return json.dumps(content, separators=(",", ":")).encode().split(_CALL.encode())
