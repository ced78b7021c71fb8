"""One environment: everything that stands in one file."""

from __future__ import annotations

from typing import Any

from pydantic import Field, StrictBool

from environments.connectors import ConnectorSettings
from environments.deliveries import Delivery
from environments.kafka import Kafka
from environments.network import Network
from environments.routes import Route
from environments.section import Section
from environments.streams import Stream
from environments.topics import Topic


class Environment(Section):
    """An environment as its file describes it, complete with every default."""

    name: str = Field(exclude=True)
    """Name of the environment: the name of its file without ``.yaml``."""
    account: str
    """AWS account, twelve digits in quotes."""
    region: str
    """AWS region, such as eu-west-1."""
    sandbox: StrictBool = False
    """Whether this environment is played on one machine instead of AWS."""
    production: StrictBool = False
    """Whether its data is precious: stacks are then protected against deletion."""
    tags: dict[str, str] = Field(default_factory=dict)
    """Tags of every resource."""
    network: Network
    """The VPC, a new one or a given one."""
    kafka: Kafka
    """The Kafka cluster."""
    topics: dict[str, Topic] = Field(default_factory=dict)
    """Kafka topics by short name."""
    streams: dict[str, Stream] = Field(default_factory=dict)
    """Kinesis streams by short name."""
    deliveries: dict[str, Delivery] = Field(default_factory=dict)
    """Firehose deliveries by short name."""
    routes: dict[str, Route] = Field(default_factory=dict)
    """What is moved from where to where."""
    connectors: ConnectorSettings = ConnectorSettings()
    """Image and size of the connectors."""

    @property
    def partition(self) -> str:
        """The AWS partition of the region, as it stands in ARNs: aws, aws-cn or aws-us-gov."""
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"

    def to_document(self) -> dict[str, Any]:
        """Render the effective environment as plain YAML types, defaults written out; loading it gives it back."""
        return self.model_dump(mode="json", by_alias=True)
