"""The shards of a stream, listed again when they have changed."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from connector.errors import ConnectorError
from connector.kinesis.shards import Shards
from tests.connector.fault_server import even_shards, listed
from tests.connector.processes import until


class Service:
    """Lists as many shards as it was asked times, when it may."""

    def __init__(self) -> None:
        self.asked = 0
        self.failures = 0
        self.unreadable: list[object] = []
        self.may_answer = threading.Event()
        self.may_answer.set()

    def ask(self) -> Iterable[Mapping[str, Any]]:
        assert self.may_answer.wait(10)
        if self.failures:
            self.failures -= 1
            raise ConnectorError("not now")
        if self.unreadable:
            return self.unreadable.pop()  # type: ignore[return-value]  # what a service should not answer
        self.asked += 1
        return map(listed, even_shards(self.asked))


@pytest.fixture
def service() -> Service:
    return Service()


def test_shards_are_listed_at_once(service: Service):
    assert len(Shards(service.ask).map.open) == 1


def test_shards_that_cannot_be_listed_at_first_stop_the_start(service: Service):
    service.failures = 1
    with pytest.raises(ConnectorError, match="not now"):
        Shards(service.ask)


def test_they_are_listed_again_beside_the_work_and_once_however_often_that_is_wished(service: Service):
    shards = Shards(service.ask, pause=0.0)
    before = shards.map
    service.may_answer.clear()
    for _ in range(3):
        shards.refresh()
    assert shards.is_asking
    assert shards.map is before
    service.may_answer.set()
    until(lambda: not shards.is_asking)
    assert len(shards.map.open) == service.asked == 2


def test_shards_that_cannot_be_listed_now_are_asked_for_again(service: Service):
    shards = Shards(service.ask, pause=0.0)
    service.failures = 3
    shards.refresh()
    until(lambda: not shards.is_asking)
    assert service.failures == 0
    assert len(shards.map.open) == 2


def test_a_list_that_cannot_be_read_is_asked_for_again(service: Service):
    shards = Shards(service.ask, pause=0.0)
    service.unreadable = [[{}], [{"ShardId": "s", "HashKeyRange": {"StartingHashKey": "x"}}], [7]]
    shards.refresh()
    until(lambda: not shards.is_asking)
    assert service.unreadable == []
    assert len(shards.map.open) == 2


def test_a_doubt_ends_with_a_list_that_was_asked_for_after_an_answer(service: Service):
    shards = Shards(service.ask, pause=0.0)
    assert shards.is_sure()
    shards.doubt()
    shards.refresh()
    until(lambda: not shards.is_asking)
    assert not shards.is_sure(), "it may have been listed before it was made anew"
    shards.ascertain()
    until(lambda: not shards.is_asking)
    assert shards.is_sure()


def test_a_list_that_was_under_way_when_the_doubt_arose_does_not_end_it(service: Service):
    shards = Shards(service.ask, pause=0.0)
    shards.doubt()
    service.may_answer.clear()
    shards.ascertain()
    shards.doubt()
    service.may_answer.set()
    until(lambda: not shards.is_asking)
    assert not shards.is_sure()


def test_after_a_silence_the_stream_may_be_another_one(service: Service):
    now = [0.0]
    shards = Shards(service.ask, pause=0.0, clock=lambda: now[0])
    for _ in range(5):
        now[0] += 4
        assert shards.is_sure()
    now[0] += 6
    assert not shards.is_sure()
    assert not shards.is_sure(), "further answers say nothing"
    shards.ascertain()
    until(lambda: not shards.is_asking)
    assert shards.is_sure()
