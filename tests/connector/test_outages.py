"""Real connectors through outages of Kafka: a broker that dies and comes back, a network that stands still."""

from __future__ import annotations

import copy
import os
import signal
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from confluent_kafka import KafkaError, TopicPartition

from connector.batch import Partition
from connector.kafka.commits import Commits
from sandbox.kafka import STOP_GRACE_SECONDS, Broker
from sandbox.process import ProcessRecord, free_port
from tests.connector.fault_server import Fault, FaultServer
from tests.connector.member import Member, Topic, poll_until
from tests.connector.processes import Route, missing, out_of_order, until
from tests.connector.stalling_proxy import StallingProxy

_PROXIED = """
listeners=BROKER://127.0.0.1:{{port}},CONTROLLER://127.0.0.1:{{controller_port}},PROXIED://127.0.0.1:{behind}
advertised.listeners=BROKER://127.0.0.1:{{port}},PROXIED://127.0.0.1:{proxy}
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:PLAINTEXT
# A broker that was killed may come back when its former session is over.
broker.session.timeout.ms=6000
broker.heartbeat.interval.ms=500
"""


@dataclass
class Cluster:
    """A broker of these tests' own, reached directly or through a proxy that can stall."""

    broker: Broker
    owner: Path
    proxy: StallingProxy
    record: ProcessRecord

    @property
    def behind_proxy(self) -> str:
        return f"127.0.0.1:{self.proxy.port}"

    def kill(self) -> None:
        os.kill(self.record.pid, signal.SIGKILL)
        until(lambda: not self.record.alive)

    def start(self) -> None:
        self.record = self.broker.start(owner=self.owner)

    def silence(self, how: str) -> None:
        """Let connections through the proxy stay open and nothing come of them."""
        if how == "stalled":
            self.proxy.stall()
        else:
            os.kill(self.record.pid, signal.SIGSTOP)

    def wake(self) -> None:
        self.proxy.resume()
        os.kill(self.record.pid, signal.SIGCONT)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    owner = tmp_path_factory.mktemp("outages")
    behind = free_port()
    with StallingProxy(behind) as proxy:
        broker = Broker.prepare(owner / "kafka", _PROXIED.format(behind=behind, proxy=proxy.port))
        cluster = Cluster(broker, owner, proxy, broker.start(owner=owner))
        yield cluster
        cluster.record.stop(STOP_GRACE_SECONDS)


@pytest.fixture
def route(cluster: Cluster, server: FaultServer, tmp_path: Path) -> Iterator[Route]:
    """A topic of the test's own there; the stream is slow, so that there is time to interfere."""
    new = Route(cluster.broker.bootstrap, server, tmp_path, f"outage-{uuid.uuid4().hex[:8]}")
    new.create_topic()
    new.sink = {"limits": {"records": 20}, "connections": 2}
    server.plan = lambda number: Fault(delay=0.02, refused=(lambda i: i == 3) if number % 10 == 0 else None)
    yield new
    cluster.wake()
    new.end_all()


def test_a_network_that_stands_still_for_less_than_a_session_is_only_a_delay(cluster: Cluster, route: Route):
    route.source = {"bootstrap": cluster.behind_proxy, "session_timeout": "20s"}
    values = route.produce(2000)
    process = route.start()
    until(lambda: len(route.arrived()) >= 200)
    cluster.proxy.stall()
    until(lambda: cluster.proxy.held_up)
    time.sleep(2)
    cluster.proxy.resume()
    values += route.produce(500, first=2000)
    until(lambda: not missing(values, route), seconds=60)
    assert sorted(route.arrived()) == values, "nothing arrives twice"
    assert out_of_order(route) == 0
    assert not process.said("partitions lost: the group took this member for dead")
    assert process.end() == 0
    assert route.committed() == 2500


def test_a_member_that_the_network_cuts_off_is_taken_over_and_its_late_work_harms_nothing(
    cluster: Cluster, route: Route
):
    route.source = {"bootstrap": cluster.behind_proxy}
    values = route.produce(6000)
    cut_off = route.start()
    until(lambda: len(route.arrived()) >= 200)
    cluster.proxy.stall()
    route.source = {}
    other = route.start()
    until(lambda: other.said("partitions assigned"), seconds=60)
    assert other.said("partitions assigned")[-1]["now"] == 4
    # What the one still holds in memory it sends, beside the other who reads it again.
    until(lambda: len(route.arrived()) > len(set(route.arrived())), seconds=60)
    values += route.produce(500, first=6000)
    cluster.proxy.resume()
    until(lambda: cut_off.said("partitions lost: the group took this member for dead"), seconds=60)
    route.server.plan = lambda _: Fault()
    until(lambda: not missing(values, route), seconds=90)
    assert out_of_order(route) == 0
    assert [process.end() for process in (cut_off, other)] == [0, 0]
    assert route.committed() == 6500


def test_a_broker_that_is_killed_and_comes_back_costs_no_record(cluster: Cluster, route: Route):
    values = route.produce(3000)
    process = route.start()
    until(lambda: len(route.arrived()) >= 300)
    cluster.kill()
    assert len(set(route.arrived())) < 3000
    until(lambda: process.get("/readyz")[0] == 503, seconds=60)
    assert process.get("/healthz")[0] == 200
    cluster.start()
    values += route.produce(500, first=3000)
    until(lambda: not missing(values, route), seconds=90)
    until(lambda: process.get("/readyz")[0] == 200, seconds=60)
    assert out_of_order(route) == 0
    assert process.end() == 0
    assert route.committed() == 3500


def test_a_stop_ends_in_time_while_the_brokers_say_nothing(cluster: Cluster, route: Route):
    route.options = {"stop_timeout": "1s"}
    values = route.produce(2000)
    process = route.start()
    until(lambda: len(route.arrived()) >= 200)
    cluster.silence("suspended")
    silent_at = len(route.arrived())
    until(lambda: len(route.arrived()) >= silent_at + 100)
    # ECS kills 15 s after the longest `stop_timeout`.
    assert process.end(seconds=1 + 15) == 0
    assert process.said("stopped")
    (line,) = [line for line in process.log() if "is delivered again" in line["message"]]
    assert line["delivered_up_to"]
    cluster.wake()
    other = route.start()
    until(lambda: not missing(values, route), seconds=60)
    assert out_of_order(route) == 0
    assert other.end() == 0
    assert route.committed() == 2000


class Interrupted(Member):
    """Does something when its partitions are taken away, before what was read of them is committed."""

    interrupt: Callable[[], None] = staticmethod(lambda: None)
    was_revoked = False

    def revoked(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        self.interrupt()
        self.was_revoked = True
        return super().revoked(partitions)


@dataclass
class HandOver:
    """A member behind the proxy that gives its partitions up, by stopping or to another, on a thread of its own."""

    cluster: Cluster

    def __post_init__(self) -> None:
        self.topic = Topic(self.cluster.broker.bootstrap)
        self.values = self.topic.produce(400)
        through = copy.copy(self.topic)
        through.bootstrap = self.cluster.behind_proxy
        self.first = Interrupted(through)
        poll_until([self.first], lambda: len(self.first.read) == 400)

    def begin(self, what: str, how: str) -> threading.Thread:
        self.first.interrupt = lambda: self.cluster.silence(how)
        thread = threading.Thread(target=self._stop if what == "stop" else self._share)
        thread.start()
        until(lambda: self.first.was_revoked, seconds=60)
        return thread

    def _stop(self) -> None:
        self.first.close()

    def _share(self) -> None:
        second = Member(self.topic)
        poll_until([self.first, second], lambda: self.first.was_revoked)
        self.first.interrupt = lambda: None
        self.cluster.wake()
        poll_until([self.first, second], lambda: len(second.owned) == 2)
        self.first.close()
        second.close()

    def end(self) -> None:
        """Let another one have what is left; nothing may be missing then."""
        last = Member(self.topic)
        self.values += self.topic.produce(40, first=400)
        poll_until([last], lambda: set(self.values) <= {*self.first.done, *last.read})
        last.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector.kafka.source._COMMIT_PATIENCE", (0.3, 0.3))
    monkeypatch.setattr("connector.kafka.source._LEAVE_PATIENCE", (0.3, 0.3))


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("how", ["stalled", "suspended"])
@pytest.mark.parametrize("what", ["stop", "share"])
def test_partitions_are_given_up_in_time_while_the_brokers_say_nothing(cluster: Cluster, what, how):
    hand_over = HandOver(cluster)
    thread = hand_over.begin(what, how)
    until(lambda: not thread.is_alive(), seconds=60)
    cluster.wake()
    hand_over.end()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("what", ["stop", "share"])
def test_a_synchronous_commit_would_wait_for_brokers_that_say_nothing(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, what
):
    def synchronously(
        commits: Commits,
        positions: Mapping[Partition, int],
        seconds: float,  # noqa: ARG001 - the method's signature
    ) -> tuple[set[Partition], KafkaError | None]:
        offsets = [TopicPartition(*partition, offset) for partition, offset in positions.items()]
        commits._consumer.commit(offsets=offsets, asynchronous=False)
        return set(positions), None

    monkeypatch.setattr(Commits, "confirm", synchronously)
    hand_over = HandOver(cluster)
    thread = hand_over.begin(what, "stalled")
    thread.join(10 * 0.3)
    assert thread.is_alive()
    cluster.wake()
    until(lambda: not thread.is_alive(), seconds=60)
    hand_over.end()
