"""Amazon MSK with provisioned standard brokers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StrictBool, StrictInt

from environments.kafka.msk_auth import MskLogin
from environments.kafka.msk_storage import (
    GIB,
    LEAST_FOR_THROUGHPUT,
    MIB,
    MOST_STORAGE,
    STORAGE_THROUGHPUT,
    StorageAutoscaling,
)
from environments.quantities import Size, format_size
from environments.rules.bounds import Bytes, Count, Shape
from environments.rules.findings import Finding
from environments.rules.server_settings import ServerSettings

SMALLEST = "kafka.t3.small"
LEAST_KRAFT = (3, 7)
LAST_ZOOKEEPER = 3

MonitoringLevel = Literal["default", "per-broker", "per-topic-per-broker", "per-topic-per-partition"]


class MskKafka(MskLogin):
    """Amazon MSK with provisioned standard brokers."""

    absent: ClassVar[dict[str, str]] = {"controllers": "MSK runs its controllers itself"}

    kind: Literal["msk"]
    """MSK with provisioned standard brokers."""
    version: Annotated[
        str,
        Shape(
            r"^(3\.6\.0|3\.[789]\.x(\.kraft)?|4\.[01]\.x(\.kraft)?)$",
            "is not a Kafka version that MSK's standard brokers run",
            "use 4.1.x.kraft, 4.0.x.kraft, 3.9.x.kraft or another of MSK's list",
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
    storage: Annotated[Size, Bytes("MSK", GIB, MOST_STORAGE, GIB)] = 100 * GIB
    """Storage of each broker, 1GiB to 16TiB; it can grow later, never shrink."""
    storage_autoscaling: StorageAutoscaling | None = None
    """How far the storage grows by itself; without it, not at all."""
    storage_throughput: Annotated[Size, Bytes("MSK", 250 * MIB, 1000 * MIB, MIB)] | None = None
    """Throughput of each broker's storage a second, from 250MiB on; without it what MSK gives."""
    tiered: StrictBool = False
    """Whether topics may keep old segments in MSK's cheaper tier (``remote.storage.enable``); it stays on for good."""
    settings: ServerSettings = Field(default_factory=dict)
    """Server properties of the brokers, beside those that streamops sets, such as ``message.max.bytes``."""
    monitoring: MonitoringLevel = "per-broker"
    """Level of MSK's metrics in CloudWatch; ``default`` is free and has no metrics of single brokers' load."""
    open_monitoring: StrictBool = False
    """Whether Prometheus may scrape brokers: JMX exporter on port 11001, node exporter on 11002."""
    multi_vpc: StrictBool = False
    """Whether other VPCs connect privately with IAM, as Firehose does; MSK refuses it while a cluster is created."""

    @property
    def kraft(self) -> bool:
        """Whether the cluster keeps its metadata itself, without ZooKeeper."""
        return self.version.endswith(".kraft")

    @property
    def release(self) -> tuple[int, int]:
        """Kafka's release, as in (4, 1)."""
        major, minor = self.version.split(".")[:2]
        return int(major), int(minor)

    def rules(self) -> Iterable[Finding]:
        """What MSK refuses of versions, sizes and storage together."""
        yield from self.login_rules()
        yield from self._version_rules()
        yield from self._storage_rules()
        if self.multi_vpc and self.instance == SMALLEST:
            yield Finding(
                f"is not there for {SMALLEST}", "use a larger instance, or set it to false", ("multi_vpc",), "true"
            )
        if self.multi_vpc and "iam" not in self.auth:
            yield Finding("is for clients that log in with IAM", "add iam to auth", ("multi_vpc",), "true")

    def _version_rules(self) -> Iterator[Finding]:
        if self.release[0] > LAST_ZOOKEEPER and not self.kraft:
            yield Finding("has no ZooKeeper any more", f"write {self.version}.kraft", ("version",), self.version)
        if self.kraft and self.instance == SMALLEST:
            yield Finding(
                f"cannot run KRaft (version {self.version})",
                "use kafka.m7g.large, or a ZooKeeper version such as 3.9.x",
                ("instance",),
                self.instance,
            )
        if self.tiered and self.instance == SMALLEST:
            yield Finding(f"is not there for {SMALLEST}", "use a larger instance", ("tiered",), "true")

    def _storage_rules(self) -> Iterator[Finding]:
        scaling = self.storage_autoscaling
        if scaling is not None and scaling.max <= self.storage:
            yield Finding(
                f"is not above storage ({format_size(self.storage)}): nothing could grow",
                "raise it, or remove storage_autoscaling",
                ("storage_autoscaling", "max"),
                format_size(scaling.max),
            )
        if self.storage_throughput is None:
            return
        path, shown = ("storage_throughput",), format_size(self.storage_throughput)
        most = STORAGE_THROUGHPUT.get(self.instance)
        if most is None:
            yield Finding(
                f"cannot be provisioned for {self.instance}",
                "use kafka.m7g.2xlarge, kafka.m5.4xlarge or larger, or remove it",
                path,
                shown,
            )
        elif self.storage_throughput > most * MIB:
            yield Finding(f"is above the maximum of {self.instance}, {most}MiB", f"use at most {most}MiB", path, shown)
        if self.storage < LEAST_FOR_THROUGHPUT:
            yield Finding(
                f"is for storage from {format_size(LEAST_FOR_THROUGHPUT)} on",
                "raise storage, or remove it",
                path,
                shown,
            )
