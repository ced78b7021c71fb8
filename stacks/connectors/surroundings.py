"""What all connectors of an environment share."""

from dataclasses import dataclass

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_kms as kms

from stacks.connectors.collector import Collector
from stacks.connectors.image import ConnectorImage
from stacks.kafka.stack import KafkaStack
from stacks.network.placement import Placement


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Where connectors run, what they run, and what they may need to know of other stacks."""

    cluster: ecs.ICluster
    placement: Placement
    image: ConnectorImage
    collector: Collector | None
    """What stands beside each of them, where their metrics go to Prometheus."""
    key: kms.IKey | None
    """The environment's own key, where there is one."""
    kafka: KafkaStack | None
    """The stack of a cluster that is made; None where it is only reached."""

    @property
    def key_arn(self) -> str | None:
        """ARN of the environment's own key."""
        return self.key.key_arn if self.key else None

    @property
    def cluster_arn(self) -> str | None:
        """ARN of the Kafka cluster that is made on MSK."""
        return self.kafka.cluster_arn if self.kafka else None

    @property
    def images(self) -> list[ConnectorImage]:
        """Images of all containers of a task."""
        return [self.image, *([self.collector.image] if self.collector else [])]
