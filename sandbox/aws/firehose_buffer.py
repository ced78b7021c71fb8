"""Buffers of delivery streams: records are collected by size and time, then become one object in S3."""

from __future__ import annotations

import gzip
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from moto.firehose.models import DeliveryStream
from moto.s3.models import s3_backends
from moto.utilities.utils import get_partition

from sandbox.aws.firehose_objects import evaluate, object_name

MIB = 2**20
RETRY_SECONDS = 1.0
APPEND_DELIMITER = "AppendDelimiterToRecord"
EXTENSIONS = {"UNCOMPRESSED": "", "GZIP": ".gz"}


@dataclass
class _Buffer:
    """What one delivery stream holds."""

    lock: threading.Lock
    records: list[bytes]
    size: int = 0
    oldest: datetime | None = None
    timer: threading.Timer | None = None
    delivered: int = 0


_buffers: WeakKeyDictionary[DeliveryStream, _Buffer] = WeakKeyDictionary()
_registry = threading.Lock()


def _buffer(stream: DeliveryStream) -> _Buffer:
    with _registry:
        return _buffers.setdefault(stream, _Buffer(threading.Lock(), []))


def add(stream: DeliveryStream, records: list[bytes]) -> None:
    """Take records in; they are delivered when the buffer is full, or its interval after the first one came."""
    destination = _destination(stream)
    buffer, hints = _buffer(stream), destination["BufferingHints"]
    if APPEND_DELIMITER in processors(destination):
        records = [record + b"\n" for record in records]
    with buffer.lock:
        buffer.records += records
        buffer.size += sum(map(len, records))
        buffer.oldest = buffer.oldest or datetime.now(UTC)
        if buffer.size >= hints["SizeInMBs"] * MIB:
            _deliver(stream, buffer)
        elif buffer.timer is None:
            _deliver_in(hints["IntervalInSeconds"], stream, buffer)


def processors(destination: dict[str, Any]) -> list[str]:
    """The processors that records pass, by their types."""
    configuration = destination.get("ProcessingConfiguration", {})
    return [each["Type"] for each in configuration.get("Processors", ())] if configuration.get("Enabled") else []


def flush(stream: DeliveryStream) -> None:
    """Deliver what is there."""
    buffer = _buffer(stream)
    with buffer.lock:
        _deliver(stream, buffer)


def close(stream: DeliveryStream) -> None:
    """Deliver what is there if that is possible now, and forget it if not: the delivery stream is about to go."""
    flush(stream)
    with _registry:
        buffer = _buffers.pop(stream)
    with buffer.lock:
        if buffer.timer is not None:
            buffer.timer.cancel()


def _deliver_in(seconds: float, stream: DeliveryStream, buffer: _Buffer) -> None:
    buffer.timer = threading.Timer(seconds, flush, (stream,))
    buffer.timer.daemon = True
    buffer.timer.start()


def _deliver(stream: DeliveryStream, buffer: _Buffer) -> None:
    """Write one object of all that is there; what cannot be written is kept and tried again, as the service does."""
    if buffer.timer is not None:
        buffer.timer.cancel()
        buffer.timer = None
    if buffer.oldest is None:
        return
    destination = _destination(stream)
    oldest = buffer.oldest.astimezone(ZoneInfo(destination["CustomTimeZone"]))
    kind = destination["CompressionFormat"]
    name = object_name(
        stream.delivery_stream_name,
        stream.version_id,
        oldest,
        buffer.delivered,
        destination.get("FileExtension") or EXTENSIONS[kind],
    )
    content = b"".join(buffer.records)
    try:
        _s3(stream).put_object(
            destination["BucketARN"].split(":")[-1],
            evaluate(destination["Prefix"], oldest) + name,
            gzip.compress(content, compresslevel=1) if kind == "GZIP" else content,
        )
    except Exception as problem:  # noqa: BLE001 - no bucket of that name, for instance
        print(f"{stream.delivery_stream_arn} cannot deliver: {problem}", file=sys.stderr)  # noqa: T201 - the log
        _deliver_in(RETRY_SECONDS, stream, buffer)
        return
    buffer.records, buffer.size, buffer.oldest = [], 0, None
    buffer.delivered += 1


def _destination(stream: DeliveryStream) -> dict[str, Any]:
    return dict(stream.destinations[0]["ExtendedS3"])


def _s3(stream: DeliveryStream) -> Any:
    _, _, _, region, account, _ = stream.delivery_stream_arn.split(":", 5)
    return s3_backends[account][get_partition(region)]
