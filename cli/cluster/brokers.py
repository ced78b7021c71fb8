"""The brokers of a cluster and their configuration."""

from __future__ import annotations

from collections.abc import Collection

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from cli.cluster.asking import retrying
from cli.cluster.live import BrokerNode, Setting
from cli.cluster.topics import setting


class Brokers:
    """What is asked of a cluster about its brokers."""

    admin: KafkaAdminClient

    def cluster_id(self) -> str:
        """The id that the cluster was formatted with."""
        return str(self.admin.describe_cluster()["cluster_id"])

    def brokers(self) -> list[BrokerNode]:
        """All brokers that have registered, fenced ones too where the cluster tells of them."""
        described = retrying(self.admin.describe_cluster)
        return sorted(
            (
                BrokerNode(
                    id=broker["broker_id"],
                    host=broker["host"],
                    port=broker["port"],
                    rack=broker["rack"],
                    fenced=bool(broker.get("is_fenced", False)),
                )
                for broker in described["brokers"]
            ),
            key=lambda broker: broker.id,
        )

    def broker_settings(self, brokers: Collection[int]) -> dict[int, dict[str, Setting]]:
        """The configuration of brokers by their ids, in one request for each."""
        if not brokers:
            return {}
        resources = [ConfigResource(ConfigResourceType.BROKER, str(broker)) for broker in brokers]
        answer = retrying(lambda: self.admin.describe_configs(resources, config_filter="all"))
        return {
            int(broker): {name: setting(name, entry) for name, entry in sorted(entries.items())}
            for broker, entries in answer["broker"].items()
        }
