"""What people write by hand: kafka-python reads, boto3 puts, failed records are put again.

`python -m benchmarks.peers.boto3_loop BOOTSTRAP TOPIC GROUP`. Batches of 500, the most that PutRecords takes, and a
commit a second after what was put. The package `crc32c` is installed, which doubles the rate of reading. One thread:
where answers come at once, putting takes CPU rather than time, and threads share one interpreter lock.
"""

from __future__ import annotations

import random
import sys
import time
from typing import Any

import boto3
from kafka import KafkaConsumer

CALL = 500
LONGEST_WAIT = 5.0


def put_all(client: Any, records: list[dict[str, Any]]) -> None:  # noqa: ANN401 - a boto3 client is made at run time
    """Put records until all are taken; only what failed is put again, after a wait with full jitter."""
    wait = 0.1
    while records:
        answer = client.put_records(StreamName="bench", Records=records)
        if not answer["FailedRecordCount"]:
            return
        records = [record for record, result in zip(records, answer["Records"], strict=True) if result.get("ErrorCode")]
        time.sleep(random.uniform(0, wait))
        wait = min(LONGEST_WAIT, wait * 2)


def main(bootstrap: str, topic: str, group: str) -> None:
    """Move records until the process is ended."""
    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_poll_records=CALL,
    )
    client = boto3.client("kinesis")
    committed = time.monotonic()
    while True:
        polled = consumer.poll(timeout_ms=1000, max_records=CALL)
        put_all(
            client,
            [
                {"Data": record.value, "PartitionKey": record.key.decode()}
                for records in polled.values()
                for record in records
            ],
        )
        if time.monotonic() - committed > 1:
            consumer.commit()
            committed = time.monotonic()


if __name__ == "__main__":
    main(*sys.argv[1:4])
