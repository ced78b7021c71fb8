"""How large a single record may be, by the sink that takes it."""

from dataclasses import dataclass
from typing import Final

from connector.batch import Records
from connector.config import FirehoseSink, KinesisSink
from connector.config.section import MEBIBYTE
from connector.keys import LONGEST
from connector.rejection import Refusal, Refusals
from connector.units import format_size

# What an aggregate of one record holds beside the data and the key: magic, digest, an explicit hash key of 39 digits,
# and a tag and a length for each part. 78 bytes at most; rounded up.
_AGGREGATE: Final = 100
# Bytes of a partition key: UTF-8 takes three at most for a UTF-16 unit.
_LONGEST_KEY: Final = 3 * LONGEST


@dataclass(frozen=True, slots=True)
class RecordLimit:
    """What counts of a record, and how much it may be, in bytes."""

    limit: int
    copies_of_key: int
    beside: int
    way_out: str

    @classmethod
    def of(cls, sink: KinesisSink | FirehoseSink) -> "RecordLimit":
        """Read the limit of a sink.

        A record of Kinesis is its data and its partition key. With aggregation the key counts twice, since it stands
        inside the aggregate as well. A record of Firehose has no key.
        """
        if isinstance(sink, FirehoseSink):
            return cls(
                sink.limits.record,
                copies_of_key=0,
                beside=0,
                way_out="Firehose takes no larger ones (1,000 KiB, or sink.limits.record if that is less); let the"
                " producer write smaller ones, or set dead_letters, which puts such records aside.",
            )
        aggregated = sink.aggregation == "kpl"
        return cls(
            # A route asks its stream beforehand; this is what streams take that do not tell.
            sink.limits.record or MEBIBYTE,
            copies_of_key=2 if aggregated else 1,
            beside=_AGGREGATE if aggregated else 0,
            way_out="Raise the stream's maximum record size (up to 10 MiB), and sink.limits.record or request where"
            " they are set, and start again; or set dead_letters, which puts such records aside.",
        )

    def refuse_larger(self, records: Records, refusals: Refusals) -> None:
        """Note every record above the limit. None is looked at alone where all are surely below it."""
        if max(self.copies_of_key, 1) * records.size + self.beside <= self.limit:
            return
        if max(map(len, records.data), default=0) + self.copies_of_key * _LONGEST_KEY + self.beside <= self.limit:
            return
        for index, (key, data) in enumerate(zip(records.keys, records.data, strict=True)):
            if len(data) + self.copies_of_key * len(key) + self.beside > self.limit:
                refusals.setdefault(index, self._refusal(len(key), len(data)))

    def _refusal(self, key: int, data: int) -> Refusal:
        size = data + self.copies_of_key * key + self.beside
        parts = [f"{data} of data"]
        if self.copies_of_key:
            parts.append(f"{key} of its key" if self.copies_of_key == 1 else f"twice {key} of its key")
        if self.beside:
            parts.append(f"{self.beside} for the aggregate around it")
        counted = f" ({', '.join(parts)})" if len(parts) > 1 else ""
        return Refusal(
            "RecordTooLarge",
            f"the record has {size} bytes{counted}, the limit is {self.limit} ({format_size(self.limit)})",
            self.way_out,
        )
