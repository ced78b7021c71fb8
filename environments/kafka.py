"""The Kafka cluster of an environment, in five kinds; exactly one of them in each file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt

from environments.quantities import Size
from environments.section import Section


class MskKafka(Section):
    """Amazon MSK with provisioned standard brokers."""

    kind: Literal["msk"]
    version: str = "4.1.x.kraft"
    """Kafka version as MSK names it, such as 4.1.x.kraft or 3.9.x."""
    brokers: StrictInt
    """Number of brokers in the whole cluster, a multiple of the number of zones."""
    instance: str = "kafka.m7g.large"
    """Broker size, such as kafka.m7g.large."""
    storage: Size = 100 << 30
    """Storage of each broker, 1GiB to 16TiB; it can only grow."""
    auth: Literal["iam", "scram", "mtls"] = "iam"
    """How clients prove who they are."""


class MskExpressKafka(Section):
    """Amazon MSK with Express brokers, which bring their own elastic storage."""

    kind: Literal["msk-express"]
    version: str = "3.9.x"
    """Kafka version as MSK names it, such as 3.9.x."""
    brokers: StrictInt
    """Number of brokers in the whole cluster, a multiple of three."""
    instance: str = "express.m7g.large"
    """Broker size, such as express.m7g.large."""
    auth: Literal["iam", "scram", "mtls"] = "iam"
    """How clients prove who they are."""


class MskServerlessKafka(Section):
    """Amazon MSK Serverless: no brokers to size, IAM only."""

    kind: Literal["msk-serverless"]
    auth: Literal["iam"] = "iam"
    """How clients prove who they are; Serverless knows only IAM."""


class Ec2Kafka(Section):
    """Apache Kafka (KRaft) on EC2 machines of our own."""

    kind: Literal["ec2"]
    version: str = "4.1.1"
    """Version of Apache Kafka."""
    brokers: StrictInt
    """Number of brokers."""
    controllers: Literal[0, 1, 3, 5] = 3
    """Number of machines that are only controllers; with 0 every broker is a controller too."""
    instance: str = "m7g.large"
    """EC2 instance type of the brokers."""
    storage: Size = 100 << 30
    """Data volume of each broker."""
    auth: Literal["scram", "mtls"] = "scram"
    """How clients prove who they are."""


class ExternalKafka(Section):
    """A cluster that exists already, on premises or anywhere else; nothing is provisioned, only reached."""

    kind: Literal["external"]
    bootstrap: str
    """Addresses ``host:port,host:port``, or ``ssm:/path`` for the SSM parameter that holds them at start-up."""
    tls: StrictBool = True
    """Whether connections are encrypted."""
    ca: str | None = None
    """``secret:NAME-or-ARN`` or ``ssm:/path`` of the CA certificate (PEM), where it is not a public one."""
    auth: Literal["none", "iam", "mtls", "plain", "scram-sha-256", "scram-sha-512", "oauthbearer"] = "none"
    """How clients prove who they are."""
    secret: str | None = None
    """``secret:NAME-or-ARN`` of the Secrets Manager secret with the credentials that ``auth`` needs."""


Kafka = Annotated[
    MskKafka | MskExpressKafka | MskServerlessKafka | Ec2Kafka | ExternalKafka,
    Field(discriminator="kind"),
]
