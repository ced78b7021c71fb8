"""Apache Kafka in KRaft mode on EC2 machines of our own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, StrictInt

from environments.identifiers import PemReference, SecretReference
from environments.kafka.ec2_settings import NodeSettings
from environments.kafka.identity import ClusterId
from environments.quantities import Size
from environments.rules.bounds import Bytes, Count, Shape
from environments.rules.findings import Finding
from environments.section import Section

_MIB, _GIB = 1 << 20, 1 << 30
_COMBINED = frozenset({1, 3, 5})
IOPS_PER_GIB = 500
THROUGHPUT_PER_IOPS = 0.25
"""gp3: 500 IOPS for each GiB, 0.25 MiB/s for each of them.

https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html#gp3-ebs-volume-type
"""
LEAST_IOPS = 3000

MOST_NODES = 25
"""A template of CloudFormation holds 1 MB, and a node takes up to 30 KB of it, its files among them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""
LONGEST_URL = 256
MOST_SETTINGS_TEXT = 1536
"""Nodes get their files by user data, of which EC2 takes 16 KB: so much is left beside all else.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html
"""

_INSTANCE = Shape(r"^[a-z][a-z0-9-]*\.[a-z0-9-]+$", "is not an EC2 instance type", "write it as in m7g.large")
_GRAVITON = re.compile(r"a1|[a-z]+[0-9]+[a-z]*g[a-z]*")

Architecture = Literal["arm64", "x86_64"]


class Artifact(Section):
    """A file that nodes fetch when they start, and believe only with the right checksum."""

    url: Annotated[
        str,
        Shape(
            r"^(s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]|https://[A-Za-z0-9.-]+)/[A-Za-z0-9._/+-]+$",
            "is neither an s3:// nor an https:// address of a file",
            "write it as in s3://bucket/kafka_2.13-4.1.1.tgz",
            longest=LONGEST_URL,
        ),
    ]
    """``s3://BUCKET/KEY`` in the environment's region, or an https address where nodes have a way to the internet."""
    sha512: Annotated[
        str,
        Shape(r"^[0-9a-f]{128}$", "is not a SHA-512 in small hexadecimal digits", "take it from sha512sum FILE"),
    ]
    """SHA-512 of the file; Apache publishes it beside each archive."""


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
    """Version of Apache Kafka, from 3.9.0 on; the one that ``distribution`` holds."""
    distribution: Artifact
    """The binary archive of Apache Kafka (``kafka_2.13-VERSION.tgz``)."""
    exporter: Artifact | None = None
    """Java agent of the Prometheus JMX exporter; without it nodes have no metrics of Kafka itself."""
    brokers: Annotated[StrictInt, Count("Kafka", 1)]
    """Number of brokers, spread over the first three zones."""
    controllers: Literal[0, 1, 3, 5] = 3
    """Number of machines that are only controllers; with 0 every broker is a controller too."""
    instance: Annotated[str, _INSTANCE] = "m7g.large"
    """EC2 instance type of the brokers."""
    controller_instance: Annotated[str, _INSTANCE] = "m7g.medium"
    """EC2 instance type of the machines that are only controllers."""
    storage: Annotated[Size, Bytes("EBS gp3", _GIB, 65536 * _GIB, _GIB)] = 100 * _GIB
    """Data volume of each broker, 1GiB to 64TiB; it can grow later, never shrink."""
    controller_storage: Annotated[Size, Bytes("EBS gp3", _GIB, 65536 * _GIB, _GIB)] = 20 * _GIB
    """Data volume of each machine that is only a controller."""
    iops: Annotated[StrictInt, Count("EBS gp3", LEAST_IOPS, 80000)] = LEAST_IOPS
    """Input and output operations a second of a broker's volume."""
    throughput: Annotated[Size, Bytes("EBS gp3", 125 * _MIB, 2000 * _MIB, _MIB)] = 125 * _MIB
    """Bytes a second of a broker's volume."""
    heap: Annotated[Size, Bytes("Kafka", 256 * _MIB, 64 * _GIB, _MIB)] | None = None
    """Heap of each Kafka process; half of the machine's memory, at most 6GiB, where it is not given."""
    machine_image: (
        Annotated[
            str,
            Shape(
                r"^/[A-Za-z0-9._/-]+$",
                "is not the path of an SSM parameter",
                "write one that holds the id of an Amazon Linux 2023 image, as in "
                "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64",
            ),
        ]
        | None
    ) = None
    """SSM parameter with the id of an Amazon Linux 2023 image; AWS's newest for the instance type by default.

    EC2 reads it whenever it launches a node, so a node that is made anew has the newest image.
    """
    generation: Annotated[StrictInt, Count("streamops", 1)] = 1
    """Raise it to have every node made anew, one at a time: newest image, new certificates, secrets read again."""
    auth: Literal["scram", "mtls"] = "scram"
    """How clients prove who they are; TLS either way."""
    secret: SecretReference | None = None
    """``secret:NAME`` or ``secret:ARN`` with the connectors' certificate and key (``auth: mtls`` only)."""
    authority: Annotated[
        str,
        Shape(
            r"^(create|arn:aws[a-z-]*:acm-pca:[a-z0-9-]+:[0-9]{12}:certificate-authority/[0-9a-f-]{36})$",
            "is neither create nor the ARN of an authority in AWS Private CA",
            "write create, or arn:aws:acm-pca:REGION:ACCOUNT:certificate-authority/ID",
        ),
    ] = "create"
    """Who signs the nodes' certificates: an authority of the environment's own in AWS Private CA, or a given one."""
    ca: PemReference | None = None
    """Certificate (PEM) of a given authority's root, by which clients know the brokers: ``ssm:/path``."""
    settings: NodeSettings = Field(default_factory=dict)
    """Further server properties of all nodes, such as ``num.io.threads: 16``."""
    cluster_id: ClusterId | None = None
    """Id of the cluster, once it is made: commands then refuse to touch any other."""

    @property
    def own_authority(self) -> bool:
        """Whether the authority that signs is made with the cluster."""
        return self.authority == "create"

    def rules(self) -> Iterable[Finding]:
        """What Kafka, EC2 or EBS would refuse of one value beside another."""
        if self.controllers == 0 and self.brokers not in _COMBINED:
            yield Finding(
                "is not 1, 3 or 5, and with controllers: 0 every broker votes",
                "set controllers: 3",
                ("brokers",),
                str(self.brokers),
            )
        if (nodes := self.brokers + self.controllers) > MOST_NODES:
            yield Finding(
                f"are {nodes} nodes with the controllers, and a stack has room for {MOST_NODES}",
                "take fewer that are larger, or split the environment in two",
                ("brokers",),
                str(self.brokers),
            )
        for place, instance in (("instance", self.instance), ("controller_instance", self.controller_instance)):
            if instance.startswith(("kafka.", "express.")):
                yield Finding(
                    "is a broker size of MSK, not an EC2 instance type", "write it as in m7g.large", (place,), instance
                )
        text = sum(len(name) + len(value) for name, value in self.settings.items())
        if text > MOST_SETTINGS_TEXT:
            yield Finding(
                f"are {text} characters, and user data of a machine has room for {MOST_SETTINGS_TEXT}",
                "leave out what is Kafka's default",
                ("settings",),
            )
        yield from self._volume()
        yield from self._machines()
        yield from self._certificates()

    def _volume(self) -> Iterable[Finding]:
        most = max(LEAST_IOPS, self.storage // _GIB * IOPS_PER_GIB)
        if self.iops > most:
            yield Finding(
                f"is above the {most} that gp3 gives a volume of this size ({IOPS_PER_GIB} for each GiB)",
                "raise storage, or lower it",
                ("iops",),
                str(self.iops),
            )
        if self.throughput / _MIB > self.iops * THROUGHPUT_PER_IOPS:
            yield Finding(
                f"is above what {self.iops} IOPS carry on gp3 (0.25MiB a second each)",
                f"raise iops to {int(self.throughput / _MIB / THROUGHPUT_PER_IOPS)}, or lower it",
                ("throughput",),
                f"{self.throughput // _MIB}MiB",
            )

    def _machines(self) -> Iterable[Finding]:
        machines = {architecture_of(self.instance)}
        if self.controllers:
            machines.add(architecture_of(self.controller_instance))
        if self.machine_image is not None and len(machines) > 1:
            yield Finding(
                "is one image, and instance and controller_instance have processors of two kinds",
                "use instance types of one kind, or leave it out",
                ("machine_image",),
                self.machine_image,
            )

    def _certificates(self) -> Iterable[Finding]:
        if self.auth == "mtls" and self.secret is None:
            yield Finding("needs the connectors' certificate", "add secret: secret:NAME", ("auth",), self.auth)
        if self.auth == "scram" and self.secret is not None:
            yield Finding(
                "is not used with auth: scram, whose secret is made with the cluster",
                "remove it or set auth: mtls",
                ("secret",),
                self.secret,
            )
        if self.own_authority and self.ca is not None:
            yield Finding("is made with the cluster", "remove it, or give the authority", ("ca",), self.ca)
        if not self.own_authority and self.ca is None:
            yield Finding(
                "is a given authority, whose certificate clients have to know",
                "add ca: ssm:/path of the SSM parameter that holds the PEM text of its root",
                ("authority",),
                self.authority,
            )


def architecture_of(instance: str) -> Architecture:
    """The processor of an EC2 instance type, which the ``g`` behind its generation tells.

    https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
    """
    return "arm64" if _GRAVITON.fullmatch(instance.partition(".")[0]) else "x86_64"
