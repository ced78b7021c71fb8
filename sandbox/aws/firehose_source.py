"""What a delivery stream reads by itself: a Kinesis stream, from the moment at which the delivery stream is made.

https://docs.aws.amazon.com/firehose/latest/dev/writing-with-kinesis-streams.html: Firehose starts at LATEST, and
takes apart what the Kinesis Producer Library aggregated. Nothing is read here with the role of the delivery stream,
since the stand-in does not call itself; that the role suffices is held by tests of its statements.
"""

from __future__ import annotations

import threading
from typing import Any
from weakref import WeakKeyDictionary

from moto.firehose.exceptions import InvalidArgumentException
from moto.firehose.models import DeliveryStream
from moto.kinesis.models import kinesis_backends

from sandbox.aws import firehose_buffer
from sandbox.aws.kpl import deaggregated

POLL_SECONDS = 0.2
"""Firehose asks each shard once a second; a demonstration would wait for that."""
BATCH_RECORDS = 10_000

_stopped: WeakKeyDictionary[DeliveryStream, threading.Event] = WeakKeyDictionary()


def source_stream(arn: str) -> Any:
    """The stream of an ARN.

    Raises:
        InvalidArgumentException: There is none, which Firehose finds out when it is told to read it.
    """
    found = _find(arn)
    if found is None:
        raise InvalidArgumentException(f"Firehose cannot read {arn}: there is no such stream")
    return found


def start(stream: DeliveryStream, arn: str) -> None:
    """Read the stream of an ARN from now on, into the buffer of a delivery stream, until `stop`."""
    newest = {shard_id: shard.end for shard_id, shard in source_stream(arn).shards.items()}
    stopped = _stopped[stream] = threading.Event()
    threading.Thread(target=_read, args=(stream, arn, newest, stopped), daemon=True).start()


def stop(stream: DeliveryStream) -> None:
    """Read no more; a delivery stream that writers fill is left as it is."""
    if (stopped := _stopped.pop(stream, None)) is not None:
        stopped.set()


def _read(stream: DeliveryStream, arn: str, positions: dict[str, int], stopped: threading.Event) -> None:
    while not stopped.wait(POLL_SECONDS):
        source = _find(arn)
        if source is None:
            positions.clear()  # one that is made anew under this name has shards of its own
            continue
        # Parents stand before their children, so a resharding keeps the order of each key.
        for shard_id, shard in list(source.shards.items()):
            while records := shard.read(positions.get(shard_id, 0), BATCH_RECORDS):
                positions[shard_id] = positions.get(shard_id, 0) + len(records)
                if stopped.is_set():
                    return
                firehose_buffer.add(stream, [each for record in records for each in deaggregated(record.data)])


def _find(arn: str) -> Any:
    _, _, _, region, account, resource = arn.split(":", 5)
    return kinesis_backends[account][region].streams.get(resource.removeprefix("stream/"))
