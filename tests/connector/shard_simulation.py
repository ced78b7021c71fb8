"""Shards with a capacity and the writers that share them, on a clock of their own."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from connector.kinesis.shard_pacing import ShardPacing

SHARD = "shardId-000000000000"
STEP = 0.01

Rate = Callable[[float], float]


def steadily(rate: float) -> Rate:
    return lambda _: rate


NOBODY = steadily(0)


@dataclass
class Shard:
    """Takes so many records and bytes a second: what it saves up for `burst` seconds, or a new ration each second."""

    records: float = 1000.0
    bytes: float = float(1 << 20)
    burst: float = 1.0
    rations: bool = False
    refusing: float = 0.0
    others: Rate = NOBODY
    records_left: float = 0.0
    bytes_left: float = 0.0

    def pass_time(self, now: float) -> None:
        if self.rations:
            if int(now) != int(now - STEP):
                self.records_left, self.bytes_left = self.records, self.bytes
        else:
            self.records_left = min(self.records_left + self.records * STEP, self.records * self.burst)
            self.bytes_left = min(self.bytes_left + self.bytes * STEP, self.bytes * self.burst)

    def takes(self, size: int, chance: random.Random) -> bool:
        if self.records_left < 1 or self.bytes_left < size or chance.random() < self.refusing:
            return False
        self.records_left -= 1
        self.bytes_left -= size
        return True


@dataclass
class Writer:
    """One task: wants to send so many records a second to each shard, and sends again what is refused."""

    demand: Mapping[str, Rate]
    size: int = 200
    observes: bool = True
    seed: int = 0
    pacing: ShardPacing = field(init=False)
    backlog: Counter[str] = field(default_factory=Counter)
    answers: list[tuple[float, str, int, int]] = field(default_factory=list)
    taken: list[tuple[float, str, int]] = field(default_factory=list)
    refused: list[tuple[float, str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pacing = ShardPacing(random.Random(self.seed).uniform)

    def read_answers(self, now: float) -> None:
        for answer in [answer for answer in self.answers if answer[0] <= now]:
            self.answers.remove(answer)
            _, shard, taken, refused = answer
            self.backlog[shard] += refused
            if self.observes:
                self.pacing.observe(shard, taken, taken * self.size, refused, now)

    def send(self, shard: str, now: float) -> int:
        want = min(self.backlog[shard], 200)
        granted = self.pacing.grant(shard, [self.size] * want, now)
        self.backlog[shard] -= granted
        return granted

    def rate(self, since: float, until: float, shard: str = SHARD) -> float:
        """Records a second that were taken."""
        return sum(n for at, name, n in self.taken if since <= at < until and name == shard) / (until - since)

    def throttled(self, since: float, until: float, shard: str = SHARD) -> float:
        """The part of what was sent that was refused."""
        refused = sum(n for at, name, n in self.refused if since <= at < until and name == shard)
        taken = sum(n for at, name, n in self.taken if since <= at < until and name == shard)
        return refused / (refused + taken) if refused else 0.0


def run(shards: Mapping[str, Shard], writers: Sequence[Writer], seconds: int, seed: int = 0) -> None:
    """Let the writers write; each looks about at times of its own, and answers take 20 to 40 ms."""
    chance = random.Random(seed)
    for step in range(int(seconds / STEP)):
        now = step * STEP
        for name, shard in shards.items():
            shard.pass_time(now)
            arriving: list[Writer | None] = [None] * int(shard.others(now) * STEP + chance.random())
            for writer in writers:
                writer.read_answers(now)
                wanted = writer.demand[name](now)
                writer.backlog[name] += int(wanted * STEP + chance.random())
                writer.backlog[name] = min(writer.backlog[name], 500)
                if chance.random() < 0.6:
                    arriving += [writer] * writer.send(name, now)
            chance.shuffle(arriving)
            _put(shard, name, arriving, now, chance)


def _put(shard: Shard, name: str, arriving: Sequence[Writer | None], now: float, chance: random.Random) -> None:
    taken: Counter[int] = Counter()
    sent: Counter[int] = Counter()
    for writer in arriving:
        sent[id(writer)] += 1
        taken[id(writer)] += shard.takes(writer.size if writer else 200, chance)
    for writer in {id(writer): writer for writer in arriving if writer}.values():
        took, refused = taken[id(writer)], sent[id(writer)] - taken[id(writer)]
        writer.taken.append((now, name, took))
        writer.refused.append((now, name, refused))
        writer.answers.append((now + chance.uniform(0.02, 0.04), name, took, refused))
