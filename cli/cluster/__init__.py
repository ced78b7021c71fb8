"""What streamops asks of a Kafka cluster, in types of its own; kafka-python answers with plain dictionaries.

live      the types
asking    again while an error is retriable, and in batches
topics · offsets · groups · brokers      what is asked, each a part of ``Cluster``
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kafka import KafkaAdminClient

from cli.cluster.asking import RETRY_SECONDS, retrying
from cli.cluster.brokers import Brokers
from cli.cluster.groups import Groups
from cli.cluster.live import BrokerNode, Group, LiveTopic, LogDir, NewTopic, Partition, Place, Setting
from cli.cluster.offsets import Offsets
from cli.cluster.topics import Topics
from cli.kafka import admin_client
from environments import Environment

__all__ = [
    "RETRY_SECONDS",
    "BrokerNode",
    "Cluster",
    "Group",
    "LiveTopic",
    "LogDir",
    "NewTopic",
    "Partition",
    "Place",
    "Setting",
    "open_cluster",
    "retrying",
]


class Cluster(Topics, Offsets, Groups, Brokers):
    """The cluster of one environment."""

    def __init__(self, admin: KafkaAdminClient) -> None:
        self.admin = admin
        """For what one command alone asks; what several ask stands here."""


@contextmanager
def open_cluster(environment: Environment) -> Iterator[Cluster]:
    """Connect to the cluster of an environment; see ``cli.kafka.admin_client`` for what it raises."""
    with admin_client(environment) as admin:
        yield Cluster(admin)
