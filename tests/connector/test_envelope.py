"""An envelope keeps all of a record, and tells clearly what is none."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import example, find, given
from hypothesis import strategies as st

from connector.batch import Batch, Headers, Partition
from connector.formats.envelope import NO_TIMESTAMP, Envelope, EnvelopeError, envelopes, open_envelope, write_envelope

PLACE = Partition("flights", 3)
SPECIFICATION = (Path(__file__).parents[2] / "docs" / "envelope.md").read_text()

data = st.one_of(
    st.none(),
    st.binary(max_size=20),
    st.text(max_size=20).map(str.encode),
    st.sampled_from([b"", b"\n", b'"\\\n', b'{"base64":"/w=="}', b"null", "\u2028✈𝄞".encode(), b"\x00\x7f", b"%d"]),
)
headers = st.lists(st.tuples(st.sampled_from(["", "a", "ü\n", "%b"]) | st.text(max_size=5), data), max_size=4)
timestamps = st.one_of(st.just(NO_TIMESTAMP), st.tuples(st.sampled_from([1, 2]), st.integers(-1, 2**63 - 1)))
records = st.builds(
    Envelope,
    partition=st.builds(Partition, st.text(min_size=1, max_size=9) | st.just("100%"), st.integers(0, 2**31 - 1)),
    offset=st.integers(0, 2**63 - 1),
    key=data,
    value=data,
    headers=headers,
    timestamp=timestamps,
)


def example_record(**changes: object) -> dict[str, object]:
    record = Envelope(PLACE, 17, b"UA", b"\xff", [("trace", b"a1")], (1, 1735689600000))
    return {**json.loads(write_envelope(record)), **changes}


@given(records)
@example(Envelope(PLACE, 0, None, b"", [("n", None), ("n", b""), ("n", b"\xff")]))
def test_what_is_opened_is_what_was_written(record: Envelope):
    line = write_envelope(record)
    assert b"\n" not in line
    line.decode()
    assert open_envelope(line) == record
    assert open_envelope(line + b"\n") == record


def test_text_alone_would_make_one_of_two():
    def text_alone(written: bytes | None) -> str:
        return (written or b"").decode(errors="replace")

    assert find(st.tuples(data, data), lambda pair: pair[0] != pair[1] and text_alone(pair[0]) == text_alone(pair[1]))


@given(records)
def test_any_reader_of_json_understands_it(record: Envelope):
    members = json.loads(write_envelope(record))
    assert list(members) == ["envelope", "topic", "partition", "offset", "timestamp", "key", "value", "headers"]
    assert (members["topic"], members["partition"], members["offset"]) == (*record.partition, record.offset)


@given(st.lists(st.tuples(data, data, headers | st.none(), timestamps), max_size=8))
def test_a_batch_is_written_as_its_records_are(
    rows: list[tuple[bytes | None, bytes | None, Headers | None, tuple[int, int]]],
):
    keys, values, sets, times = (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [], [])
    offsets = range(7, 7 + len(rows))
    lines = envelopes(Batch(PLACE, keys, values, offsets, sets, times))
    assert lines == [
        write_envelope(Envelope(PLACE, offset, key, value, kept or [], time))
        for offset, (key, value, kept, time) in zip(offsets, rows, strict=True)
    ]


def test_columns_that_were_not_read_count_as_empty():
    (line,) = envelopes(Batch(PLACE, [b"k"], [b"v"], [5]))
    assert open_envelope(line) == Envelope(PLACE, 5, b"k", b"v", [])


def test_a_text_that_looks_like_base64_is_not_taken_for_it():
    one = Envelope(PLACE, 0, b'{"base64":"/w=="}', b"\xff", [])
    assert open_envelope(write_envelope(one)) == one


def test_further_members_are_written_and_left_alone():
    record = Envelope(PLACE, 1, None, b"v", [])
    line = write_envelope(record, {"reason": "RecordTooLarge", "more": {"than": ["text"]}})
    assert json.loads(line)["more"] == {"than": ["text"]}
    assert open_envelope(line) == record


@given(st.binary(max_size=40))
def test_other_bytes_are_no_envelope(junk: bytes):
    with pytest.raises(EnvelopeError):
        open_envelope(junk)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"envelope": 2}, "version 2 is unknown"),
        ({"envelope": True}, "version true is unknown"),
        ({"topic": 5}, "topic: 5 must be a text"),
        ({"partition": "3"}, 'partition: "3" must be a whole number'),
        ({"partition": True}, "partition: true must be a whole number"),
        ({"offset": 1.5}, "offset: 1.5 must be a whole number"),
        ({"offset": "9" * 100}, f'"{"9" * 59}… must be a whole number'),
        ({"key": 5}, "key: 5 must be a text, "),
        ({"value": {"base64": "/w"}}, 'value: "/w" must be base64'),
        ({"value": {"base64": "/!w=="}}, 'value: "/!w==" must be base64'),
        ({"value": {"base64": "é"}}, "must be base64"),
        ({"value": {"base64": "/w==", "more": 1}}, "must be a text, "),
        ({"value": {"base64": 5}}, "must be a text, "),
        ({"headers": {"a": "b"}}, "must be an array"),
        ({"headers": [["a", None], ["b"]]}, 'headers[1]: ["b"] must be an array of a name and a value'),
        ({"headers": [["a", 5]]}, "headers[0]: 5 must be a text, "),
        ({"timestamp": 5}, 'timestamp: 5 must be {"created"'),
        ({"timestamp": {"created": True}}, "timestamp: "),
        ({"timestamp": {"created": 5, "appended": 6}}, "timestamp: "),
    ],
)
def test_what_is_wrong_in_an_envelope_is_named(changes: dict[str, object], said: str):
    with pytest.raises(EnvelopeError, match=re.escape(said)):
        open_envelope(json.dumps(example_record(**changes)).encode())


@pytest.mark.parametrize("name", ["topic", "partition", "offset", "timestamp", "key", "value", "headers"])
def test_a_missing_member_is_named(name: str):
    members = example_record()
    del members[name]
    with pytest.raises(EnvelopeError, match=f"{name}: is missing"):
        open_envelope(json.dumps(members).encode())


def test_the_example_of_the_specification_is_an_envelope():
    (text,) = re.findall(r"```json\n(.*?)```", SPECIFICATION, re.DOTALL)
    assert open_envelope(text.encode()) == Envelope(
        PLACE,
        17,
        b"UA",
        b'{"dest": "JFK"}',
        [("trace", b"a1"), ("token", b"\xff\x00"), ("none", None)],
        (1, 1735689600000),
    )


def test_the_reader_of_the_specification_reads_each_record_once():
    (program,) = re.findall(r"```python\n(.*?)```", SPECIFICATION, re.DOTALL)
    reader: dict[str, object] = {}
    exec(program, reader)  # noqa: S102 - our own documentation
    first = Envelope(PLACE, 4, b"k", b"\xff", [("a", None)], (1, 5))
    later = Envelope(PLACE, 6, None, None, [])
    elsewhere = Envelope(Partition("flights", 2), 4, b"k", b"", [("b", b"x")])
    lines = [write_envelope(record) for record in (first, later, first, elsewhere, later)]
    read = list(reader["records"](lines))  # type: ignore[operator]
    assert [(r["topic"], r["partition"], r["offset"], r["key"], r["value"], r["headers"]) for r in read] == [
        (*r.partition, r.offset, r.key, r.value, r.headers) for r in (first, later, elsewhere)
    ]
