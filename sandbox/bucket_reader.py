"""Reading what a delivery stream has delivered into its bucket, line by line in the order of delivery."""

from __future__ import annotations

import gzip
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

# Stream, version, time and id; ids are random in AWS, while the stand-in's sort in the order of delivery.
_SUFFIX = r"{stream}-\d+-(\d{{4}}(?:-\d\d){{5}})-([0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})[^/]*"
POLL_SECONDS = 0.5
DELIVERY_SECONDS = 2.0
"""For writing an object once its time has come."""
PATIENCE_SECONDS = 30.0
"""How long lines that are missing are waited for, after the last object that came."""


class DeliveredLines:
    """The lines of the objects that one delivery stream writes.

    Firehose does not tell what it holds back; it delivers a record at the latest when its buffer's interval is over.
    """

    def __init__(self, firehose: Any, s3: Any, delivery_stream: str) -> None:  # noqa: ANN401 - made at run time
        """Ask the service where it delivers.

        Args:
            firehose: A boto3 client.
            s3: A boto3 client.
            delivery_stream: The physical name.
        """
        described = firehose.describe_delivery_stream(DeliveryStreamName=delivery_stream)["DeliveryStreamDescription"]
        destination = described["Destinations"][0]["ExtendedS3DestinationDescription"]
        self._s3 = s3
        self._name = re.compile(_SUFFIX.format(stream=re.escape(delivery_stream)))
        self._quiet_seconds = destination["BufferingHints"]["IntervalInSeconds"] + DELIVERY_SECONDS
        self._known: set[str] = set()
        self.bucket = str(destination["BucketARN"].rpartition(":")[2])

    def pass_over(self) -> None:
        """Wait until nothing more is delivered, and count all that is there as read."""
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < self._quiet_seconds:
            if self._new_objects():
                quiet_since = time.monotonic()
            time.sleep(POLL_SECONDS)

    def read(self, count: int, progress: Callable[[int], None] = lambda _: None) -> Iterator[bytes]:
        """Read what is new until `count` lines have come and no more do, or until waiting for them is in vain."""
        read = 0
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < self._quiet_seconds + (0 if read >= count else PATIENCE_SECONDS):
            for name in self._new_objects():
                lines = self._lines(name)
                yield from lines
                read += len(lines)
                progress(read)
                quiet_since = time.monotonic()
            time.sleep(POLL_SECONDS)

    def _new_objects(self) -> list[str]:
        """Names that were not there before, in the order of delivery."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        names = {entry["Key"] for page in pages for entry in page.get("Contents", ())} - self._known
        found = [(match.groups(), name) for name in names if (match := self._name.search(name))]
        self._known |= names
        return [name for _, name in sorted(found)]

    def _lines(self, name: str) -> list[bytes]:
        content: bytes = self._s3.get_object(Bucket=self.bucket, Key=name)["Body"].read()
        if name.endswith(".gz"):
            content = gzip.decompress(content)
        *lines, rest = content.split(b"\n")
        return [*lines, rest] if rest else lines
