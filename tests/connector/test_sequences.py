"""The watch on sequence numbers: it sees every shard that goes back, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from connector.outcome import Placements
from connector.sequences import Sequences

SHARDS = [b"shardId-%012d" % number for number in range(3)]


def number(value: int) -> bytes:
    return b"%056d" % value


@dataclass
class World:
    """Calls that leave, are taken and come back in any order; with `goes_back` shards may give a lower number.

    The model compares each record with all numbers of its shard that had come back when its call left.
    """

    random: Random
    goes_back: bool = False
    sequences: Sequences = field(default_factory=Sequences)
    left: list[Mapping[bytes, bytes]] = field(default_factory=list)
    taken: list[tuple[Mapping[bytes, bytes], Placements, list[bytes]]] = field(default_factory=list)
    given: Counter[bytes] = field(default_factory=Counter)
    known: dict[bytes, int] = field(default_factory=dict)
    when_left: list[dict[bytes, int]] = field(default_factory=list)
    overtaken: int = 0
    alarms: int = 0

    def leave(self) -> None:
        self.left.append(self.sequences.given_out())
        self.when_left.append(dict(self.known))

    def take(self) -> None:
        chosen = self.random.randrange(len(self.left))
        before, known = self.left.pop(chosen), self.when_left.pop(chosen)
        numbers: list[bytes] = []
        shards: list[bytes] = []
        backwards: list[bytes] = []
        for _ in range(self.random.randint(1, 4)):
            shard = self.random.choice(SHARDS)
            shards.append(shard)
            if self.random.random() < 0.2:
                numbers.append(b"")
                continue
            self.given[shard] += 1
            value = self.given[shard]
            if self.goes_back and self.random.random() < 0.3:
                value = self.random.randint(1, value)
            if value <= known.get(shard, 0):
                backwards.append(shard)
            numbers.append(number(value))
        self.taken.append((before, Placements(numbers, shards), backwards))

    def answer(self) -> None:
        chosen = self.random.randrange(len(self.taken))
        self.overtaken += chosen > 0
        before, placements, backwards = self.taken.pop(chosen)
        found = self.sequences.inversions(before, placements)
        assert found == backwards
        self.alarms += len(found)
        for value, shard in zip(*placements, strict=True):
            if value:
                self.known[shard] = max(self.known.get(shard, 0), int(value))

    def run(self, steps: int) -> None:
        for _ in range(steps):
            action = self.random.choice([self.leave, self.take, self.answer])
            if (action == self.take and not self.left) or (action == self.answer and not self.taken):
                continue
            action()


@given(st.integers(0, 2**32))
def test_a_number_not_above_what_its_shard_had_given_out_is_always_counted(seed: int):
    World(Random(seed), goes_back=True).run(60)


@given(st.integers(0, 2**32))
def test_shards_that_ascend_never_raise_an_alarm_however_calls_overtake_each_other(seed: int):
    world = World(Random(seed))
    world.run(60)
    assert world.alarms == 0


def test_in_these_worlds_shards_go_back_and_calls_overtake_each_other():
    alarms = overtaken = 0
    for seed in range(10):
        world = World(Random(seed), goes_back=True)
        world.run(60)
        alarms += world.alarms
        overtaken += world.overtaken
    assert min(alarms, overtaken) > 10


def placed(*places: tuple[int, bytes]) -> Placements:
    return Placements([number(value) if value else b"" for value, _ in places], [shard for _, shard in places])


def test_against_all_that_is_known_when_they_come_back_calls_that_overtake_each_other_would_raise_false_alarms():
    sequences, (shard, _, _) = Sequences(), SHARDS
    first, second = sequences.given_out(), sequences.given_out()
    assert sequences.inversions(second, placed((2, shard))) == []
    assert sequences.inversions(sequences.given_out(), placed((1, shard))) == [shard]
    assert sequences.inversions(first, placed((1, shard))) == []


def test_numbers_of_other_shards_say_nothing():
    sequences, (one, other, _) = Sequences(), SHARDS
    assert sequences.inversions(sequences.given_out(), placed((9, one))) == []
    assert sequences.inversions(sequences.given_out(), placed((5, other), (0, one))) == []
    assert sequences.inversions(sequences.given_out(), placed((9, one), (6, other))) == [one]
