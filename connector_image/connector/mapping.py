"""From what Kafka holds to what the target takes, and what becomes of records that it cannot take."""

from dataclasses import dataclass, replace
from typing import Final

from connector.batch import Batch, Columns, Records
from connector.config import ConnectorConfig, FirehoseSink, FromHeader, KinesisSink
from connector.formats.compression import compressor
from connector.formats.envelope import envelopes
from connector.formats.lines import as_lines
from connector.key_sources import HashKeySource, hash_key_source, key_source
from connector.record_limit import RecordLimit
from connector.rejection import Refusal, Refusals, Rejected, rejected

_TOMBSTONE: Final = Refusal(
    "TombstoneRejected",
    "the record has no value (a tombstone), and tombstones: reject says that it must have one",
    "Set tombstones: empty to send it with an empty value, tombstones: drop to leave such records out, format:"
    " envelope to tell them apart, or dead_letters to put them aside.",
)
_NEWLINE_INSIDE: Final = Refusal(
    "NewlineInside",
    "the value holds a newline before its end, and would be read as two lines",
    "Set format: envelope, which has none inside, or sink.delimiter: none, or dead_letters, which puts such records"
    " aside.",
)
_HEADERS_UNDECODABLE: Final = Refusal(
    "HeadersUndecodable",
    "the name of a header is not UTF-8, so its headers cannot be decoded",
    "Let the producer write names of headers in UTF-8, as the protocol of Kafka says, and move the group's offset past"
    " the record with the Kafka tools, or set dead_letters, which puts such records aside without their headers.",
)


@dataclass(frozen=True, slots=True)
class Mapped:
    """A batch as the target takes it: each record is in exactly one of the three, ascending by offset."""

    records: Records
    dropped: list[int]
    """Offsets of records that need no sending."""
    rejected: list[Rejected]
    """Records that cannot be delivered."""


class Mapper:
    """Maps batches under the rules of one route.

    Each step works on a whole column and notes the records that it refuses; what is left at the end is
    sent. So the usual batch, without an odd record, passes in a few loops inside the interpreter.
    """

    def __init__(self, config: ConnectorConfig) -> None:
        sink = config.sink
        by_header = False
        self._hash_keys: HashKeySource | None = None
        if isinstance(sink, KinesisSink):
            self._keys = key_source(sink.partition_key)
            if isinstance(sink.explicit_hash_key, FromHeader):
                self._hash_keys = hash_key_source(sink.explicit_hash_key.header)
            by_header = isinstance(sink.partition_key, FromHeader) or self._hash_keys is not None
        else:
            # Firehose takes no keys; they only decide order.
            self._keys = key_source("key")
        self._tombstones = config.fate_of_tombstones
        self._enveloped = config.format == "envelope"
        self._compress = compressor(config.compression)
        self._delimited = isinstance(sink, FirehoseSink) and sink.delimiter == "newline"
        self._limit = RecordLimit.of(sink)
        whole = self._enveloped or config.dead_letters is not None
        self._needs_headers = self._enveloped or by_header
        self.columns = Columns(headers=whole or by_header, timestamps=whole)
        """What the source must read of each record beside key, value and offset."""

    def map(self, batch: Batch) -> Mapped:
        """Map a batch; it stays as it is."""
        refusals: Refusals = {}
        values = batch.values
        # To look for values that are there is quicker than to look for None, and an empty one is rare.
        tombstones = [] if all(values) else [index for index, value in enumerate(values) if value is None]
        if tombstones and self._tombstones == "reject":
            refusals.update(dict.fromkeys(tombstones, _TOMBSTONE))
        if batch.undecodable and self._needs_headers:
            refusals = {**dict.fromkeys(batch.undecodable, _HEADERS_UNDECODABLE), **refusals}
        keys = self._keys(batch, refusals)
        hash_keys = self._hash_keys(batch, refusals) if self._hash_keys else None
        data = self._data(batch, tombstones, refusals)
        # To join small texts is the quickest way to add up their lengths.
        size = sum(map(len, data)) + len(b"".join(keys))
        whole = Records(keys, data, batch.offsets, size, hash_keys)
        self._limit.refuse_larger(whole, refusals)
        dropped = tombstones if self._tombstones == "drop" else []
        if not refusals and not dropped:
            return Mapped(whole, [], [])
        for index in dropped:
            refusals.pop(index, None)
        left_out = {*dropped, *refusals}
        return Mapped(
            whole.select([index for index in range(len(batch)) if index not in left_out]),
            [batch.offsets[index] for index in dropped],
            [rejected(batch, index, refusals[index]) for index in sorted(refusals)],
        )

    def _data(self, batch: Batch, tombstones: list[int], refusals: Refusals) -> list[bytes]:
        """Write what is sent of each record. Of a tombstone that is left out it does not matter what."""
        if tombstones and self._tombstones != "envelope":
            batch = replace(batch, values=[value or b"" for value in batch.values])
        data: list[bytes] = envelopes(batch) if self._enveloped else batch.values  # type: ignore[assignment]  # no None
        if self._compress:
            data = self._compress(data)
        if self._delimited:
            data, broken = as_lines(data)
            for index in broken:
                refusals.setdefault(index, _NEWLINE_INSIDE)
        return data
