"""Where a group is to go on, and what that means to it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.group.moves import TopicPart
from cli.group.target import Kind, Move, Target, parse_target
from cli.plan import Risk

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("start", Target(Kind.START)),
        ("end", Target(Kind.END)),
        ("-1h", Target(Kind.TIME, NOW_MS - 3_600_000)),
        ("2026-11-21T11:00:00Z", Target(Kind.TIME, NOW_MS - 3_600_000)),
        ("2026-11-21T12:00:00+01:00", Target(Kind.TIME, NOW_MS - 3_600_000)),
        ("-500", Target(Kind.SHIFT, -500)),
        ("+7", Target(Kind.SHIFT, 7)),
        ("1234", Target(Kind.OFFSET, 1234)),
    ],
)
def test_every_form_is_read(text, target):
    assert parse_target(text, NOW) == target


@pytest.mark.parametrize("text", ["", "beginning", "-1w", "1h", "2026-11-21T11:00:00", "2026-11-21T13:00:00Z", "--1"])
def test_what_could_mean_something_else_is_refused(text):
    with pytest.raises(ValueError, match=r"none of|zone|future|duration"):
        parse_target(text, NOW)


@pytest.mark.parametrize(("text", "part"), [("a.b-c", TopicPart("a.b-c")), ("t:0,12", TopicPart("t", (0, 12)))])
def test_parts_of_topics_are_read(text, part):
    assert TopicPart.parse(text) == part
    assert str(part) == text


@pytest.mark.parametrize("text", ["", "t:", "t:x", ":1", "t:1,"])
def test_parts_that_are_none_are_refused(text):
    with pytest.raises(ValueError, match="--topic"):
        TopicPart.parse(text)


offset = st.integers(0, 60)
moves = st.builds(
    lambda begin, kept, before, wanted: Move("t", 0, begin, begin + kept, before, wanted),
    offset,
    offset,
    st.none() | offset,
    offset,
)


@given(moves)
def test_a_group_never_goes_where_a_partition_holds_nothing(move):
    assert move.begin <= move.after <= move.end
    assert move.after == move.wanted or not move.begin <= move.wanted <= move.end


@given(moves)
def test_skipped_and_repeated_records_are_those_that_are_there(move):
    there = set(range(move.begin, move.end))
    unread = {at for at in there if at >= (move.before or 0)}
    will_read = {at for at in there if at >= move.after}
    assert move.skipped == len(unread - will_read)
    assert move.repeated == (0 if move.before is None else len(will_read - unread))


@given(moves)
def test_only_what_skips_nothing_is_less_than_severe(move):
    assert (move.risk == Risk.SEVERE) == (move.skipped > 0)


def test_to_forget_an_offset_is_severe():
    assert Move("t", 0, 0, 9, 5, None).risk == Risk.SEVERE
