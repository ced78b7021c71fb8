"""Laws of where replicas go, held against trying out every possibility on small clusters."""

import itertools
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest
from hypothesis import example, find, given
from hypothesis import strategies as st

from cli.reassignment.placement import Layout, Replicas, Weights
from cli.reassignment.planner import Move, batches, movement, plan_moves

Racks = Mapping[int, str | None]
RACKS: Racks = {1: "a", 2: "a", 3: "b", 4: "c", 5: "b", 6: "c"}


@dataclass(frozen=True)
class Question:
    """A topic on a cluster, and what is asked for."""

    layout: Layout
    racks: Racks
    """The brokers that may hold replicas afterwards."""
    known: Racks
    """All brokers."""
    replication: int

    @property
    def rack_of(self) -> dict[int, str | int]:
        return {broker: rack or broker for broker, rack in self.known.items()}

    def spread(self, brokers: frozenset[int] | Replicas) -> int:
        return len({self.rack_of[broker] for broker in brokers})

    def least_spread(self, index: int) -> int:
        """In as many racks as before, as far as there are replicas and racks for it."""
        return min(self.spread(self.layout[index]), self.replication, self.spread(frozenset(self.racks)))

    def keeps_racks(self, chosen: tuple[frozenset[int], ...]) -> bool:
        return all(self.spread(brokers) >= self.least_spread(index) for index, brokers in enumerate(chosen))


@st.composite
def questions(draw: st.DrawFn) -> Question:
    count = draw(st.integers(2, 4))
    known = {broker: draw(st.sampled_from(["a", "b", "c", None])) for broker in range(1, count + 1)}
    off = draw(st.sets(st.sampled_from(sorted(known)), max_size=count - 1))
    racks = {broker: rack for broker, rack in known.items() if broker not in off}
    before = draw(st.integers(1, count))
    replicas = st.permutations(sorted(known)).map(lambda order: tuple(order[:before]))
    layout = dict(enumerate(draw(st.lists(replicas, min_size=1, max_size=3))))
    return Question(layout, racks, known, replication=draw(st.integers(1, len(racks))))


def after(question: Question, *, balance: bool = False) -> tuple[list[Move], Layout]:
    wanted = question.replication
    topics = {"t": question.layout}
    moves = plan_moves(topics, question.racks, replication=wanted, balance=balance, known=question.known)
    return moves, {**question.layout, **{move.partition: move.after for move in moves}}


def possibilities(question: Question) -> list[tuple[frozenset[int], ...]]:
    brokers = [frozenset(each) for each in itertools.combinations(sorted(question.racks), question.replication)]
    return list(itertools.product(brokers, repeat=len(question.layout)))


def copied(question: Question, chosen: tuple[frozenset[int], ...]) -> int:
    return sum(len(brokers - set(question.layout[index])) for index, brokers in enumerate(chosen))


def squares(counts: Counter[int]) -> int:
    return sum(count**2 for count in counts.values())


@given(questions())
def test_every_partition_gets_as_many_distinct_brokers_as_asked_for_and_none_that_is_left(question: Question) -> None:
    _, layout = after(question)
    for replicas in layout.values():
        assert len(replicas) == len(set(replicas)) == question.replication
        assert set(replicas) <= set(question.racks)


@example(Question({0: (1, 2, 3)}, {1: "a", 2: "a", 5: "b"}, RACKS, replication=2))
@example(Question({0: (1, 2, 3, 4)}, {1: "a", 2: "a", 5: "b", 6: "c"}, RACKS, replication=3))
@given(questions())
def test_no_other_choice_that_keeps_the_racks_moves_less(question: Question) -> None:
    moves, _ = after(question)
    assert movement(moves) == min(
        copied(question, each) for each in possibilities(question) if question.keeps_racks(each)
    )


@example(Question({0: (1, 2, 3)}, {1: "a", 2: "a", 5: "b"}, RACKS, replication=2))
@example(Question({0: (1, 2, 3, 4)}, {1: "a", 2: "a", 5: "b", 6: "c"}, RACKS, replication=3))
@given(questions())
def test_racks_are_kept_or_better(question: Question) -> None:
    _, layout = after(question)
    assert question.keeps_racks(tuple(frozenset(layout[index]) for index in sorted(layout)))


@given(questions())
def test_of_the_choices_that_move_least_none_is_more_even(question: Question) -> None:
    """With racks out of the way: each broker its own."""
    plain = Question(
        question.layout, dict.fromkeys(question.racks), dict.fromkeys(question.known), question.replication
    )
    moves, layout = after(plain)
    stay = {index for index, replicas in layout.items() if replicas == plain.layout[index]}
    least = [
        each
        for each in possibilities(plain)
        if copied(plain, each) == movement(moves) and all(each[index] == set(plain.layout[index]) for index in stay)
    ]
    held = Counter(broker for replicas in layout.values() for broker in replicas)
    assert squares(held) == min(squares(Counter(b for brokers in each for b in brokers)) for each in least)


def rank(question: Question, chosen: tuple[frozenset[int], ...]) -> tuple[int, int, int]:
    """What balancing looks at: replicas that share a rack, evenness, movement."""
    shared = 0
    for brokers in chosen:
        in_racks = Counter(question.rack_of[broker] for broker in brokers)
        shared += sum(count * (count - 1) // 2 for count in in_racks.values())
    return shared, squares(Counter(b for brokers in chosen for b in brokers)), copied(question, chosen)


def balanced_best(question: Question) -> bool:
    moves, layout = after(question, balance=True)
    chosen = tuple(frozenset(layout[index]) for index in sorted(layout))
    assert movement(moves) == copied(question, chosen)
    return rank(question, chosen) == min(rank(question, each) for each in possibilities(question))


@given(questions())
def test_balancing_is_as_even_as_racks_allow_and_moves_no_more_than_that_takes(question: Question) -> None:
    assert balanced_best(question)


def test_where_movement_does_not_count_balancing_sometimes_moves_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control."""
    weights = Weights.of
    monkeypatch.setattr(Weights, "of", lambda replicas, *, balance: replace(weights(replicas, balance=balance), move=0))
    assert find(questions(), lambda question: not balanced_best(question))


@given(questions())
def test_balancing_spreads_leaders_as_evenly_as_the_replicas_allow(question: Question) -> None:
    _, layout = after(question, balance=True)
    choices = itertools.product(*(layout[index] for index in sorted(layout)))
    led = Counter(replicas[0] for replicas in layout.values())
    assert squares(led) == min(squares(Counter(each)) for each in choices)


@given(questions(), st.booleans())
def test_what_is_done_once_has_not_to_be_done_again(question: Question, balance: bool) -> None:
    _, layout = after(question, balance=balance)
    done = Question(layout, question.racks, question.known, question.replication)
    assert after(done, balance=balance) == ([], layout)


@given(questions())
def test_a_partition_keeps_its_leader_while_that_holds_a_replica(question: Question) -> None:
    moves, _ = after(question)
    assert all(move.after[0] == move.before[0] for move in moves if move.before[0] in move.after)


@given(questions())
def test_at_no_moment_there_are_fewer_replicas_than_before_or_after(question: Question) -> None:
    moves, _ = after(question)
    for move in moves:
        least = min(len(move.before), question.replication)
        assert all(len(moment) >= least for moment in move.moments())
        assert move.moments()[1] >= set(move.before)


@given(st.lists(questions(), min_size=2, max_size=3))
def test_topics_balanced_together_are_balanced_for_good(several: list[Question]) -> None:
    racks = several[0].known
    layouts = [{index: each for index, each in one.layout.items() if set(each) <= set(racks)} for one in several]
    topics = {f"t{number}": layout for number, layout in enumerate(layouts)}
    moves = plan_moves(topics, racks, balance=True)
    done = {name: dict(layout) for name, layout in topics.items()}
    for move in moves:
        done[move.topic][move.partition] = move.after
    assert plan_moves(done, racks, balance=True) == []


def test_topics_of_one_partition_are_spread_over_the_brokers_too() -> None:
    topics: dict[str, Layout] = {f"t{number}": {0: (1,)} for number in range(6)}
    moves = plan_moves(topics, {1: "a", 2: "b", 3: "c"}, balance=True)
    assert Counter(move.after for move in moves) == {(2,): 2, (3,): 2}


def test_what_other_topics_hold_decides_between_equals() -> None:
    (move,) = plan_moves({"t": {0: (3,)}}, {1: None, 2: None}, others=[(1, 2), (1,)])
    assert move.after == (2,)


def test_a_rack_that_has_no_replica_yet_takes_the_new_one() -> None:
    racks = {1: "a", 2: "a", 3: "b", 4: "b", 5: "c"}
    moves = plan_moves({"t": {0: (1, 3), 1: (2, 4)}}, racks, replication=3)
    assert [move.after for move in moves] == [(1, 3, 5), (2, 4, 5)]


def test_moves_go_in_batches_and_none_is_forgotten() -> None:
    moves = [Move("t", index, (1,), (2,)) for index in range(7)]
    made = batches(moves, 3)
    assert [len(each) for each in made] == [3, 3, 1]
    assert [move for each in made for move in each] == moves
