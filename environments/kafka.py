"""The Kafka cluster of an environment, in five kinds; exactly one of them in each file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, StrictBool, StrictInt

from environments.identifiers import SSM_PATH, PemReference, SecretReference
from environments.naming import bootstrap_reference
from environments.quantities import Size
from environments.rules.bounds import Bytes, Count, Shape
from environments.rules.findings import Finding, refuse
from environments.section import Section

_GIB = 1 << 30

MskAuth = Literal["iam", "scram", "mtls"]


class MskKafka(Section):
    """Amazon MSK with provisioned standard brokers."""

    absent: ClassVar[dict[str, str]] = {"controllers": "MSK runs its controllers itself"}

    kind: Literal["msk"]
    """MSK with provisioned standard brokers."""
    version: Annotated[
        str,
        Shape(
            r"^[0-9]+\.[0-9]+\.(x|[0-9]+)(\.kraft|\.tiered)?$",
            "is not a Kafka version as MSK names it",
            "write it as in 4.1.x.kraft or 3.9.x",
        ),
    ] = "4.1.x.kraft"
    """Kafka version as MSK names it, such as 4.1.x.kraft or 3.9.x."""
    brokers: Annotated[StrictInt, Count("MSK", 2)]
    """Number of brokers in the whole cluster, a multiple of the number of zones."""
    instance: Annotated[
        str,
        Shape(
            r"^kafka\.[a-z0-9]+\.[a-z0-9]+$",
            "is not a size of an MSK standard broker",
            "write it as in kafka.m7g.large; express.* sizes belong to kind: msk-express",
        ),
    ] = "kafka.m7g.large"
    """Broker size, such as kafka.m7g.large."""
    storage: Annotated[Size, Bytes("MSK", _GIB, 16384 * _GIB, _GIB)] = 100 * _GIB
    """Storage of each broker, 1GiB to 16TiB; it can grow later, never shrink."""
    auth: MskAuth = "iam"
    """How clients prove who they are."""

    @property
    def kraft(self) -> bool:
        """Whether the cluster keeps its metadata itself, without ZooKeeper."""
        return self.version.endswith(".kraft")

    def rules(self) -> Iterable[Finding]:
        """What MSK refuses of a version together with sizes (Developer Guide, "KRaft mode")."""
        if int(self.version.split(".")[0]) >= 4 and not self.kraft:  # noqa: PLR2004  the major version without ZooKeeper
            yield Finding(
                "has no ZooKeeper any more",
                f"write {self.version.removesuffix('.tiered')}.kraft",
                ("version",),
                self.version,
            )
        if self.kraft and self.instance == "kafka.t3.small":
            yield Finding(
                f"cannot run KRaft (version {self.version})",
                "use kafka.m7g.large, or a ZooKeeper version such as 3.9.x",
                ("instance",),
                self.instance,
            )


class MskExpressKafka(Section):
    """Amazon MSK with Express brokers, which bring their own elastic storage."""

    absent: ClassVar[dict[str, str]] = {
        "storage": "Express brokers find their storage themselves; remove it",
        "controllers": "MSK runs its controllers itself",
    }

    kind: Literal["msk-express"]
    """MSK with Express brokers."""
    version: Annotated[
        str,
        Shape(
            r"^(3\.6|3\.8|3\.9|4\.2)\.(x|[0-9]+)(\.kraft)?$",
            "is not a version that Express brokers run",
            "use 3.6.x, 3.8.x, 3.9.x or 4.2.x.kraft",
        ),
    ] = "3.9.x.kraft"
    """Kafka version as MSK names it: 3.6, 3.8, 3.9 or 4.2."""
    brokers: Annotated[StrictInt, Count("MSK Express", 3)]
    """Number of brokers in the whole cluster, a multiple of three."""
    instance: Annotated[
        str,
        Shape(
            r"^express\.m[0-9]+[a-z]*\.[0-9]*x?large$",
            "is not a size of an Express broker",
            "write it as in express.m7g.large; kafka.* sizes belong to kind: msk",
        ),
    ] = "express.m7g.large"
    """Broker size, such as express.m7g.large."""
    auth: MskAuth = "iam"
    """How clients prove who they are."""


class MskServerlessKafka(Section):
    """Amazon MSK Serverless: no brokers to size, IAM only."""

    absent: ClassVar[dict[str, str]] = dict.fromkeys(
        ("brokers", "instance", "storage", "version", "controllers"),
        "Serverless has nothing to size; remove it, or use kind: msk",
    )

    kind: Literal["msk-serverless"]
    """MSK Serverless."""
    auth: Literal["iam"] = "iam"
    """How clients prove who they are; Serverless knows only IAM."""


class Ec2Kafka(Section):
    """Apache Kafka in KRaft mode on EC2 machines of our own."""

    kind: Literal["ec2"]
    """Kafka on EC2 machines that streamops makes."""
    version: Annotated[
        str,
        Shape(
            r"^(3\.9|[4-9]\.[0-9]+)\.[0-9]+$",
            "is not a version of Apache Kafka from 3.9.0 on (the first with dynamic KRaft quorums, KIP-853)",
            "write it as in 4.1.1",
        ),
    ] = "4.1.1"
    """Version of Apache Kafka, from 3.9.0 on."""
    brokers: Annotated[StrictInt, Count("Kafka", 1)]
    """Number of brokers, spread over the zones."""
    controllers: Literal[0, 1, 3, 5] = 3
    """Number of machines that are only controllers; with 0 every broker is a controller too."""
    instance: Annotated[
        str, Shape(r"^[a-z][a-z0-9-]*\.[a-z0-9-]+$", "is not an EC2 instance type", "write it as in m7g.large")
    ] = "m7g.large"
    """EC2 instance type of the brokers."""
    storage: Annotated[Size, Bytes("EBS gp3", _GIB, 65536 * _GIB, _GIB)] = 100 * _GIB
    """Data volume of each broker, 1GiB to 64TiB."""
    auth: Literal["scram", "mtls"] = "scram"
    """How clients prove who they are."""

    def rules(self) -> Iterable[Finding]:
        """A quorum has an odd number of voters, and MSK's names of sizes are not EC2's."""
        if self.controllers == 0 and self.brokers not in {1, 3, 5}:
            yield Finding(
                "is not 1, 3 or 5, and with controllers: 0 every broker votes",
                "set controllers: 3",
                ("brokers",),
                str(self.brokers),
            )
        if self.instance.startswith(("kafka.", "express.")):
            yield Finding(
                "is a broker size of MSK, not an EC2 instance type",
                "write it as in m7g.large",
                ("instance",),
                self.instance,
            )


_HOST_AND_PORT = re.compile(r"([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\]):([0-9]{1,5})")
MOST_PORT = 65535


def _bootstrap(text: str) -> str:
    if text.startswith("ssm:"):
        if re.fullmatch(SSM_PATH, text) is None:
            raise refuse("is not a path of an SSM parameter", f"write it as in {bootstrap_reference('dev')}")
        return text
    if "@" in text:
        raise refuse(
            "holds a user name or a password",
            "write host:port,host:port; credentials are in the secret that kafka.secret names",
            hidden=True,
        )
    for address in text.split(","):
        match = _HOST_AND_PORT.fullmatch(address.strip())
        if match is None or not 0 < int(match[3]) <= MOST_PORT:
            raise refuse(
                "is not host:port" if address == text else f"holds {address.strip()!r}, which is not host:port",
                "write host:port,host:port, or ssm:/path of the SSM parameter that will hold it",
            )
    return ",".join(address.strip() for address in text.split(","))


class ExternalKafka(Section):
    """A cluster that exists already, on premises or anywhere else: nothing is provisioned, only reached."""

    absent: ClassVar[dict[str, str]] = dict.fromkeys(
        ("brokers", "instance", "storage", "version", "controllers"),
        "an external cluster is only reached, not made; remove it",
    )

    kind: Literal["external"]
    """A cluster that exists already."""
    bootstrap: Annotated[str, AfterValidator(_bootstrap)]
    """Addresses ``host:port,host:port``, or ``ssm:/path`` of the SSM parameter that holds them at start-up."""
    tls: StrictBool = True
    """Whether connections are encrypted."""
    ca: PemReference | None = None
    """Certificate (PEM) of the brokers' authority where it is not a public one: ``ssm:/path`` or ``secret:NAME``."""
    auth: Literal["none", "iam", "mtls", "plain", "scram-sha-256", "scram-sha-512", "oauthbearer"] = "none"
    """How clients prove who they are."""
    secret: SecretReference | None = None
    """``secret:NAME`` or ``secret:ARN`` in Secrets Manager, with the credentials that ``auth`` needs."""

    def rules(self) -> Iterable[Finding]:
        """Credentials travel encrypted, and each way of proving who one is has what it needs."""
        if self.auth != "none" and not self.tls:
            yield Finding("would send credentials in the clear", "set tls: true", ("auth",), self.auth)
        if self.ca is not None and not self.tls:
            yield Finding("is of no use without TLS", "set tls: true or remove it", ("ca",), self.ca)
        needs_secret = self.auth not in {"none", "iam"}
        if needs_secret and self.secret is None:
            yield Finding("needs credentials", "add secret: secret:NAME", ("auth",), self.auth)
        if not needs_secret and self.secret is not None:
            yield Finding(f"is not used with auth: {self.auth}", "remove it or set auth", ("secret",), self.secret)


Kafka = Annotated[
    MskKafka | MskExpressKafka | MskServerlessKafka | Ec2Kafka | ExternalKafka,
    Field(discriminator="kind"),
]
