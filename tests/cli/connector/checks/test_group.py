"""The consumer group of a route: of its own tasks alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from confluent_kafka import Consumer
from kafka import KafkaAdminClient, TopicPartition
from kafka.structs import OffsetAndMetadata

from cli.connector.checks import group as family
from sandbox.kafka import Broker
from sandbox.waiting import wait_until
from tests.cli.connector.checks.conftest import ROUTE, Scene

Join = Callable[..., Any]


@pytest.fixture
def join(broker: Broker, scene: Scene) -> Iterator[Join]:
    """Let a consumer really be in the group of the route until the test is over."""
    with ExitStack() as stack:

        def joined(client_id: str = family.CLIENT_ID, topic: str | None = None) -> None:
            stack.enter_context(member(broker, scene.group, topic or scene.topic, client_id))

        yield joined


@contextmanager
def member(broker: Broker, group: str, topic: str, client_id: str) -> Iterator[None]:
    settings = {"bootstrap.servers": broker.bootstrap, "group.id": group, "client.id": client_id}
    consumer = Consumer({**settings, "auto.offset.reset": "earliest", "enable.auto.commit": False})
    assigned: list[Any] = []
    consumer.subscribe([topic], on_assign=lambda _, places: assigned.append(places))

    def joined() -> bool:
        consumer.poll(0.1)
        return bool(assigned)

    try:
        wait_until(joined, timeout_seconds=30)
        yield
    finally:
        consumer.close()


def run_task(scene: Scene) -> str:
    """What the runner of the sandbox does for a service."""
    answer = scene.client("ecs").start_task(
        cluster=f"streamops-{scene.name}",
        taskDefinition=f"{scene.group}:1",
        containerInstances=["sandbox"],
        group=f"service:{ROUTE}",
    )
    return str(answer["tasks"][0]["taskArn"])


def test_nobody_in_the_group_is_ok(scene: Scene) -> None:
    assert scene.check("consumer-group")["detail"] == f"nobody is in {scene.group}"


def test_as_many_connectors_as_tasks_are_the_services_own(scene: Scene, join: Join) -> None:
    run_task(scene)
    join()
    assert scene.result("consumer-group") == "ok"


def test_a_task_that_was_just_killed_may_still_be_a_member(scene: Scene, join: Join, monkeypatch) -> None:
    scene.client("ecs").submit_task_state_change(
        cluster=f"streamops-{scene.name}", task=run_task(scene), status="STOPPED", reason="killed"
    )
    join()
    assert scene.result("consumer-group") == "ok"
    monkeypatch.setattr(family, "NOTICED", timedelta(hours=-1))
    assert scene.result("consumer-group") == "failed"


def test_more_connectors_than_tasks_are_another_services(scene: Scene, join: Join) -> None:
    join()
    found = scene.check("consumer-group")
    assert found["result"] == "failed"
    assert "1 members, and the 0 tasks of the service make 0 at most" in found["detail"]


def test_a_member_of_another_kind_is_named(scene: Scene, join: Join) -> None:
    run_task(scene)
    join(client_id="billing")
    found = scene.check("consumer-group")
    assert found["result"] == "failed"
    assert "billing at 127.0.0.1" in found["detail"]


def test_offsets_of_another_topic_tell_of_another_service(scene: Scene, broker: Broker) -> None:
    other = f"{scene.topic}-other"
    with KafkaAdminClient(bootstrap_servers=broker.bootstrap) as admin:
        admin.create_topics({other: {"num_partitions": 1, "replication_factor": 1}}, wait_for_metadata=True)
        admin.alter_group_offsets(scene.group, {TopicPartition(other, 0): OffsetAndMetadata(0, "", -1)})
    found = scene.check("consumer-group")
    assert found["result"] == "failed"
    assert f"has committed offsets of {other} too" in found["detail"]


@pytest.mark.parametrize(
    ("hosts", "addresses", "result"),
    [
        (["10.0.0.1", "10.0.0.2"], {"10.0.0.1", "10.0.0.2"}, "ok"),
        (["10.0.0.1", "10.9.9.9"], {"10.0.0.1", "10.0.0.2"}, "failed"),
        (["172.16.0.1", "172.16.0.1"], {"10.0.0.1", "10.0.0.2"}, "unknown"),
        (["10.0.0.1"] * 3, {"10.0.0.1", "10.0.0.2"}, "failed"),
    ],
)
def test_addresses_of_tasks_tell_whose_members_are(monkeypatch, scene: Scene, hosts, addresses, result) -> None:
    """Tasks on the stand-in have no addresses of their own, so here they are given."""
    from cli.group.members import Described, Member

    members = tuple(Member(str(n), family.CLIENT_ID, host, None, (scene.topic,), ()) for n, host in enumerate(hosts))
    monkeypatch.setattr(family, "_tasks", lambda *_: (2, addresses))
    described: Any = lambda *_: {scene.group: Described(None, members)}  # type: ignore[arg-type]  # noqa: E731
    monkeypatch.setattr(family, "describe_groups", described)
    assert scene.result("consumer-group") == result
