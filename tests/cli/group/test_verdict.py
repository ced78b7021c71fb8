"""What is said about a group by how its lag went."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cli.group.verdict import Sample, Verdict, verdict, worst


def samples(*seen: tuple[int | None, int]) -> list[Sample]:
    """Committed offset and lag, a second apart."""
    return [Sample(float(second), committed, lag) for second, (committed, lag) in enumerate(seen)]


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        (samples((10, 5), (20, 5), (30, 5)), Verdict.WARN),
        (samples((10, 5), (20, 4), (30, 9)), Verdict.OK),
        (samples((10, 5), (10, 6), (10, 7)), Verdict.STALL),
        (samples((10, 5), (20, 6), (5, 25)), Verdict.REWIND),
        (samples((10, 5), (20, 6), (20, 7), (20, 8)), Verdict.STOP),
        (samples((10, 5), (20, 0), (20, 50)), Verdict.OK),
        (samples((None, 5), (3, 5)), Verdict.WARN),
        (samples((3, 5), (None, 8)), Verdict.REWIND),
        (samples((10, 5)), Verdict.UNKNOWN),
        (samples((10, 0)), Verdict.OK),
    ],
)
def test_the_rules(seen, wanted):
    assert verdict(seen, members=True) == wanted


def test_without_members_nobody_will_move_what_does_not_move():
    assert verdict(samples((10, 5), (10, 6)), members=False) == Verdict.STOP


seen = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 20)), min_size=1, max_size=12).map(
    lambda entries: samples(*entries)
)


@given(seen, st.booleans())
def test_lag_that_was_nothing_at_some_time_is_no_trouble(seen, members):
    assume(any(sample.lag == 0 for sample in seen))
    assert verdict(seen, members=members) == Verdict.OK


@given(seen, st.booleans(), st.floats(0, 1e6))
def test_only_distances_in_time_count(seen, members, later):
    shifted = [replace(sample, seconds=round(sample.seconds + later)) for sample in seen]
    assert verdict(shifted, members=members) == verdict(seen, members=members)


@given(seen)
def test_what_went_back_is_never_called_well_while_there_is_lag(seen):
    assume(all(sample.lag for sample in seen))
    back = any(after.committed < before.committed for before, after in pairwise(seen))
    assert (verdict(seen, members=True) == Verdict.REWIND) == back


@given(seen)
def test_stall_is_said_only_of_members_that_do_not_move(seen):
    if verdict(seen, members=True) == Verdict.STALL:
        assert len({sample.committed for sample in seen}) == 1
    assert verdict(seen, members=False) != Verdict.STALL


@given(st.lists(st.sampled_from(Verdict)))
def test_a_group_is_as_bad_as_its_worst_partition(verdicts):
    assert worst([*verdicts, Verdict.STOP]) == Verdict.STOP
    assert worst(verdicts) in {*verdicts, Verdict.OK}
