"""A cluster is formed from rendered files, and rolled behind its gate."""

import pytest
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.kafka_nodes.machine import Machine

RECORDS = 300


@pytest.fixture(scope="session")
def topic(machines: list[Machine]) -> str:
    """A topic with a replica on every node, and records in it."""
    admin = AdminClient({**machines[0].client})
    created = admin.create_topics([NewTopic("orders", num_partitions=3, replication_factor=3)])
    created["orders"].result(30)
    produce(machines[0], "orders")
    return "orders"


def produce(machine: Machine, topic: str) -> None:
    failed = []
    producer = Producer({**machine.client, "acks": "all", "delivery.timeout.ms": 30_000})
    for number in range(RECORDS):
        producer.produce(
            topic, str(number).encode(), on_delivery=lambda error, _: failed.append(error) if error else None
        )
    assert producer.flush(30) == 0
    assert not failed


def log_in(machine: Machine, user: str, password: str) -> AdminClient:
    """Come in by the listener of the clients."""
    return AdminClient(
        {
            "bootstrap.servers": f"{machine.node.host}:{machine.node.ports.clients}",
            "security.protocol": "sasl_ssl",
            "ssl.ca.location": machine.client["ssl.ca.location"],
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": user,
            "sasl.password": password,
        }
    )


def test_the_admins_secret_opens_everything_and_the_connectors_nothing_that_no_acl_allows(
    machines: list[Machine], topic: str
):
    admin = log_in(machines[0], "admin", "admin-secret")
    assert topic in admin.list_topics(timeout=30).topics
    connectors = log_in(machines[0], "connectors", "connectors-secret")
    assert topic not in connectors.list_topics(timeout=30).topics


def test_a_wrong_password_does_not_come_in(machines: list[Machine]):
    with pytest.raises(KafkaException):
        log_in(machines[0], "admin", "wrong").list_topics(timeout=5)


def test_a_node_is_rolled_behind_the_gate_which_blocks_until_no_partition_lacks_a_replica(
    machines: list[Machine], topic: str
):
    """What `cdk deploy` does to each node: end it, make its machine anew around its disk, wait for the gate."""
    rolled, asked = machines[2], machines[1]
    rolled.stop()
    produce(asked, topic)
    blocked = asked.gate(wait=0)
    assert blocked.returncode == 1
    assert f"partitions are under-replicated: {topic}-" in blocked.stderr
    rolled.format("running")  # keeps a disk that has data
    rolled.start()
    opened = rolled.gate()
    assert opened.returncode == 0, opened.stderr
