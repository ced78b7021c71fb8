"""What is read line by line is what was sent message by message."""

from __future__ import annotations

import pytest
from hypothesis import find, given
from hypothesis import strategies as st

from connector.formats import lines as formats
from connector.formats.lines import as_lines

messages = st.lists(st.one_of(st.binary(max_size=4), st.text("a\n\r", max_size=4).map(str.encode)), max_size=12)


@given(messages)
def test_lines_are_the_messages(batch: list[bytes]):
    lines, broken = as_lines(batch)
    good = [index for index in range(len(batch)) if index not in broken]
    together = b"".join(lines[index] for index in good)
    assert together.split(b"\n")[:-1] == [batch[index].removesuffix(b"\n") for index in good]


def test_without_a_look_inside_a_message_could_become_two_lines():
    def becomes_more(batch: list[bytes]) -> bool:
        return len(b"".join(message + b"\n" for message in batch).split(b"\n")[:-1]) > len(batch)

    assert find(messages, becomes_more)


@given(messages)
def test_exactly_those_with_a_newline_before_their_end_are_named(batch: list[bytes]):
    assert as_lines(batch)[1] == [index for index, message in enumerate(batch) if b"\n" in message[:-1]]


def test_one_newline_at_the_end_is_kept_and_not_doubled():
    assert as_lines([b"a\n", b"b", b"", b"\n", b"c\r\n"]) == ([b"a\n", b"b\n", b"\n", b"\n", b"c\r\n"], [])


def test_two_newlines_at_the_end_would_be_two_lines():
    assert as_lines([b"a\n\n", b"b"])[1] == [0]


def test_many_bytes_are_looked_through_without_a_copy_and_to_the_same_end(monkeypatch: pytest.MonkeyPatch):
    batches = [[b"a\n", b"b", b""], [b"a", b"b"], [b"a\nb", b"c", b"d\n\n"]]
    at_once = [as_lines(batch) for batch in batches]
    monkeypatch.setattr(formats, "_LOOKED_THROUGH_AT_ONCE", 0)
    assert [as_lines(batch) for batch in batches] == at_once
