"""The source without a broker: what it makes of librdkafka's answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from connector.batch import Partition
from connector.config import ConfigError, load_config
from connector.config import KafkaSource as KafkaConfig
from connector.errors import ConnectorError
from connector.kafka.client import Client
from connector.kafka.ends import Ends
from connector.kafka.source import KafkaSource

CONFIG = {"kind": "kafka", "bootstrap": "h:1", "topic": "t", "group": "g", "start": "latest", "linger": "200ms"}
PLACE = TopicPartition("t", 0)


class ScriptedConsumer:
    """Answers like librdkafka's consumer, and notes what it was asked."""

    def __init__(self) -> None:
        self.committed_offset = -1001
        self.refusal: int | None = None
        self.refuses_the_call = False
        self.times: list[int] = []
        self.moving: list[int] = []
        self.offset_at = -1
        self.assigned: list[TopicPartition] = []
        self.asked: list[tuple[int, float]] = []
        self.paused: list[TopicPartition] = []

    def subscribe(self, _: list[str], **callbacks: Callable[..., None]) -> None:
        self.callbacks = callbacks

    def commit(self, offsets: list[TopicPartition], *, asynchronous: bool) -> list[Any]:
        assert not asynchronous
        if self.refusal is not None and self.refuses_the_call:
            raise KafkaException(KafkaError(self.refusal))
        error = None if self.refusal is None else KafkaError(self.refusal)
        return [Confirmed(place.topic, place.partition, place.offset, error) for place in offsets]

    def get_watermark_offsets(self, _: TopicPartition, timeout: float = 0, *, cached: bool = False) -> tuple[int, int]:
        if self.moving:
            raise KafkaException(KafkaError(self.moving.pop()))
        assert cached or timeout > 0
        return (10, 20) if cached or not self.paused else (10, 30)

    def pause(self, places: list[TopicPartition]) -> None:
        self.paused += places

    def incremental_assign(self, places: list[TopicPartition]) -> None:
        self.assigned += places

    def incremental_unassign(self, places: list[TopicPartition]) -> None:
        self.assigned = [place for place in self.assigned if place not in places]

    def consume(self, count: int, timeout: float) -> list[Any]:
        self.asked.append((count, timeout))
        return []


class Confirmed:
    """A `TopicPartition` as a commit gives it back; Python cannot set the error of a real one."""

    def __init__(self, topic: str, partition: int, offset: int, error: KafkaError | None) -> None:
        self.topic, self.partition, self.offset, self.error = topic, partition, offset, error


class ScriptedClient:
    """The topic's four partitions, of which the group has committed what the consumer says."""

    def __init__(self, consumer: ScriptedConsumer) -> None:
        self.consumer = consumer
        self.failure: KafkaException | None = None
        self.asked_for_partitions = 0

    def attend(self) -> None:
        pass

    def partitions(self, _: str) -> int:
        self.asked_for_partitions += 1
        return 4

    def offsets_at(self, places: Collection[TopicPartition]) -> list[TopicPartition]:
        self.consumer.times += [place.offset for place in places]
        return [TopicPartition(place.topic, place.partition, self.consumer.offset_at) for place in places]

    def committed(self, places: Collection[TopicPartition]) -> list[TopicPartition]:
        if self.failure is not None:
            raise self.failure
        return [TopicPartition(place.topic, place.partition, self.consumer.committed_offset) for place in places]


class NotingOwner:
    """Notes what it hears."""

    def __init__(self) -> None:
        self.assignments: list[Partition] = []
        self.commits: dict[Partition, int] = {}
        self.stops: dict[Partition, str] = {}

    def assigned(self, partitions: Collection[Partition]) -> None:
        self.assignments += partitions

    def revoked(self, _: Collection[Partition]) -> Mapping[Partition, int]:
        return {}

    def lost(self, _: Collection[Partition]) -> None:
        self.assignments.clear()

    def committed(self, positions: Mapping[Partition, int]) -> None:
        self.commits.update(positions)

    def stopped(self, partition: Partition, reason: ConnectorError) -> None:
        self.stops[partition] = str(reason)


class Scripted:
    """A source on a scripted consumer, and its owner."""

    def __init__(self, **settings: object) -> None:
        config = KafkaConfig.model_validate({**CONFIG, **settings})
        self.consumer, self.owner = ScriptedConsumer(), NotingOwner()
        self.client = ScriptedClient(self.consumer)
        self.source = KafkaSource(config, "127.0.0.1:1")
        self.source._consumer.close()
        self.source._consumer = self.consumer  # type: ignore[assignment]  # no broker
        self.source._ends = Ends(self.consumer)  # type: ignore[arg-type]  # as above
        self.source._client = self.client  # type: ignore[assignment]  # as above
        self.source.start(self.owner)

    def assign(self) -> None:
        self.consumer.callbacks["on_assign"](self.consumer, [PLACE])


@pytest.fixture
def scripted() -> Scripted:
    return Scripted()


def test_a_first_start_at_latest_begins_where_it_has_committed(scripted: Scripted):
    scripted.assign()
    assert scripted.owner.commits == {Partition("t", 0): 20}
    assert [place.offset for place in scripted.consumer.assigned] == [20]
    assert scripted.source.poll(0.2) == []


@pytest.mark.parametrize(("offset_at", "begins"), [(15, 15), (-1, 20)])
def test_a_first_start_at_a_time_begins_at_its_first_record_or_at_the_end(offset_at, begins):
    scripted = Scripted(start="1970-01-01T00:00:01.5Z")
    scripted.consumer.offset_at = offset_at
    scripted.assign()
    assert scripted.consumer.times == [1500]
    assert scripted.owner.commits == {Partition("t", 0): begins}


def test_a_later_start_at_a_time_goes_on_at_the_commit():
    scripted = Scripted(start="1970-01-01T00:00:01.5Z")
    scripted.consumer.committed_offset = 12
    scripted.assign()
    assert not scripted.consumer.times
    assert [place.offset for place in scripted.consumer.assigned] == [12]


@pytest.mark.parametrize("refuses_the_call", [True, False])
def test_a_beginning_that_cannot_be_committed_stops_it_before_a_record_is_skipped(scripted: Scripted, refuses_the_call):
    scripted.consumer.refusal = KafkaError.GROUP_AUTHORIZATION_FAILED
    scripted.consumer.refuses_the_call = refuses_the_call
    scripted.assign()
    assert scripted.owner.commits == {}
    assert scripted.owner.assignments == []
    assert scripted.consumer.assigned == []
    with pytest.raises(ConnectorError, match="'g': where to begin can be neither read nor committed"):
        scripted.source.poll(0.2)


def test_brokers_that_go_away_during_an_assignment_stop_it_by_the_next_poll(scripted: Scripted):
    scripted.client.failure = KafkaException(KafkaError(KafkaError._TRANSPORT))
    scripted.assign()
    assert scripted.consumer.assigned == []
    with pytest.raises(ConnectorError, match="where to begin can be neither read nor committed"):
        scripted.source.poll(0.2)


def test_a_leader_that_moves_during_an_assignment_is_waited_for(scripted: Scripted):
    scripted.consumer.moving = [KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE]
    scripted.assign()
    assert scripted.owner.commits == {Partition("t", 0): 20}
    assert not scripted.consumer.moving


def test_no_callback_asks_for_metadata_which_the_client_library_does_not_survive(scripted: Scripted):
    assert scripted.client.asked_for_partitions == 1
    scripted.assign()
    scripted.consumer.callbacks["on_revoke"](scripted.consumer, [PLACE])
    assert scripted.client.asked_for_partitions == 1


def test_records_are_waited_for_as_long_as_the_engine_says(scripted: Scripted):
    scripted.source.poll(0.2)
    assert scripted.consumer.asked == [(500, 0.2)]


def test_the_lag_of_a_paused_partition_is_asked_for_since_no_fetch_tells_it(scripted: Scripted):
    where = Partition("t", 0)
    assert scripted.source.lags({where: 15}) == {where: 5}
    scripted.source.pause([where])
    assert scripted.source.lags({where: 15}) == {where: 15}


def test_membership_ends_with_a_loss_and_while_no_coordinator_answers(scripted: Scripted):
    seen = []

    def note() -> None:
        seen.append(scripted.source.joined)

    note()
    scripted.assign()
    note()
    scripted.source._on_group("wait-coord", "steady")
    note()
    scripted.source._on_group("up", "wait-sync")
    note()
    scripted.source._on_group("up", "steady")
    note()
    scripted.consumer.callbacks["on_lost"](scripted.consumer, [PLACE])
    note()
    assert seen == [False, True, False, False, True, False]


def test_no_more_is_read_ahead_than_two_fetches(monkeypatch: pytest.MonkeyPatch):
    taken: dict[str, object] = {}
    monkeypatch.setattr("connector.kafka.client.Consumer", lambda settings, logger: taken.update(settings))  # noqa: ARG005 - the class's signature
    Client(KafkaConfig.model_validate({**CONFIG, "fetch": "4MiB"}), "h:1")
    assert taken["fetch.max.bytes"] == 4 << 20
    # librdkafka asks for the next one while the queue holds less than this.
    assert taken["queued.max.messages.kbytes"] == 4 << 10


def test_a_fetch_that_the_memory_has_no_room_for_is_refused():
    route = {"route": "r", "source": {**CONFIG, "fetch": "9MiB"}, "sink": {"kind": "kinesis", "stream": "s"}}
    assert load_config(json.dumps({**route, "memory": "72MiB"}), "x").source.fetch == 9 << 20
    with pytest.raises(ConfigError, match=r"source\.fetch \(9MiB\) needs memory of 144MiB at least"):
        load_config(json.dumps({**route, "memory": "143MiB", "processes": 2}), "x")


def test_the_protocol_that_the_broker_leads_gets_no_setting_of_the_other():
    config = KafkaConfig.model_validate({**CONFIG, "protocol": "consumer", "instance": "a", "session_timeout": "6s"})
    Client(config, "127.0.0.1:1").consumer.close()


def test_every_session_timeout_that_the_configuration_takes_is_taken_by_the_client():
    config = KafkaConfig.model_validate({**CONFIG, "session_timeout": "30m"})
    Client(config, "127.0.0.1:1").consumer.close()


def test_an_authority_that_is_no_pem_is_one_message(tmp_path: Path):
    file = tmp_path / "ca.pem"
    file.write_text("no PEM")
    config = KafkaConfig.model_validate({**CONFIG, "security": {"protocol": "tls", "ca": str(file)}})
    with pytest.raises(ConnectorError, match=r"files and variables that source\.security names, which must hold PEM"):
        Client(config, "127.0.0.1:1")
