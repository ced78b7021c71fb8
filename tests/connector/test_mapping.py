"""What becomes of each record of a batch: sent, dropped or rejected."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.batch import Batch, Columns, Headers, Partition
from connector.config import ConnectorConfig
from connector.formats.envelope import Envelope, open_envelope
from connector.kinesis.aggregation import MAGIC, aggregate
from connector.mapping import Mapped, Mapper

PLACE = Partition("flights", 3)
STREAM: dict[str, Any] = {"kind": "kinesis", "stream": "s"}
DELIVERY: dict[str, Any] = {"kind": "firehose", "delivery_stream": "d"}


def mapper(sink: dict[str, Any] = STREAM, **changes: object) -> Mapper:
    source = {"kind": "kafka", "bootstrap": "kafka:9092", "topic": "flights", "group": "g"}
    return Mapper(ConnectorConfig.model_validate({"route": "r", "source": source, "sink": sink, **changes}))


def batch(*values: bytes | None, headers: list[Headers | None] | None = None) -> Batch:
    offsets = range(10, 10 + len(values))
    return Batch(
        PLACE, [b"k%d" % index for index in range(len(values))], list(values), offsets, headers, [(1, 5)] * len(values)
    )


def limited(limit: int, **more: object) -> dict[str, Any]:
    return {**STREAM, "limits": {"record": limit}, **more}


def fates(mapped: Mapped) -> dict[int, object]:
    return {
        **dict(zip(mapped.records.offsets, mapped.records.data, strict=True)),
        **dict.fromkeys(mapped.dropped, "dropped"),
        **{record.offset: record.refusal.reason for record in mapped.rejected},
    }


def test_usual_records_pass_as_they_are():
    incoming = batch(b"a", b"b")
    mapped = mapper().map(incoming)
    assert mapped.records.offsets is incoming.offsets
    assert mapped.records.keys == [b"k0", b"k1"]
    assert mapped.records.data == [b"a", b"b"]
    assert mapped.records.size == 6
    assert mapped.records.hash_keys is None
    assert (mapped.dropped, mapped.rejected) == ([], [])


def test_an_empty_batch_is_nothing():
    assert fates(mapper().map(batch())) == {}
    assert fates(mapper(DELIVERY, format="envelope").map(batch())) == {}
    assert fates(mapper(limited(50, aggregation="kpl")).map(batch())) == {}


def test_records_without_a_key_spread_by_their_place():
    # Peers: kinesis-kafka-connector #12.
    incoming = batch(b"a", b"b")
    incoming.keys = [None, b"k"]
    assert mapper().map(incoming).records.keys == [b"flights/3/10", b"k"]
    assert mapper(DELIVERY).map(incoming).records.keys == [b"flights/3/10", b"k"]


def test_keys_that_are_no_text_are_escaped_and_never_rejected():
    incoming = batch(b"a", b"b")
    incoming.keys = [b"\xff", b"\xff" * 500]
    first, second = mapper().map(incoming).records.keys
    assert first == b"b64:/w=="
    assert second.startswith(b"sha256:")


# Tombstones


@pytest.mark.parametrize("sink", [STREAM, DELIVERY])
@pytest.mark.parametrize(
    ("fate", "expected"),
    [(None, "TombstoneRejected"), ("reject", "TombstoneRejected"), ("drop", "dropped"), ("empty", b"")],
)
def test_a_tombstone_meets_the_fate_that_was_chosen(sink: dict[str, Any], fate: str | None, expected: object):
    # Peers: kinesis-kafka-connector #22, #56, #58.
    end = b"\n" if sink is DELIVERY else b""
    expected = expected + end if isinstance(expected, bytes) else expected
    mapped = mapper(sink, tombstones=fate).map(batch(b"a", None, b"b"))
    assert fates(mapped) == {10: b"a" + end, 11: expected, 12: b"b" + end}


@pytest.mark.parametrize(
    ("fate", "expected"),
    [(None, None), ("envelope", None), ("empty", b""), ("drop", "dropped"), ("reject", "rejected")],
)
def test_an_envelope_tells_a_tombstone_from_an_empty_value(fate: str | None, expected: object):
    mapped = mapper(format="envelope", tombstones=fate).map(batch(None, b""))
    found: list[object] = [open_envelope(data).value for data in mapped.records.data]
    assert found == ([expected, b""] if expected is None or expected == b"" else [b""])
    assert bool(mapped.dropped) == (expected == "dropped")
    assert bool(mapped.rejected) == (expected == "rejected")


def test_a_dropped_tombstone_needs_no_field():
    sink = {**STREAM, "partition_key": {"field": "id"}}
    mapped = mapper(sink, tombstones="drop").map(batch(None, b'{"id": "a"}', b"x"))
    assert fates(mapped) == {10: "dropped", 11: b'{"id": "a"}', 12: "ValueNotObject"}
    assert fates(mapper(sink, tombstones="empty").map(batch(None))) == {10: "ValueNotObject"}


# Sizes


def test_a_record_at_the_limit_passes_and_one_above_is_rejected():
    mapped = mapper(limited(12)).map(batch(b"x" * 10, b"x" * 11, b"x"))
    assert fates(mapped) == {10: b"x" * 10, 11: "RecordTooLarge", 12: b"x"}
    message = mapped.rejected[0].refusal.message
    assert message == "the record has 13 bytes (11 of data, 2 of its key), the limit is 12 (12B)"
    assert "maximum record size" in mapped.rejected[0].refusal.way_out


def test_an_aggregate_of_one_record_is_below_the_limit_as_well():
    # The key stands twice in it, and its own bytes come on top.
    sink = limited(1000, aggregation="kpl")
    assert fates(mapper(sink).map(batch(b"x" * 896, b"x" * 897))) == {10: b"x" * 896, 11: "RecordTooLarge"}


@pytest.mark.parametrize("size", [4, 100, 70_000, 3_000_000])
def test_the_room_left_for_an_aggregate_is_enough(size: int):
    # Data that begins like an aggregate is wrapped even when it is alone.
    key, data = b"k" * 256, MAGIC.ljust(size, b"x")
    wrapped = aggregate([key], [data], [str(2**128 - 1)])
    assert len(wrapped) > size
    limit = len(wrapped) + len(key)
    incoming = Batch(PLACE, [key], [data], [0])
    assert fates(mapper(limited(limit - 1, aggregation="kpl")).map(incoming)) == {0: "RecordTooLarge"}
    assert fates(mapper(limited(limit + 100, aggregation="kpl")).map(incoming)) == {0: data}


def test_records_of_firehose_count_with_their_newline_and_without_a_key():
    sink = {**DELIVERY, "limits": {"record": 12}}
    assert fates(mapper(sink).map(batch(b"x" * 11, b"x" * 12))) == {10: b"x" * 11 + b"\n", 11: "RecordTooLarge"}
    without = {**sink, "delimiter": "none"}
    assert fates(mapper(without).map(batch(b"x" * 12, b"x" * 13))) == {10: b"x" * 12, 11: "RecordTooLarge"}


def test_what_counts_is_the_size_of_what_is_sent():
    values = [b"x" * 2000]
    (compressed,) = mapper(limited(100), compression="gzip").map(batch(*values)).records.data
    assert gzip.decompress(compressed) == values[0]
    assert fates(mapper(limited(100), format="envelope").map(batch(b"x" * 50))) == {10: "RecordTooLarge"}


# Formats


def test_an_envelope_keeps_all_of_a_record():
    # Peers: kinesis-kafka-connector #1.
    headers: Headers = [("a", b"1"), ("a", None)]
    mapped = mapper(format="envelope").map(batch(b"v", headers=[headers]))
    (data,) = mapped.records.data
    assert open_envelope(data) == Envelope(PLACE, 10, b"k0", b"v", headers, (1, 5))
    assert mapped.records.keys == [b"k0"]


def test_a_compressed_envelope_is_an_envelope_inside():
    (data,) = mapper(format="envelope", compression="gzip").map(batch(b"v")).records.data
    assert open_envelope(gzip.decompress(data)).value == b"v"


def test_a_newline_inside_is_rejected_where_lines_are_what_is_read():
    values = b"a\nb", b"c\n", b"d"
    assert fates(mapper(DELIVERY).map(batch(*values))) == {10: "NewlineInside", 11: b"c\n", 12: b"d\n"}
    assert fates(mapper({**DELIVERY, "delimiter": "none"}).map(batch(*values))) == dict(enumerate(values, 10))
    assert fates(mapper().map(batch(*values))) == dict(enumerate(values, 10))


def test_an_envelope_is_one_line_whatever_it_holds():
    mapped = mapper(DELIVERY, format="envelope").map(batch(b"a\nb\n", b"c"))
    assert [open_envelope(line).value for line in b"".join(mapped.records.data).splitlines()] == [b"a\nb\n", b"c"]


# Keys from elsewhere


def test_hash_keys_stay_with_their_records():
    sink = {**STREAM, "explicit_hash_key": {"header": "h"}}
    headers: list[Headers | None] = [[("h", b"1")], None, [("h", b"x")], [("h", b"4")]]
    mapped = mapper(sink, ordering="none").map(batch(b"a", b"b", b"c", b"d", headers=headers))
    assert fates(mapped) == {10: b"a", 11: "HeaderMissing", 12: "HashKeyInvalid", 13: b"d"}
    assert mapped.records.hash_keys == ["1", "4"]


def test_a_fixed_hash_key_is_left_to_the_sink():
    assert mapper({**STREAM, "explicit_hash_key": "5"}).map(batch(b"a")).records.hash_keys is None


# Headers that cannot be decoded


def odd_headers(*values: bytes | None) -> Batch:
    """Make a batch of which the second record has headers that cannot be decoded."""
    headers: list[Headers | None] = [[("h", b"%d" % index)] for index in range(len(values))]
    headers[1] = None
    incoming = batch(*values, headers=headers)
    incoming.undecodable = [1]
    return incoming


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "envelope"},
        {"sink": {**STREAM, "partition_key": {"header": "h"}}},
        {"sink": {**STREAM, "explicit_hash_key": {"header": "h"}}, "ordering": "none"},
    ],
)
def test_a_record_without_the_headers_it_needs_is_rejected_alone_with_key_and_value(changes: dict[str, Any]):
    mapped = mapper(**changes).map(odd_headers(b"a", b"b", b"c"))
    assert list(mapped.records.offsets) == [10, 12]
    (record,) = mapped.rejected
    assert (record.offset, record.refusal.reason) == (11, "HeadersUndecodable")
    assert (record.key, record.value, record.headers) == (b"k1", b"b", [])
    assert "dead_letters" in record.refusal.way_out


def test_a_record_that_needs_no_headers_passes_without_them():
    mapped = mapper(dead_letters={"topic": "rejected"}).map(odd_headers(b"a", b"b", b"c"))
    assert fates(mapped) == {10: b"a", 11: b"b", 12: b"c"}


def test_a_dead_letter_for_another_reason_says_that_headers_are_missing():
    mapped = mapper(limited(4), dead_letters={"topic": "rejected"}).map(odd_headers(b"long", b"long", b"c"))
    first, second = mapped.rejected
    assert (first.refusal.reason, second.refusal.reason) == ("RecordTooLarge", "RecordTooLarge")
    assert first.headers
    assert "headers" not in first.refusal.message
    assert second.refusal.message.endswith("; its headers cannot be decoded and are left out")


@pytest.mark.parametrize(("fate", "expected"), [("reject", "TombstoneRejected"), ("drop", "dropped")])
def test_a_tombstone_has_its_fate_whatever_its_headers(fate: str, expected: str):
    mapped = mapper(format="envelope", tombstones=fate).map(odd_headers(b"a", None))
    assert fates(mapped)[11] == expected


# Rejected records


def test_a_rejected_record_keeps_all_that_a_dead_letter_needs():
    headers: Headers = [("a", None)]
    (record,) = mapper(limited(3)).map(batch(b"long enough", headers=[headers])).rejected
    assert (record.offset, record.key, record.value, record.headers) == (10, b"k0", b"long enough", headers)
    assert record.timestamp == (1, 5)


def test_columns_that_were_not_read_are_empty_in_a_rejected_record():
    incoming = Batch(PLACE, [b"k"], [None], [7])
    (record,) = mapper().map(incoming).rejected
    assert (record.headers, record.timestamp) == ([], (0, -1))


def test_what_a_log_will_say_holds_nothing_of_the_record():
    secret = b"hunter2"
    headers: list[Headers | None] = [[("h", secret)]]
    sinks: list[dict[str, Any]] = [
        {**STREAM, "partition_key": {"field": "a"}},
        {**STREAM, "explicit_hash_key": {"header": "h"}},
        limited(1),
    ]
    for sink in sinks:
        (record,) = mapper(sink, ordering="none").map(batch(secret, headers=headers)).rejected
        assert "hunter2" not in str(record.refusal)


@pytest.mark.parametrize(
    ("changes", "columns"),
    [
        ({}, Columns()),
        ({"sink": DELIVERY}, Columns()),
        ({"format": "envelope"}, Columns(headers=True, timestamps=True)),
        ({"dead_letters": {"topic": "rejected"}}, Columns(headers=True, timestamps=True)),
        ({"sink": {**STREAM, "partition_key": {"header": "h"}}}, Columns(headers=True)),
        ({"sink": {**STREAM, "explicit_hash_key": {"header": "h"}}, "ordering": "none"}, Columns(headers=True)),
        ({"sink": {**STREAM, "explicit_hash_key": "5", "partition_key": {"field": "f"}}}, Columns()),
    ],
)
def test_only_the_columns_that_are_needed_are_asked_for(changes: dict[str, Any], columns: Columns):
    assert mapper(**changes).columns == columns


values = st.one_of(
    st.none(), st.sampled_from([b"", b"a", b"a\nb", b"x" * 90, b'{"f": "t"}', b'{"f": 1.5}', b'{"f": 5}'])
)
routes = st.fixed_dictionaries(
    {
        "sink": st.sampled_from(
            [
                limited(80),
                limited(200, aggregation="kpl"),
                limited(500, partition_key={"field": "f"}),
                limited(80, partition_key="partition"),
                {**DELIVERY, "limits": {"record": 80}},
                {**DELIVERY, "delimiter": "none"},
            ]
        ),
        "format": st.sampled_from(["value", "envelope"]),
        "tombstones": st.sampled_from([None, "reject", "empty", "drop"]),
    }
)


@given(routes, st.lists(st.tuples(st.sampled_from([None, b"k", b"\xff"]), values), max_size=50))
def test_each_record_has_exactly_one_fate_and_the_batch_stays_as_it_is(
    route: dict[str, Any], rows: list[tuple[bytes | None, bytes | None]]
):
    offsets = range(5, 5 + 2 * len(rows), 2)
    incoming = Batch(PLACE, [key for key, _ in rows], [value for _, value in rows], offsets)
    mapped = mapper(**route).map(incoming)
    records = mapped.records
    parts = [list(records.offsets), mapped.dropped, [record.offset for record in mapped.rejected]]
    assert sorted(offset for part in parts for offset in part) == list(offsets)
    assert all(part == sorted(part) for part in parts)
    assert len(records.keys) == len(records.data) == len(records.offsets)
    assert records.size == sum(map(len, records.keys)) + sum(map(len, records.data))
    assert list(zip(incoming.keys, incoming.values, strict=True)) == rows


@given(routes, st.lists(st.tuples(st.sampled_from([None, b"k", b"\xff"]), values), max_size=50))
def test_the_fate_of_a_record_does_not_depend_on_its_company(
    route: dict[str, Any], rows: list[tuple[bytes | None, bytes | None]]
):
    # Together they may pass in one go, alone each is looked at; both must come to the same.
    subject = mapper(**route)
    offsets = list(range(5, 5 + len(rows)))
    together = subject.map(Batch(PLACE, [key for key, _ in rows], [value for _, value in rows], offsets))
    alone = [
        subject.map(Batch(PLACE, [key], [value], [offset])) for offset, (key, value) in zip(offsets, rows, strict=True)
    ]
    assert fates(together) == {offset: fate for each in alone for offset, fate in fates(each).items()}
    assert together.records.keys == [key for each in alone for key in each.records.keys]
