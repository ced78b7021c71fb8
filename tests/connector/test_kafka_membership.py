"""Membership of a consumer group on a real broker, by both protocols: handing over, coming back, beginning, gaps."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta

import pytest
from confluent_kafka import TopicPartition

from connector.batch import Partition
from connector.errors import ConnectorError, OffsetGap
from sandbox.kafka import Broker
from tests.connector.member import Member, Topic, poll_until

both_protocols = pytest.mark.parametrize("protocol", ["classic", "consumer"])


@pytest.fixture
def topic(broker: Broker) -> Topic:
    return Topic(broker.bootstrap)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@both_protocols
def test_partitions_move_with_all_that_was_read_of_them(topic: Topic, stack: ExitStack, protocol):
    first = stack.enter_context(closing(Member(topic, protocol=protocol)))
    values = topic.produce(400)
    poll_until([first], lambda: len(first.read) == 400)
    second = stack.enter_context(closing(Member(topic, protocol=protocol)))
    poll_until([first, second], lambda: len(first.owned) == len(second.owned) == 2)
    values += topic.produce(400, first=400)
    poll_until([first, second], lambda: len(first.read) + len(second.read) == 800)
    assert first.in_flight_at_revocation == 200
    assert not first.owned & second.owned
    assert sorted(first.read + second.read) == values
    stack.close()
    assert sorted(first.done + second.done) == values
    assert sum(topic.committed()) == 800


@both_protocols
def test_without_draining_what_was_read_is_read_again(topic: Topic, stack: ExitStack, protocol):
    first = stack.enter_context(closing(Member(topic, drains=False, protocol=protocol)))
    topic.produce(400)
    poll_until([first], lambda: len(first.read) == 400)
    second = stack.enter_context(closing(Member(topic, protocol=protocol)))
    poll_until([first, second], lambda: len(second.read) == 200)
    assert set(second.read) < set(first.read)


@both_protocols
def test_a_static_member_comes_back_to_its_partitions_without_a_rebalance(topic: Topic, stack: ExitStack, protocol):
    away = Member(topic, protocol=protocol, instance="a", session_timeout="30s")
    stays = stack.enter_context(closing(Member(topic, protocol=protocol, instance="b", session_timeout="30s")))
    poll_until([away, stays], lambda: len(away.owned) == len(stays.owned) == 2)
    owned, kept, rebalances = set(away.owned), set(stays.owned), stays.assignments
    values = topic.produce(40)
    poll_until([away, stays], lambda: len(away.read) + len(stays.read) == 40)
    away.close()
    assert sorted(away.done) == sorted(away.read)
    values += topic.produce(40, first=40)
    back = stack.enter_context(closing(Member(topic, protocol=protocol, instance="a", session_timeout="30s")))
    poll_until([back, stays], lambda: back.owned == owned)
    poll_until([back, stays], lambda: len(away.read) + len(back.read) + len(stays.read) == 80)
    assert stays.owned == kept
    assert stays.assignments == rebalances
    assert sorted(away.read + back.read + stays.read) == values


@both_protocols
def test_a_member_without_a_name_leaves_its_partitions_to_the_others(topic: Topic, stack: ExitStack, protocol):
    away = Member(topic, protocol=protocol)
    stays = stack.enter_context(closing(Member(topic, protocol=protocol)))
    poll_until([away, stays], lambda: len(away.owned) == len(stays.owned) == 2)
    away.close()
    poll_until([stays], lambda: len(stays.owned) == 4)


@both_protocols
def test_a_name_that_two_members_have_ends_one_with_the_way_out(topic: Topic, stack: ExitStack, protocol):
    first = stack.enter_context(closing(Member(topic, protocol=protocol, instance="a")))
    poll_until([first], lambda: len(first.owned) == 4)
    second = stack.enter_context(closing(Member(topic, protocol=protocol, instance="a")))
    with pytest.raises(ConnectorError, match=r"source\.instance 'a'.*give each member a name of its own"):
        poll_until([first, second], lambda: False)


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


@both_protocols
def test_a_first_start_at_a_time_reads_from_its_first_record_on(topic: Topic, stack: ExitStack, protocol):
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    topic.produce(40, timestamp=milliseconds(at - timedelta(minutes=1)))
    wanted = topic.produce(40, first=40, timestamp=milliseconds(at))
    member = stack.enter_context(closing(Member(topic, protocol=protocol, start=at.isoformat())))
    poll_until([member], lambda: len(member.read) >= 40)
    assert sorted(member.read) == wanted


def test_a_time_after_the_end_begins_at_the_end_and_skips_nothing_later(topic: Topic, stack: ExitStack):
    at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    topic.produce(40)
    first = Member(topic, start=at)
    poll_until([first], lambda: len(first.owned) == 4)
    first.close()
    assert not first.read
    assert topic.committed() == [10, 10, 10, 10]
    between = topic.produce(40, first=40)
    second = stack.enter_context(closing(Member(topic, start=at)))
    poll_until([second], lambda: len(second.read) == 40)
    assert sorted(second.read) == between


@both_protocols
def test_what_was_removed_before_it_was_read_stops_its_partition_alone(topic: Topic, stack: ExitStack, protocol):
    topic.produce(80)
    first = Member(topic, protocol=protocol)
    poll_until([first], lambda: len(first.read) == 80)
    first.close()
    later = topic.produce(80, first=80)
    topic.admin.delete_records([TopicPartition(topic.name, 0, 30)])[TopicPartition(topic.name, 0)].result(10)
    second = stack.enter_context(closing(Member(topic, protocol=protocol)))
    poll_until([second], lambda: second.stops and len(second.read) >= 60)
    gap = second.stops[Partition(topic.name, 0)]
    assert isinstance(gap, OffsetGap)
    assert "committed 20: the offsets 20 to 29" in str(gap)
    deadline = time.monotonic() + 1
    poll_until([second], lambda: time.monotonic() > deadline)
    assert sorted(second.read) == [value for number, value in enumerate(later) if number % 4]
    tool = f"kafka-consumer-groups.sh --bootstrap-server {topic.bootstrap} --group {topic.name} --topic {topic.name}:0"
    assert f"({tool} --reset-offsets --to-earliest --execute;" in str(gap)


def test_the_lag_of_a_stopped_partition_is_known_though_nothing_is_fetched_of_it(topic: Topic, stack: ExitStack):
    topic.produce(80)
    first = Member(topic)
    poll_until([first], lambda: len(first.read) == 80)
    first.close()
    topic.produce(80, first=80)
    topic.admin.delete_records([TopicPartition(topic.name, 0, 40)])[TopicPartition(topic.name, 0)].result(10)
    topic.produce(4, first=160, partition=0)
    second = stack.enter_context(closing(Member(topic)))
    poll_until([second], lambda: second.stops and len(second.read) >= 60)
    place = Partition(topic.name, 0)
    assert second.source.lags({place: 20}) == {place: 24}
    # A commit past the end, as when the topic was made anew.
    assert second.source.lags({place: 50}) == {place: 4}
    second.source._stopped.clear()
    assert second.source.lags({place: 20}) == {}
