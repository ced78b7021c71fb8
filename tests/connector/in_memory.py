"""A source in memory, an engine on it, and what must hold of every run."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

from connector.aws.signing import Credentials
from connector.backoff import Backoff
from connector.batch import Batch, Partition
from connector.circuit import Circuit
from connector.config import ConnectorConfig, load_config
from connector.dead_letters.letter import Letter
from connector.dead_letters.target import DeadLetters, Probed
from connector.dispatcher import Dispatcher
from connector.engine import Engine, Settings
from connector.errors import ConnectorError
from connector.fates import Fates
from connector.feed import CallLimits, Feed
from connector.gate import Gate
from connector.keyed_feed import KeyedFeed
from connector.kinesis.sink import KinesisSink
from connector.mapping import Mapper
from connector.metrics import Metrics
from connector.pacing import Bounds
from connector.sender import Sender, Sink
from connector.source import Owner
from tests.connector.fault_server import THROTTLED, Fault, FaultServer, Taken

TOPIC = "t"


def content(partition: int, offset: int) -> bytes:
    """Data that tells where it comes from."""
    return b"%d/%d" % (partition, offset)


def place(taken: Taken) -> tuple[int, int]:
    """Read `content` back."""
    partition, offset = taken.data.split(b"/")[:2]
    return int(partition), int(offset)


@dataclass
class MemorySource:
    """Partitions as lists of keys; the offset is the index. Notes every commit, and what it would lose."""

    partitions: list[list[bytes | None]]
    server: FaultServer
    chunk: int = 50
    commits: dict[Partition, int] = field(default_factory=dict)
    ahead: int = 0
    polled: int = 0
    paused: set[Partition] = field(default_factory=set)
    joined: bool = True
    closed: bool = False
    make_value: Callable[[int, int], bytes | None] = content
    letters: HeldLetters | None = None

    def start(self, owner: Owner) -> None:
        self.owner = owner
        self.places = [Partition(TOPIC, number) for number in range(len(self.partitions))]
        self.positions = dict.fromkeys(self.places, 0)
        self.turn = 0
        owner.assigned(self.places)

    def poll(self, patience: float) -> list[Batch]:  # noqa: ARG002 - the protocol's signature
        self.polled += 1
        for _ in self.places:
            self.turn = (self.turn + 1) % len(self.places)
            where = self.places[self.turn]
            first = self.positions[where]
            keys = self.partitions[where.number][first : first + self.chunk]
            if keys and where not in self.paused:
                self.positions[where] = first + len(keys)
                offsets = range(first, first + len(keys))
                return [Batch(where, keys, [self.make_value(where.number, offset) for offset in offsets], offsets)]
        time.sleep(0.001)
        return []

    def pause(self, partitions: Collection[Partition]) -> None:
        self.paused.update(partitions)

    def resume(self, partitions: Collection[Partition]) -> None:
        self.paused.difference_update(partitions)

    def commit(self, positions: Mapping[Partition, int]) -> None:
        arrived = self.arrived()
        for where, position in positions.items():
            self.ahead += sum((where.number, offset) not in arrived for offset in range(position))
            self.commits[where] = position
        self.owner.committed(positions)

    def arrived(self) -> set[tuple[int, int]]:
        """Tell which records are in the stream, or put aside for good."""
        aside = self.letters.taken if self.letters else []
        in_stream = {place(taken) for taken in self.server.taken}
        return in_stream.union((letter.partition.number, letter.offset) for letter in aside)

    def lags(self, positions: Mapping[Partition, int]) -> Mapping[Partition, int]:
        return {where: len(self.partitions[where.number]) - position for where, position in positions.items()}

    def finish(self, end: float) -> None:
        self.end = end

    def close(self) -> None:
        self.commit(self.owner.revoked(self.places))
        self.closed = True


class HeldLetters:
    """Dead letters that are acknowledged when the test says so; `taken` are those that are."""

    failing: str | None = None

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.taken: list[Letter] = []
        self.turns = 0
        self.flushed = False
        self.closed = False
        self.fatal: ConnectorError | None = None
        self.acknowledging = False

    @property
    def pending(self) -> int:
        return len(self.letters)

    @property
    def pending_bytes(self) -> int:
        return sum(letter.size for letter in self.letters)

    def probe(self) -> Probed:
        return Probed("held letters")

    def send(self, letter: Letter) -> None:
        self.letters.append(letter)

    def settled(self) -> list[tuple[Partition, int]]:
        self.turns += 1
        if not self.acknowledging:
            return []
        settled, self.letters = self.letters, []
        self.taken += settled
        return [(letter.partition, letter.offset) for letter in settled]

    def flush(self) -> None:
        self.flushed = True

    def abandon(self, partitions: Collection[Partition]) -> None:
        self.letters = [letter for letter in self.letters if letter.partition not in partitions]

    def close(self, timeout: float) -> int:  # noqa: ARG002 - the protocol's signature
        self.closed = True
        return self.pending


class FixedAccess:
    """An account that is always there; counts how often its credentials were renewed."""

    region = "eu-west-1"

    def __init__(self, url: str, ca_bundle: str | None) -> None:
        self.endpoint_url = url
        self.ca_bundle = ca_bundle
        self.renewals = 0

    def credentials(self) -> Credentials:
        return Credentials("AKIDEXAMPLE", "secret", f"token-{self.renewals}")

    def renew(self) -> None:
        self.renewals += 1


def route_config(**options: object) -> ConnectorConfig:
    """A configuration with all defaults but these."""
    source = {"kind": "kafka", "bootstrap": "localhost:1", "topic": TOPIC, "group": "g"}
    sink = {"kind": "kinesis", "stream": "flights"}
    return load_config(json.dumps({"route": "r", "source": source, "sink": sink, **options}), "a test")


@dataclass
class Assembly:
    """A whole route but for Kafka."""

    source: MemorySource
    ordered: bool = True
    memory: int = 16 << 20
    records: int = 20
    connections: int = 6
    request_timeout: float = 5.0
    retry: tuple[float, float] = (0.001, 0.02)
    tombstones: str = "reject"
    letters: DeadLetters | None = None
    stop_timeout: float = 20.0
    drain_timeout: float = 5.0
    linger: float = 0.005
    span: int = 100_000
    waiting: int | None = None
    ca_bundle: str | None = None
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self.metrics = Metrics("r")
        self.circuit = Circuit(shortest=0.02, longest=0.05)
        limits = CallLimits(self.records, 10 << 20)
        self.access = FixedAccess(self.source.server.url, self.ca_bundle)
        feed, gate = self.new_feed(limits, Backoff(*self.retry))
        self.feed = feed
        self.dispatcher = Dispatcher(limits, feed, self.circuit, self.metrics, gate)
        sink = self.new_sink(limits)
        self.sender = Sender(sink, self.dispatcher, self.connections, self.request_timeout, self.clock)
        settings = Settings(
            linger=self.linger,
            commit_interval=0.02,
            drain_timeout=self.drain_timeout,
            stop_timeout=self.stop_timeout,
            bounds=Bounds(self.memory, self.source.chunk, self.span, waiting=self.waiting, patience=0.2),
        )
        self.fates = Fates(self.letters, self.metrics)
        mapper = Mapper(self.new_config())
        self.engine = Engine(self.source, self.sender, self.dispatcher, mapper, self.fates, self.metrics, settings)

    def new_feed(self, limits: CallLimits, backoff: Backoff) -> tuple[Feed, Gate | None]:
        return KeyedFeed(limits, backoff, self.linger, ordered=self.ordered), None

    def new_sink(self, limits: CallLimits) -> Sink:
        return KinesisSink("flights", self.access, limits)

    def new_config(self) -> ConnectorConfig:
        return route_config(tombstones=self.tombstones)

    def sample(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"streamops_connector_{name}", {"route": "r", **labels}) or 0.0


def repeated_keys(random: Random, count: int, distinct: int) -> list[bytes | None]:
    """Keys that repeat often, so that order matters."""
    return [b"k%d" % random.randrange(distinct) for _ in range(count)]


TOO_LATE = 0.4
"""Seconds after which a plan of `random_faults` answers at times: give `request_timeout` less."""


def random_faults(seed: int, server: FaultServer | None = None) -> Callable[[int], Fault]:
    """A plan in which every kind of fault comes up, but half of all calls go well.

    With a server its shards are split again and again, and it refuses calls that hold a key which begins with `bad`.
    """
    random = Random(seed)

    def plan(number: int) -> Fault:
        if server is not None:
            if number % 40 == 15:
                server.split(random.choice([shard.name for shard in server.shards if shard.is_open]))
            if any(key.startswith("bad") for key in server.calls[number]):
                return Fault(status=400, code="InvalidArgumentException")
            if number % 40 == 25:
                return Fault(delay=TOO_LATE)
        delay = random.choice([0.0, 0.0, 0.002, 0.01])
        refused = frozenset(index for index in range(500) if random.random() < 0.4)
        faults = [
            Fault(status=500, code="InternalFailure", delay=delay),
            Fault(status=400, code=THROTTLED, delay=delay),
            Fault(status=400, code="ExpiredTokenException", delay=delay),
            Fault(status=403, code="InvalidSignatureException", delay=delay),
            Fault(status=400, code="RequestExpired", delay=delay),
            Fault(ending="cut-before", delay=delay),
            Fault(ending="cut-after", delay=delay),
            *[Fault(refused=refused.__contains__, delay=delay)] * 2,
            Fault(refused=refused.__contains__, refusal="InternalFailure", delay=delay),
            *[Fault(delay=delay)] * 10,
        ]
        return random.choice(faults)

    return plan


def lost(source: MemorySource) -> int:
    """Count the records that never arrived."""
    arrived = source.arrived()
    return sum(
        (number, offset) not in arrived for number, keys in enumerate(source.partitions) for offset in range(len(keys))
    )


def as_read(server: FaultServer) -> list[Taken]:
    """Put what the stream holds in the order of a reader that finishes parent shards before their children."""
    return [taken for shard in server.shards for taken in server.taken if taken.shard == shard.name]


def out_of_order(taken: list[Taken]) -> int:
    """Count first occurrences that came after a later record of their key and partition."""
    latest: dict[tuple[str, int], int] = {}
    seen: set[tuple[int, int]] = set()
    count = 0
    for record in taken:
        partition, offset = place(record)
        if (partition, offset) in seen:
            continue
        seen.add((partition, offset))
        before = latest.get((record.key, partition), -1)
        count += before > offset
        latest[record.key, partition] = max(before, offset)
    return count


@contextmanager
def running(assembly: Assembly) -> Iterator[Assembly]:
    """Run the engine on a thread; at the end stop it and pass its error on."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            assembly.engine.run()
        except BaseException as error:  # noqa: BLE001 - handed over to the test
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield assembly
    finally:
        assembly.engine.stop()
        thread.join(30)
        assert not thread.is_alive()
    if errors:
        raise errors[0]


def settled(assembly: Assembly) -> bool:
    """Whether everything that the source had is committed."""
    source = assembly.source
    return all(source.commits.get(Partition("t", n)) == len(keys) for n, keys in enumerate(source.partitions))
