"""A dispatcher with a packed feed, a model of its target, and a random world between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from connector.backoff import Backoff
from connector.batch import Partition, records
from connector.circuit import Circuit
from connector.dispatcher import Call, Dispatcher
from connector.feed import CallLimits, Lane
from connector.kinesis.aggregation import deaggregate
from connector.kinesis.kpl_packing import KplPacking
from connector.metrics import Metrics
from connector.outcome import Answer, CallFailure, Placements
from connector.packed_feed import PackedFeed
from tests.connector.fault_server import FaultServer, Taken, even_shards
from tests.connector.packed_world import AskedShards, Reading, merge, read

LIMITS = CallLimits(records=5, size=4000)
LOST_ANSWER = CallFailure("RequestTimeout", "no answer")
REFUSED_CONTENT = CallFailure("InvalidArgumentException", "no", refuses_content=True)
THROTTLED = CallFailure("InternalFailure", "on demand")
GONE = CallFailure("ResourceNotFoundException", "no such stream", permanent=True)
Place = tuple[int, int]


def place(data: bytes) -> Place:
    """Read partition and offset back from what is sent."""
    partition, offset = data.split(b"/")[:2]
    return int(partition), int(offset)


def inside(data: bytes) -> list[Place]:
    """The messages of a record of the stream."""
    inner = deaggregate(data)
    return [place(data)] if inner is None else [place(each.data) for each in inner]


@dataclass
class Simulation:
    """Produces, sends, answers, splits, merges, deletes, makes anew and hands over partitions, as chance will."""

    random: Random
    new_feed: Callable[[KplPacking, Backoff], PackedFeed] = lambda packing, backoff: PackedFeed(
        packing, backoff, linger=0.5, ahead=3000
    )
    produced: dict[int, list[tuple[bytes, int, bytes]]] = field(default_factory=lambda: {0: [], 1: []})
    at_fault: set[Place] = field(default_factory=set)
    put_aside: list[Place] = field(default_factory=list)
    stream: list[Taken] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    former: list[tuple[FaultServer, list[Taken]]] = field(default_factory=list)
    """Streams that were deleted, with what they held."""
    doubts: bool = True
    """Whether the shards hear of it when calls get through no more."""
    is_gone: bool = False

    def __post_init__(self) -> None:
        self.server = FaultServer(shards=even_shards(2))
        self.shards = AskedShards(self.server)
        self.packing = KplPacking(self.shards, size=600)
        self.feed = self.new_feed(self.packing, Backoff(1, 8, self.random.uniform))
        self.metrics = Metrics("r")
        circuit = Circuit(0.2, 1)
        if self.doubts:
            circuit.on_open = self.shards.doubt
        self.dispatcher = Dispatcher(LIMITS, self.feed, circuit, self.metrics)
        self.lanes = [Lane(Partition("t", number)) for number in range(2)]
        self.under_way: list[Call] = []
        self.now = 0.0
        self.handed = 0
        self.taken = 0

    def produce(self, *, faults: bool = True) -> None:
        number = self.random.randrange(2)
        known = self.produced[number]
        first = known[-1][1] + 1 + self.random.choice([0, 0, 3]) if known else 0
        fresh = [
            (
                b"k%d" % self.random.randrange(12),
                offset,
                b"%d/%d/%b" % (number, offset, bytes(self.random.randrange(90))),
            )
            for offset in range(first, first + self.random.randint(1, 12))
        ]
        if faults:
            self.at_fault |= {(number, offset) for _, offset, _ in fresh if self.random.random() < 0.01}
        known += fresh
        self._offer(number, fresh)

    def _offer(self, number: int, fresh: list[tuple[bytes, int, bytes]]) -> None:
        if not fresh:
            return
        keys, offsets, data = map(list, zip(*fresh, strict=True))
        batch = records(keys, data, offsets)
        self.handed += batch.footprint
        self.dispatcher.offer(self.lanes[number], batch, self.now)

    def hand_over(self) -> None:
        """Give a partition up and get it again, from where it is committed."""
        number = self.random.randrange(2)
        position = self.lanes[number].watermark.position or 0
        self.happened["abandoned under way"] += bool(self.under_way)
        self.dispatcher.abandon([self.lanes[number]])
        self.lanes[number] = Lane(Partition("t", number))
        self._offer(number, [each for each in self.produced[number] if each[1] >= position])

    def reshard(self) -> None:
        living = sorted((shard for shard in self.server.shards if shard.is_open), key=lambda shard: shard.first)
        if len(living) > 2 and self.random.random() < 0.5:
            at = self.random.randrange(len(living) - 1)
            merge(self.server, living[at], living[at + 1])
            self.happened["merged"] += 1
        else:
            self.server.split(self.random.choice(living).name)
            self.happened["split"] += 1

    def delete(self) -> None:
        """Delete the stream, which lists its shards for a while, and answers some of the calls that are under way."""
        self.is_gone = True
        while self.under_way and self.random.random() < 0.7:
            if self.random.random() < 0.3:
                self.settle()
            else:
                self._refuse()
            self.shards.answer()
        while self.under_way:
            self._refuse()

    def make_anew(self) -> None:
        """Make the stream anew, which takes longer than a call."""
        self.is_gone = False
        self.former.append((FaultServer(shards=self.server.shards), self.stream))
        self.stream = []
        self.server.shards = even_shards(self.random.randint(1, 4))

    def _refuse(self) -> None:
        call = self.under_way.pop(self.random.randrange(len(self.under_way)))
        self.dispatcher.settle(call, GONE, self.now)
        self.happened["gone"] += 1
        if not self.under_way and self.random.random() < 0.5:
            self.make_anew()

    def send(self) -> bool:
        call = self.dispatcher.next_call(self.now)
        if call is None:
            return False
        assert 1 <= len(call) <= LIMITS.records
        assert len(call) == 1 or call.size <= LIMITS.size
        self.happened["packed"] += sum(len(inside(part.data[0])) > 1 for part in call.parts)
        self.under_way.append(call)
        return True

    def settle(self) -> None:
        call = self.under_way.pop(self.random.randrange(len(self.under_way)))
        sent = [(part.keys[0], part.data[0]) for part in call.parts]
        if any(self.at_fault.intersection(inside(data)) for _, data in sent):
            self.happened["refused content"] += 1
            self.dispatcher.settle(call, REFUSED_CONTENT, self.now)
            self._put_aside()
            return
        kind = self.random.choices(["fine", "partial", "failed", "lost"], [6, 3, 1, 1])[0]
        refused = [kind == "failed" or (kind == "partial" and self.random.random() < 0.4) for _ in sent]
        numbers: list[bytes] = []
        shards: list[bytes] = []
        for (key, data), is_refused in zip(sent, refused, strict=True):
            shard = self.server.shard_of({"PartitionKey": key.decode()}).name
            shards.append(shard.encode())
            if not is_refused:
                self.stream.append(Taken(key.decode(), data, shard))
            self.taken += 1
            numbers.append(b"" if is_refused else b"%056d" % self.taken)
        self.happened[kind] += any(refused) or kind == "lost"
        if kind == "failed":
            self.dispatcher.settle(call, THROTTLED, self.now)
        elif kind == "lost":
            self.dispatcher.settle(call, LOST_ANSWER, self.now)
        else:
            refusals = {index: "Throttled" for index, r in enumerate(refused) if r}
            self.dispatcher.settle(call, Answer(refusals, Placements(numbers, shards)), self.now)

    def _put_aside(self) -> None:
        """Decide on refused records as a route with dead letters does."""
        for refused, _ in self.dispatcher.refused:
            self.put_aside.append((refused.lane.partition.number, refused.offset))
            refused.lane.watermark.acknowledge((refused.offset,))
            self.feed.settle(refused)
        self.dispatcher.refused.clear()

    def run(self, steps: int, *, resharding: bool = True, deleting: bool = False) -> None:
        for _ in range(steps):
            action = self.random.random()
            if action < 0.3:
                self.produce()
            elif action < 0.6:
                self.send()
            elif action < 0.62 and resharding:
                self.reshard()
            elif action < 0.66:
                self.shards.answer()
            elif action < 0.67:
                self.hand_over()
            elif action < 0.68 and deleting and self.under_way and not self.is_gone:
                self.delete()
            elif self.under_way:
                self._come_back()
            self.now += self.random.random() / 4
        self.drain()

    def drain(self) -> None:
        """Go on until nothing is left; `wake_at` may not be relied on for more than it says."""
        for _ in range(20_000):
            self.shards.answer()
            if self.under_way:
                self._come_back()
            elif not self.send():
                due = self.dispatcher.wake_at()
                if due is None:
                    return
                self.now = max(self.now, due)
                if REFUSED_CONTENT.code in (self.dispatcher.circuit.reason or ""):
                    self._go_on()
        raise AssertionError("it never ends")

    def _go_on(self) -> None:
        """Let good records come, at last for more shards: only what else is taken shows that a record is at fault."""
        self.happened["nothing taken"] += 1
        living = [shard for shard in self.server.shards if shard.is_open]
        if self.happened["nothing taken"] > 100 and len(living) < 16 and not self.is_gone:
            self.server.split(self.random.choice(living).name)
            self.shards.refresh()
        self.produce(faults=False)

    def _come_back(self) -> None:
        if self.is_gone:
            self._refuse()
        else:
            self.settle()

    @property
    def reading(self) -> Reading:
        readings = [read(*former) for former in [*self.former, (self.server, self.stream)]]
        records = [record for reading in readings for record in reading.records]
        return Reading(records, sum(reading.dropped for reading in readings))

    @property
    def wanted(self) -> set[Place]:
        return {(number, offset) for number, known in self.produced.items() for _, offset, _ in known}

    def violations(self) -> int:
        latest: dict[tuple[int, str], int] = {}
        seen: set[Place] = set()
        count = 0
        for record in self.reading.records:
            at = place(record.data)
            if at in seen:
                continue
            seen.add(at)
            partition, offset = at
            count += latest.get((partition, record.key), -1) > offset
            latest[partition, record.key] = max(offset, latest.get((partition, record.key), -1))
        return count
