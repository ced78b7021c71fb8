"""Amazon MSK with Express brokers, which bring their own elastic storage."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StrictBool, StrictInt

from environments.kafka.msk import MonitoringLevel
from environments.kafka.msk_auth import MskLogin
from environments.rules.bounds import Count, Shape
from environments.rules.findings import Finding
from environments.rules.server_settings import ServerSettings

FIXED_SETTINGS = frozenset(
    {
        "default.replication.factor",
        "min.insync.replicas",
        "num.io.threads",
        "num.network.threads",
        "num.recovery.threads.per.data.dir",
        "num.replica.fetchers",
        "offsets.topic.replication.factor",
        "transaction.state.log.min.isr",
        "transaction.state.log.replication.factor",
        "unclean.leader.election.enable",
    }
)
"""What MSK sets itself on Express brokers.

https://docs.aws.amazon.com/msk/latest/developerguide/msk-configuration-express-read-only.html
"""

_STORAGE = "Express brokers find their storage themselves; remove it"


class MskExpressKafka(MskLogin):
    """Amazon MSK with Express brokers, which bring their own elastic storage."""

    absent: ClassVar[dict[str, str]] = {
        **dict.fromkeys(("storage", "storage_autoscaling", "storage_throughput", "tiered"), _STORAGE),
        "controllers": "MSK runs its controllers itself",
    }

    kind: Literal["msk-express"]
    """MSK with Express brokers."""
    version: Annotated[
        str,
        Shape(
            r"^(3\.6\.0|3\.[89]\.x(\.kraft)?|4\.2\.x\.kraft)$",
            "is not a version that Express brokers run",
            "use 3.9.x.kraft, 4.2.x.kraft, 3.8.x or another of MSK's list",
        ),
    ] = "3.9.x.kraft"
    """Kafka version as MSK names it, such as 3.9.x.kraft or 4.2.x.kraft."""
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
    settings: ServerSettings = Field(default_factory=dict)
    """Server properties of the brokers, beside those that streamops and MSK set, such as ``message.max.bytes``."""
    monitoring: MonitoringLevel = "per-broker"
    """Level of MSK's metrics in CloudWatch; ``default`` is free and has no metrics of single brokers' load."""
    open_monitoring: StrictBool = False
    """Whether Prometheus may scrape brokers: JMX exporter on port 11001, node exporter on 11002."""
    multi_vpc: StrictBool = False
    """Whether other VPCs connect privately with IAM, as Firehose does; MSK refuses it while a cluster is created."""

    def rules(self) -> Iterable[Finding]:
        """What Express brokers leave to nobody else."""
        yield from self.login_rules()
        for name in self.settings.keys() & FIXED_SETTINGS:
            yield Finding("is set by MSK on Express brokers", "remove it", ("settings", name), self.settings[name])
        if self.multi_vpc and "iam" not in self.auth:
            yield Finding("is for clients that log in with IAM", "add iam to auth", ("multi_vpc",), "true")
