"""The watermark never passes a record that is not acknowledged."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from connector.watermark import Watermark


@st.composite
def runs(draw: st.DrawFn) -> list[list[int]]:
    """Runs of ascending offsets with holes, as a compacted topic has them."""
    offset, result = draw(st.integers(0, 5)), []
    for _ in range(draw(st.integers(1, 6))):
        run = []
        for _ in range(draw(st.integers(1, 8))):
            offset += draw(st.sampled_from([1, 1, 1, 2, 7]))
            run.append(offset)
        result.append(run)
    return result


@st.composite
def acknowledgements(draw: st.DrawFn, tracked: list[list[int]]) -> list[list[int]]:
    """Every offset once, in any order of ascending parts: a run whole, some of it, or some of several runs."""
    parts: list[list[int]] = []
    together: list[int] = []
    for run in tracked:
        whole = draw(st.booleans())
        chosen = run if whole else draw(st.lists(st.sampled_from(run), unique=True).map(sorted))
        rest = [offset for offset in run if offset not in chosen]
        if draw(st.booleans()):
            together += chosen
        else:
            parts.append(chosen)
        parts.append(rest)
    parts.append(together)
    return draw(st.permutations([part for part in parts if part]))


def unfinished(tracked: list[list[int]], done: set[int]) -> list[list[int]]:
    """The runs from the first on that is not acknowledged whole."""
    first = next((index for index, run in enumerate(tracked) if not done.issuperset(run)), len(tracked))
    return tracked[first:]


def expected(tracked: list[list[int]], done: set[int]) -> int:
    offsets = [offset for run in tracked for offset in run]
    return next((offset for offset in offsets if offset not in done), offsets[-1] + 1)


@given(st.data())
def test_the_position_is_always_the_first_offset_that_is_not_acknowledged(data: st.DataObject):
    tracked = data.draw(runs())
    watermark, done = Watermark(), set[int]()
    for run in tracked:
        watermark.track(run)
    for part in data.draw(acknowledgements(tracked)):
        watermark.acknowledge(part)
        done.update(part)
        assert watermark.position == expected(tracked, done)
        assert watermark.span == sum(map(len, unfinished(tracked, done)))
    assert watermark.position == watermark.end
    assert watermark.span == 0


def test_a_last_acknowledgement_would_pass_a_record_that_is_under_way():
    watermark = Watermark()
    watermark.track(range(10, 20))
    watermark.track(range(20, 30))
    watermark.acknowledge([15])
    last_acknowledgement = 16
    assert watermark.position == 10 < last_acknowledgement


def test_nothing_is_to_be_committed_before_something_was_tracked():
    watermark = Watermark()
    watermark.track([])
    assert watermark.position is None
    assert watermark.end is None


def test_finished_runs_leave_nothing_behind():
    watermark = Watermark()
    for start in range(0, 1000, 10):
        run = range(start, start + 10)
        watermark.track(run)
        for part in (run,) if start % 20 else (run[:5], run[5:]):
            watermark.acknowledge(part)
    assert not watermark._runs
    assert not watermark._starts
