from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from environments.quantities import format_duration, format_size, parse_duration, parse_size


@given(st.integers(0, 10**14).map(lambda milliseconds: timedelta(milliseconds=milliseconds)))
@settings(deadline=None)
def test_a_written_duration_reads_back_as_itself(duration):
    assert parse_duration(format_duration(duration)) == duration


@given(st.integers(0, 2**63))
@settings(deadline=None)
def test_a_written_size_reads_back_as_itself(size):
    assert parse_size(format_size(size)) == size


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("7d", timedelta(days=7)),
        ("48h", timedelta(hours=48)),
        ("5m", timedelta(minutes=5)),
        ("30s", timedelta(seconds=30)),
        ("500ms", timedelta(milliseconds=500)),
        ("0s", timedelta(0)),
    ],
)
def test_durations_read_as_people_write_them(text, duration):
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(hours=48), "2d"),
        (timedelta(hours=25), "25h"),
        (timedelta(minutes=90), "90m"),
        (timedelta(milliseconds=1500), "1500ms"),
        (timedelta(0), "0s"),
    ],
)
def test_durations_are_written_in_the_largest_exact_unit(duration, text):
    assert format_duration(duration) == text


@pytest.mark.parametrize(
    "text", ["", "7", "d", "1.5h", "-1d", "07d", "1d12h", "7 d", "7D", "1w", "7d\n", "\u0667d", "9" * 30 + "d"]
)
def test_anything_else_is_no_duration(text):
    with pytest.raises(ValueError, match=r"duration|longer"):
        parse_duration(text)


@pytest.mark.parametrize("duration", [timedelta(microseconds=1), timedelta(seconds=-1)])
def test_a_duration_that_no_unit_can_write_is_refused(duration):
    with pytest.raises(ValueError, match="milliseconds"):
        format_duration(duration)


@pytest.mark.parametrize(
    ("text", "size"), [("1B", 1), ("512KiB", 512 << 10), ("64MiB", 64 << 20), ("100GiB", 100 << 30), ("2TiB", 2 << 40)]
)
def test_sizes_read_and_are_written_as_people_write_them(text, size):
    assert parse_size(text) == size
    assert format_size(size) == text


@pytest.mark.parametrize("text", ["", "64", "64MB", "64M", "64Mi", "64 MiB", "1.5GiB", "-1B", "064MiB", "64MiB\n"])
def test_anything_else_is_no_size(text):
    with pytest.raises(ValueError, match="not a size"):
        parse_size(text)
