"""What MSK would refuse of a deploy once it is under way, told before. No I/O, but for the size that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from cli.deployed import DeployedResource
from cli.preflight import CLUSTERS, Check, Verdict
from environments import Environment, MskExpressKafka, MskKafka
from environments.quantities import format_size

GIB = 1 << 30
MIB = 1 << 20
LEAST_GROWTH = 10
"""GiB by which storage grows at least: https://docs.aws.amazon.com/msk/latest/developerguide/msk-update-storage.html"""


def cluster_checks(
    environment: Environment, deployed: Sequence[DeployedResource], storage_of: Callable[[str], int]
) -> Iterator[Check]:
    """A declared cluster on MSK against the deployed one; ``storage_of`` asks MSK for GiB of a broker, by ARN."""
    kafka = environment.kafka
    cluster = next((each for each in deployed if each.type in CLUSTERS), None)
    if isinstance(kafka, MskKafka | MskExpressKafka) and kafka.multi_vpc and cluster is None:
        yield Check(
            "kafka/cluster",
            Verdict.BLOCKED,
            "multi_vpc",
            declared="true",
            reason="MSK refuses it for a cluster that is being created, and the deploy would be rolled back",
            way_out="deploy without it, and without deliveries from topics, and again with both",
        )
    if isinstance(kafka, MskKafka) and cluster is not None:
        yield from _storage(kafka, cluster, storage_of)


def _storage(kafka: MskKafka, cluster: DeployedResource, storage_of: Callable[[str], int]) -> Iterator[Check]:
    """CloudFormation sends the storage only where it changes in the template, and knows nothing of its growth."""
    info = cluster.properties.get("BrokerNodeGroupInfo", {}).get("StorageInfo", {}).get("EBSStorageInfo", {})
    throughput = info.get("ProvisionedThroughput", {}).get("VolumeThroughput")
    declared = kafka.storage // GIB
    wanted = kafka.storage_throughput // MIB if kafka.storage_throughput is not None else None
    if not info or (info.get("VolumeSize"), throughput) == (declared, wanted):
        return
    live = storage_of(cluster.physical_id)
    check = Check("kafka/cluster", Verdict.CHANGE, "storage", format_size(live * GIB), format_size(kafka.storage))
    if declared >= live + LEAST_GROWTH:
        yield check
        return
    yield Check(
        check.resource,
        Verdict.BLOCKED,
        check.what,
        check.live,
        check.declared,
        f"brokers have {check.live} by now, and MSK takes changes from {LEAST_GROWTH}GiB more on only: "
        "the deploy would be rolled back",
        f"write storage: {format_size((live + LEAST_GROWTH) * GIB)} or more, or leave storage and storage_throughput "
        "as they were",
    )
