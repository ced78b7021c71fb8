"""A record is put aside for what it holds only where the target takes others: one that refuses everything is broken."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connector import dispatcher as rules
from connector.backoff import Backoff
from connector.batch import Partition, records
from connector.circuit import Circuit
from connector.dispatcher import Call, Dispatcher
from connector.feed import CallLimits, Feed, Lane
from connector.firehose.line_packing import LinePacking
from connector.health import Health
from connector.keyed_feed import KeyedFeed
from connector.metrics import Metrics
from connector.outcome import Answer, CallFailure
from connector.packed_feed import PackedFeed
from tests.connector.fault_server import Fault, FaultServer
from tests.connector.in_memory import Assembly, HeldLetters, MemorySource, lost, running, settled
from tests.connector.packed_routes import Lines, PackedSource
from tests.connector.processes import until

LIMITS = CallLimits(100, 10_000)
REFUSED = CallFailure("ValidationException", "1 validation error detected", refuses_content=True)


def keyed() -> Feed:
    return KeyedFeed(LIMITS, Backoff(1, 30, lambda _, most: most), 0.0, ordered=True)


def packed() -> Feed:
    return PackedFeed(LinePacking(2000, None), Backoff(1, 30, lambda _, most: most), 0.0, 4000)


class Target:
    """Refuses every call, or those that hold something bad, and notes what it took."""

    def __init__(self, feed: Feed, *, is_broken: bool = False) -> None:
        self.circuit = Circuit()
        self.dispatcher = Dispatcher(LIMITS, feed, self.circuit, Metrics("r"))
        self.lanes = [Lane(Partition("t", number)) for number in range(2)]
        self.is_broken = is_broken
        self.now = 0.0
        self.calls = 0
        self.taken: list[bytes] = []

    def offer(self, data: list[bytes], lane: int = 0, *, same_key: bool = False) -> None:
        first = self.lanes[lane].watermark.end or 0
        keys = [b"key" if same_key else b"%d" % (first + index) for index in range(len(data))]
        offsets = range(first, first + len(data))
        batch = records(keys, [each + b"\n" for each in data], offsets)
        self.dispatcher.offer(self.lanes[lane], batch, self.now)

    def answer(self, call: Call) -> None:
        self.calls += 1
        lines = [line for part in call.parts for data in part.data for line in data.splitlines()]
        if self.is_broken or any(line.startswith(b"bad") for line in lines):
            self.dispatcher.settle(call, REFUSED, self.now)
        else:
            self.taken += lines
            self.dispatcher.settle(call, Answer(), self.now)

    def play(self, seconds: float) -> None:
        """Let calls leave as they may."""
        until = self.now + seconds
        while True:
            if (call := self.dispatcher.next_call(self.now)) is not None:
                self.answer(call)
                continue
            due = self.dispatcher.wake_at()
            if due is None or due > until:
                break
            self.now = max(self.now, due)
        self.now = until

    @property
    def aside(self) -> list[tuple[int, int]]:
        return [(refused.lane.partition.number, refused.offset) for refused, _ in self.dispatcher.refused]


GOOD = [b"good %d" % number for number in range(60)]
feeds = pytest.mark.parametrize("feed", [keyed, packed])


@feeds
def test_of_an_endpoint_that_refuses_everything_nothing_is_put_aside_and_all_goes_on_when_it_is_well(
    feed: Callable[[], Feed],
):
    target = Target(feed(), is_broken=True)
    target.offer(GOOD)
    target.offer(GOOD, lane=1)
    target.play(3600)
    assert target.aside == []
    assert str(target.circuit.state) == "open"
    assert target.circuit.reason == "ValidationException: 1 validation error detected"
    assert target.calls < 120, "it is asked once a minute"
    target.is_broken = False
    target.play(200)
    assert target.circuit.state == "closed"
    assert sorted(target.taken) == sorted(GOOD * 2)
    assert [lane.watermark.position for lane in target.lanes] == [60, 60]


@feeds
def test_an_endpoint_that_breaks_under_way_makes_no_record_look_bad(feed: Callable[[], Feed]):
    target = Target(feed())
    target.offer(GOOD)
    target.play(1)
    target.is_broken = True
    target.offer(GOOD)
    target.offer(GOOD, lane=1)
    target.play(rules._PATIENCE - 10)
    assert target.aside == []
    assert str(target.circuit.state) == "open"
    target.is_broken = False
    target.play(200)
    assert sorted(target.taken) == sorted(GOOD * 3)


@feeds
@pytest.mark.parametrize("place", [0, 1, 17, 59])
def test_one_bad_record_among_good_ones_is_put_aside_and_no_other(feed: Callable[[], Feed], place: int):
    target = Target(feed())
    target.offer([b"bad" if number == place else each for number, each in enumerate(GOOD)])
    target.offer(GOOD, lane=1)
    target.play(200)
    assert target.aside == [(0, place)]
    assert sorted(target.taken) == sorted([*GOOD[:place], *GOOD[place + 1 :], *GOOD])
    assert target.circuit.state == "closed"


@feeds
def test_a_bad_record_that_is_alone_is_put_aside_once_something_else_was_taken(feed: Callable[[], Feed]):
    target = Target(feed())
    target.offer([b"bad"])
    target.play(60)
    assert target.aside == []
    assert str(target.circuit.state) == "open"
    target.offer([b"good"], lane=1)
    target.play(200)
    assert target.aside == [(0, 0)]
    assert target.circuit.state == "closed"


@feeds
def test_a_call_that_had_left_before_the_refusal_shows_nothing(feed: Callable[[], Feed]):
    target = Target(feed())
    target.offer([b"good"], lane=1)
    before = target.dispatcher.next_call(0.0)
    target.offer([b"bad"])
    refused = target.dispatcher.next_call(0.0)
    assert before is not None
    assert refused is not None
    target.answer(refused)
    target.answer(before)
    target.play(60)
    assert target.taken == [b"good"]
    assert target.aside == []


@feeds
def test_of_bad_records_that_all_others_wait_behind_one_is_put_aside_after_a_while(feed: Callable[[], Feed]):
    target = Target(feed())
    target.offer([b"good"], same_key=True)
    target.play(1)
    target.offer([b"bad", b"bad", b"good"], same_key=True)
    target.play(rules._PATIENCE - 10)
    assert target.aside == []
    target.play(3600)
    assert target.aside == [(0, 1)]
    target.dispatcher.feed.settle(target.dispatcher.refused[0][0])
    target.play(3600)
    assert target.aside == [(0, 1)], "one for each time that something was taken"
    target.offer([b"good"], lane=1)
    target.play(200)
    assert target.aside == [(0, 1), (0, 2)]
    target.dispatcher.feed.settle(target.dispatcher.refused[1][0])
    target.play(1)
    assert target.taken == [b"good"] * 3


@feeds
def test_a_search_that_ended_without_a_bad_record_leaves_no_doubt_behind(feed: Callable[[], Feed]):
    """As with a proxy that refuses large calls only."""
    target = Target(feed())
    target.offer(GOOD)
    call = target.dispatcher.next_call(0.0)
    assert call is not None
    target.dispatcher.settle(call, REFUSED, 0.0)
    target.play(1)
    for _ in range(9):
        target.offer(GOOD)
        target.play(1)
    target.is_broken = True
    target.offer(GOOD)
    target.play(rules._PATIENCE - 20)
    assert target.aside == []


def believe(_: Dispatcher, call: Call, __: float) -> bool:
    return sum(piece.messages for piece in call.pieces) == 1


@feeds
def test_if_every_record_that_is_refused_alone_were_at_fault_an_endpoint_could_put_all_of_them_aside(
    feed: Callable[[], Feed], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Dispatcher, "_is_at_fault", believe)
    target = Target(feed(), is_broken=True)
    target.offer(GOOD)
    target.play(3600)
    assert len(target.aside) > 50


def route(server: FaultServer, kind: type[Assembly]) -> tuple[Assembly, HeldLetters]:
    letters = HeldLetters()
    letters.acknowledging = True
    keys: list[list[bytes | None]] = [[b"%d" % number for number in range(60)] for _ in range(2)]
    source = (MemorySource if kind is Assembly else PackedSource)(keys, server, letters=letters)
    return kind(source, letters=letters), letters


@pytest.mark.parametrize("kind", [Assembly, Lines])
def test_a_whole_route_waits_for_an_endpoint_that_refuses_everything_and_recovers_by_itself(
    server: FaultServer, kind: type[Assembly]
):
    server.plan = lambda _: Fault(status=400, code="ValidationException")
    assembly, letters = route(server, kind)
    health = Health(dict, lambda: True, assembly.circuit, dict)
    with running(assembly):
        until(lambda: assembly.circuit.reason is not None)
        assert not health.ready()[0]
        refused = len(server.calls)
        until(lambda: len(server.calls) > refused + 40)
        assert "ValidationException: on demand" in str(health.ready()[1])
        server.plan = lambda _: Fault()
        until(lambda: settled(assembly))
        assert health.ready()[0]
    assert letters.taken == []
    assert lost(assembly.source) == 0
    assert assembly.source.commits == {Partition("t", 0): 60, Partition("t", 1): 60}


def test_if_it_did_not_wait_good_records_would_be_put_aside(server: FaultServer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Dispatcher, "_is_at_fault", believe)
    server.plan = lambda _: Fault(status=400, code="ValidationException")
    assembly, letters = route(server, Assembly)
    with running(assembly):
        until(lambda: settled(assembly))
    assert len(letters.taken) == 120


def test_of_a_whole_route_exactly_the_bad_record_is_put_aside(server: FaultServer):
    server.plan = lambda number: (
        Fault(status=400, code="InvalidArgumentException") if "bad" in server.calls[number] else Fault()
    )
    assembly, letters = route(server, Assembly)
    assembly.source.partitions[1][17] = b"bad"
    with running(assembly):
        until(lambda: settled(assembly))
    assert [(letter.partition.number, letter.offset) for letter in letters.taken] == [(1, 17)]
    assert lost(assembly.source) == 0
    assert len(server.taken) == 119
