"""Amazon MSK: provisioned standard brokers, Express brokers, Serverless."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from pydantic import StrictInt

from environments.quantities import Size
from environments.rules.bounds import Bytes, Count, Shape
from environments.rules.findings import Finding
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
