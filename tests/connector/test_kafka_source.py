"""The source without a broker: what it makes of librdkafka's answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from confluent_kafka import KafkaError, KafkaException

from connector.batch import Partition
from connector.config import ConfigError, load_config
from connector.config import KafkaSource as KafkaConfig
from connector.errors import ConnectorError
from connector.kafka.client import Client
from tests.connector.scripted_kafka import CONFIG, PLACE, Scripted


@pytest.fixture
def scripted() -> Scripted:
    return Scripted()


def test_a_first_start_at_latest_begins_where_it_has_committed(scripted: Scripted):
    scripted.assign()
    assert scripted.owner.commits == {Partition("t", 0): 20}
    assert [place.offset for place in scripted.consumer.assigned] == [20]
    assert scripted.source.poll(0.2) == []


def test_while_it_may_wait_it_takes_no_more_records_than_memory_holds_of_the_largest():
    scripted = Scripted(most=480, waiting=6)
    scripted.source.poll(0.1)
    scripted.source.poll(0.0)
    assert scripted.consumer.asked == [(6, 0.1), (480, 0.0)]
    scripted = Scripted(most=480)
    scripted.source.poll(0.1)
    assert scripted.consumer.asked == [(480, 0.1)]


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


@pytest.mark.parametrize("how", ["revoke", "close"])
def test_a_last_commit_is_confirmed_by_asking_what_is_committed(scripted: Scripted, how):
    scripted.assign()
    scripted.consumer.moving = [KafkaError.NOT_COORDINATOR]
    scripted.owner.finished = {Partition("t", 0): 25}
    scripted.give_up(how)
    assert scripted.consumer.stored == {Partition("t", 0): 25}
    assert not scripted.consumer.moving


@pytest.mark.parametrize("how", ["revoke", "close"])
def test_of_a_last_commit_that_is_refused_the_log_tells_what_is_delivered_again(
    scripted: Scripted, caplog: pytest.LogCaptureFixture, how
):
    scripted.assign()
    scripted.consumer.refusal = KafkaError.ILLEGAL_GENERATION
    scripted.owner.finished = {Partition("t", 0): 25}
    before = scripted.consumer.commits
    scripted.give_up(how)
    assert 1 < scripted.consumer.commits - before < 5, "tried again, but not for long"
    (line,) = [record for record in caplog.records if "is delivered again" in record.message]
    assert line.fields["delivered_up_to"] == {"t:0": 25}  # type: ignore[attr-defined]  # a field of the JSON line


def test_what_librdkafka_still_tells_during_its_close_does_not_reach_an_owner_that_is_gone(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr("connector.kafka.source._LEAVE_PATIENCE", (0.0, 0.0))
    scripted.assign()
    scripted.consumer.may_close.clear()
    scripted.source.close()
    assert scripted.consumer.closing.wait(5)
    assert "the group was not left, it finds out by the session's time-out" in caplog.text
    scripted.owner.finished = {Partition("t", 0): 25}
    scripted.consumer.callbacks["on_revoke"](scripted.consumer, [PLACE])
    scripted.consumer.may_close.set()
    assert scripted.owner.finished
    assert not scripted.consumer.assigned


def test_what_ends_takes_up_no_more_partitions(scripted: Scripted):
    scripted.source.finish(0.0)
    scripted.assign()
    assert scripted.owner.assignments == []
    assert scripted.owner.commits == {}


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
    with pytest.raises(ConfigError, match=r"source\.fetch: 9MiB needs memory of 144MiB at least"):
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
