"""What streams take, against what their shards allow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cli.aws import Aws
from cli.aws_errors import explain
from cli.output import note
from cli.stream.live import LiveStream
from cli.stream.load_profile import SHARD_BYTES_PER_SECOND, SHARD_RECORDS_PER_SECOND, Rate
from cli.stream.stream_metrics import Metric, read_metrics
from environments.streams import MIB

WINDOW = timedelta(hours=1)
PERIOD = timedelta(minutes=5)
"""Kept for 63 days, so that a window of any length that people ask about is there."""
METRICS = ("IncomingBytes", "IncomingRecords", "GetRecords.Bytes")
SHARD_READ_BYTES_PER_SECOND = 2 * MIB
"""Of all readers of a shard that share GetRecords (Kinesis Developer Guide, "Quotas and limits")."""


@dataclass(frozen=True)
class Throughput:
    """The busiest five minutes of the last hour, for each of the metrics by itself."""

    written: Rate
    read_bytes_per_second: float
    """By readers that share GetRecords."""


def read_throughputs(aws: Aws, names: Iterable[str]) -> dict[str, Throughput]:
    """Of each stream (named as in Kinesis) that has written or read something; the others are not told.

    Two calls for 500 streams. Where CloudWatch cannot be asked, that is noted, and nothing is told.
    """
    chosen = list(names)
    metrics = [Metric(metric, "Sum", {"StreamName": name}) for name in chosen for metric in METRICS]
    try:
        sums = iter(read_metrics(aws, metrics, WINDOW, PERIOD))
    except (ClientError, BotoCoreError) as error:
        note(f"what the streams take is not known: {explain(error).message}")
        return {}
    found = {}
    for name in chosen:
        values = [next(sums) for _ in METRICS]
        if any(values):
            written_bytes, written_records, read_bytes = (
                max(value, default=0.0) / PERIOD.total_seconds() for value in values
            )
            found[name] = Throughput(Rate(written_bytes, written_records), read_bytes)
    return found


def throughput_item(live: LiveStream, throughput: Throughput | None) -> dict[str, Any]:
    """As part of an answer: what the stream takes, what it could take, and the part of it (None where unknown)."""
    limits = _limits(live) if live.mode == "provisioned" else None
    if throughput is None:
        return {"limits": limits, "throughput": None, "write_share": None, "read_share": None}
    written, read = throughput.written, throughput.read_bytes_per_second
    return {
        "limits": limits,
        "throughput": {
            "write_bytes_per_second": round(written.bytes_per_second, 1),
            "write_records_per_second": round(written.records_per_second, 1),
            "read_bytes_per_second": round(read, 1),
        },
        "write_share": limits and round(written.of_a_shard / live.open_shards, 4),
        "read_share": limits and round(read / limits["read_bytes_per_second"], 4),
    }


def _limits(live: LiveStream) -> dict[str, int]:
    return {
        "write_bytes_per_second": live.open_shards * SHARD_BYTES_PER_SECOND,
        "write_records_per_second": live.open_shards * SHARD_RECORDS_PER_SECOND,
        "read_bytes_per_second": live.open_shards * SHARD_READ_BYTES_PER_SECOND,
    }


def share_told(share: float | None) -> str | None:
    """A part as people read it."""
    return None if share is None else f"{share:.0%}"


def size_told(size: float) -> str:
    """Bytes a second with the unit that leaves few digits."""
    for unit, length in (("GiB/s", 1 << 30), ("MiB/s", MIB), ("KiB/s", 1 << 10)):
        if size >= length:
            return f"{size / length:.1f} {unit}"
    return f"{size:.0f} B/s"
