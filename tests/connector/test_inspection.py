"""What `check` finds out about reading: whether it is allowed, and whether what comes next is still there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from confluent_kafka import Consumer, ConsumerGroupState, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclBinding, AclBindingFilter, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType

from connector.check import _may_read
from connector.errors import ConnectorError
from connector.kafka.client import patiently
from connector.kafka.inspection import Inspection
from sandbox.kafka import Broker
from tests.connector.member import Topic
from tests.connector.processes import Route, until

US = "User:ANONYMOUS"


@pytest.fixture
def topic(broker: Broker) -> Topic:
    return Topic(broker.bootstrap)


@pytest.fixture
def inspection(topic: Topic) -> Iterator[Inspection]:
    with closing(Inspection(topic.config(), topic.bootstrap)) as made:
        yield made


@contextmanager
def only(admin: AdminClient, kind: ResourceType, name: str, operation: AclOperation) -> Iterator[None]:
    """Allow this operation on a topic or a group, and what it implies."""
    place = kind, name, ResourcePatternType.LITERAL
    binding = AclBinding(*place, US, "*", operation, AclPermissionType.ALLOW)
    admin.create_acls([binding])[binding].result(10)
    try:
        yield
    finally:
        rule = AclBindingFilter(*place, US, "*", AclOperation.ANY, AclPermissionType.ANY)
        admin.delete_acls([rule])[rule].result(10)


def commit(bootstrap: str, topic: str, *offsets: int) -> None:
    """Commit offsets of the first partitions in the group that is named like the topic."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": topic})
    places = [TopicPartition(topic, number, offset) for number, offset in enumerate(offsets)]
    try:
        patiently(lambda: consumer.commit(offsets=places, asynchronous=False))
    finally:
        consumer.close()


@pytest.mark.parametrize("kind", [ResourceType.TOPIC, ResourceType.GROUP])
def test_to_describe_a_topic_or_a_group_is_not_to_read_it(topic: Topic, inspection: Inspection, kind: ResourceType):
    may_read = inspection.may_read_topic if kind is ResourceType.TOPIC else inspection.may_read_group
    assert may_read() is True
    with only(topic.admin, kind, topic.name, AclOperation.DESCRIBE):
        until(lambda: may_read() is False)
    with only(topic.admin, kind, topic.name, AclOperation.READ):
        until(lambda: may_read() is True)


def test_what_may_not_even_be_described_may_not_be_read(topic: Topic, inspection: Inspection):
    with only(topic.admin, ResourceType.GROUP, topic.name, AclOperation.ALTER_CONFIGS):
        until(lambda: inspection.may_read_group() is False)


@pytest.mark.parametrize("code", [KafkaError._UNSUPPORTED_FEATURE, KafkaError.UNSUPPORTED_VERSION])
def test_brokers_that_do_not_tell_are_not_taken_to_allow_it(
    inspection: Inspection, monkeypatch: pytest.MonkeyPatch, code: int
):
    def refuse(_: object) -> None:
        raise KafkaException(KafkaError(code))

    monkeypatch.setattr(inspection._admin, "answer", refuse)
    finding = _may_read("topic t", inspection.may_read_topic)
    assert str(finding) == "skipped permission: topic t: the brokers do not tell whether it may be read"


def test_an_answer_without_a_word_of_what_is_allowed_is_none(inspection: Inspection, monkeypatch: pytest.MonkeyPatch):
    class Described:
        authorized_operations = None

    monkeypatch.setattr(inspection._admin, "answer", lambda _: Described())
    assert inspection.may_read_topic() is None


def test_brokers_that_do_not_answer_are_named(inspection: Inspection, monkeypatch: pytest.MonkeyPatch):
    def late(_: object) -> None:
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT))

    monkeypatch.setattr(inspection._admin, "answer", late)
    with pytest.raises(ConnectorError, match=r"^group '.*': Kafka at 127\.0\.0\.1:\d+: no broker answers"):
        inspection.may_read_group()


def test_where_the_group_goes_on_is_told(topic: Topic, inspection: Inspection):
    topic.produce(40)
    assert inspection.positions() == (f"{topic.name} has none; it begins as source.start says", [])
    commit(topic.bootstrap, topic.name, 3, 10, 0)
    found = f"{topic.name} has committed 3 of 4 partitions and is 17 records behind"
    assert inspection.positions() == (found, [])


def test_offsets_outside_the_log_are_gaps_as_they_are_when_it_runs(topic: Topic, inspection: Inspection):
    topic.produce(40)
    commit(topic.bootstrap, topic.name, 3, 11, 5, 10)
    topic.admin.delete_records([TopicPartition(topic.name, 0, 5)])[TopicPartition(topic.name, 0)].result(10)
    topic.admin.delete_records([TopicPartition(topic.name, 2, 5)])[TopicPartition(topic.name, 2)].result(10)
    _, gaps = inspection.positions()
    assert [gap.partition.number for gap in gaps] == [0, 1]
    assert f"{topic.name} committed 3: the offsets 3 to 4 (2 at most) were removed" in str(gaps[0])
    assert f"{topic.name} committed 11, past its end" in str(gaps[1])


def test_offsets_that_are_not_told_are_one_clear_error(inspection: Inspection, monkeypatch: pytest.MonkeyPatch):
    def refuse(_: object) -> None:
        raise KafkaException(KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED))

    monkeypatch.setattr(inspection._client, "committed", refuse)
    with pytest.raises(ConnectorError, match=r"where it goes on in '.*' cannot be read .*; restore"):
        inspection.positions()


def reading(route: Route) -> list[str]:
    """Return what `check` says after it has found the topic."""
    lines = route.check().stdout.splitlines()
    (after,) = [number for number, line in enumerate(lines) if line.startswith("ok      topic: ")]
    return [line.replace(route.name, "NAME") for line in lines[after + 1 :]]


def state(route: Route) -> ConsumerGroupState:
    def ask() -> ConsumerGroupState:
        found: ConsumerGroupState = route.admin.describe_consumer_groups([route.group])[route.group].result(10).state
        return found

    return patiently(ask)


def test_check_says_all_of_it_and_moves_nothing(route: Route):
    assert reading(route) == [
        "ok      permission: topic NAME may be read",
        "ok      permission: group NAME may be read",
        "ok      committed offsets: NAME has none; it begins as source.start says",
    ]
    route.produce(20, partition=0)
    commit(route.bootstrap, route.name, 30)
    with only(route.admin, ResourceType.TOPIC, route.topic, AclOperation.DESCRIBE):
        *_, topic, group, gap = reading(route)
    assert topic == (
        "FAILED  permission: topic NAME may not be read; allow READ on it, `plan` prints all that is needed"
    )
    assert group.startswith("ok ")
    assert gap.startswith("FAILED  committed offsets: gap in NAME:0: NAME committed 30, past its end: ")
    assert "--reset-offsets --to-earliest" in gap
    with only(route.admin, ResourceType.GROUP, route.group, AclOperation.ALTER_CONFIGS):
        assert reading(route)[1:] == [
            "FAILED  permission: group NAME may not be read; allow READ on it, `plan` prints all that is needed",
            "skipped committed offsets: not tried: they are told to who may read the group",
        ]
    assert route.check().returncode == 1
    assert route.committed() == 30
    assert state(route) == ConsumerGroupState.EMPTY, "nobody has joined"
