"""Deliveries of objects into S3.

Source: Firehose API Reference, ExtendedS3DestinationConfiguration, and Developer Guide, "Dynamic partitioning".
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, StrictBool, StrictStr

from environments.deliveries.conversion import Conversion
from environments.deliveries.delivery import DeliveryWithErrors, Retry
from environments.quantities import format_size
from environments.rules.bounds import Shape
from environments.rules.findings import Finding, refuse
from environments.rules.prefixes import partition_key, partition_keys, uses_lambda_keys

_MIB = 1 << 20

LEAST_LARGE_BUFFER = 64 * _MIB
LEAST_PARTITIONING_INTERVAL = timedelta(seconds=60)
MOST_PARTITION_KEYS = 50
"""Keys of one jq query (Firehose Developer Guide, "Dynamic partitioning")."""


def _time_zone(name: str) -> str:
    known = available_timezones()
    if known and name not in known:  # a machine without the database knows none
        raise refuse("is not a time zone", "write its name in the IANA database, as in Europe/Berlin")
    return name


class S3Delivery(DeliveryWithErrors):
    """Objects in a bucket."""

    to: Literal["s3"]
    """Into S3."""
    compression: Literal["none", "gzip", "snappy", "zip", "hadoop-snappy"] = "none"
    """How objects are compressed."""
    partition_by: dict[str, StrictStr] = Field(default_factory=dict)
    """Dynamic partitioning: names for ``!{partitionKeyFromQuery:NAME}`` in the prefix, each with its jq expression."""
    partition_retry: Retry = timedelta(minutes=5)
    """How long a failed partition is tried again before its records go to the prefix of errors, 0s to 2h."""
    deaggregate: Literal["none", "json", "newline"] = "none"
    """With dynamic partitioning, how many messages in one record are taken apart: ``json`` values, or one a line."""
    newline: StrictBool = False
    """Whether Firehose ends each record with a newline, for records of a ``source`` that have none."""
    convert: Conversion | None = None
    """Objects in Parquet or ORC in place of JSON."""
    time_zone: Annotated[StrictStr, AfterValidator(_time_zone)] = "UTC"
    """Time zone of the times in prefixes."""
    extension: (
        Annotated[
            str,
            Shape(
                r"^\.[0-9a-z!_.*'()-]{1,127}$",
                "is not an extension of file names",
                "begin with a dot, as in .json.gz, and use small letters, digits and !-_.*'()",
            ),
        ]
        | None
    ) = None
    """What names of objects end in; without it, what Firehose gives the format and the compression."""
    originals: StrictStr | None = None
    """Prefix under which records are kept besides as they came, before ``transform`` and ``convert``."""

    @property
    def partitioned(self) -> bool:
        """Whether Firehose sorts records into prefixes by what is in them (dynamic partitioning)."""
        return bool(self.partition_by) or uses_lambda_keys(self.prefix)

    def rules(self) -> Iterable[Finding]:
        """What Firehose refuses of partitions, formats and buffers together."""
        yield from super().rules()
        yield from self._partition_keys()
        yield from self._buffers()
        if self.convert is not None and self.compression != "none":
            yield Finding(
                f"cannot go with convert: columns of {self.convert.to} are compressed by themselves",
                "take it out, and set convert.compression",
                ("compression",),
                self.compression,
            )
        if self.convert is not None and self.newline:
            yield Finding(
                f"cannot go with convert: {self.convert.to} has no lines", "take it out", ("newline",), "true"
            )
        if self.deaggregate != "none" and not self.partitioned:
            yield Finding("is done by dynamic partitioning only", "add partition_by, or take it out", ("deaggregate",))

    def _partition_keys(self) -> Iterable[Finding]:
        used = partition_keys(self.prefix)
        for name in sorted(used - self.partition_by.keys()):
            yield Finding("is no key of partition_by", "add it there", ("prefix",), partition_key(name))
        for name in sorted(self.partition_by.keys() - used):
            yield Finding("does not stand in prefix", f"add {partition_key(name)} to it", ("partition_by", name), name)
        if self.originals and (partition_keys(self.originals) or uses_lambda_keys(self.originals)):
            yield Finding(
                "uses keys of dynamic partitioning, and records are kept there before they have any",
                "take them out",
                ("originals",),
                self.originals,
            )
        if len(self.partition_by) > MOST_PARTITION_KEYS:
            yield Finding(
                f"has {len(self.partition_by)} keys, above the Firehose maximum of {MOST_PARTITION_KEYS}",
                f"use at most {MOST_PARTITION_KEYS}",
                ("partition_by",),
            )
        if uses_lambda_keys(self.prefix) and self.transform is None:
            yield Finding(
                "uses partitionKeyFromLambda, and there is no function to give the keys",
                "add transform, or use partition_by",
                ("prefix",),
                self.prefix,
            )

    def _buffers(self) -> Iterable[Finding]:
        """Partitions and columns want large buffers (Firehose API Reference, BufferingHints)."""
        why = "dynamic partitioning" if self.partitioned else "convert" if self.convert else ""
        if why and self.buffer.size < LEAST_LARGE_BUFFER:
            yield Finding(
                f"is below the Firehose minimum of 64MiB with {why}",
                "use at least 64MiB",
                ("buffer", "size"),
                format_size(self.buffer.size),
            )
        if self.partitioned and self.buffer.interval < LEAST_PARTITIONING_INTERVAL:
            yield Finding(
                "is below the Firehose minimum of 60s with dynamic partitioning",
                "use at least 60s",
                ("buffer", "interval"),
            )
