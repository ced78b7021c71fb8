"""What a deploy would do to a cluster's machines, and what AWS would refuse once it is under way.

No I/O, but for the size that MSK is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from cli.deployed import DeployedResource
from cli.preflight import CLUSTERS, Check, Verdict, fate
from environments import Ec2Kafka, Environment, MskExpressKafka, MskKafka
from environments.kafka.ec2_nodes import NodePlace, node_places
from environments.quantities import format_size

DISK = "AWS::EC2::Volume"
CONTROLLER = "controller"
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


def node_checks(environment: Environment, deployed: Sequence[DeployedResource]) -> Iterator[Check]:
    """The declared machines of a cluster on EC2 against the deployed ones, which are known by their disks."""
    disks = {each.path[-2]: each for each in deployed if each.type == DISK and len(each.path) > 1}
    kafka = environment.kafka
    declared = node_places(kafka, environment.network.zones) if isinstance(kafka, Ec2Kafka) else ()
    places = {place.short_name: place for place in declared}
    if disks and places:
        yield from _controllers(disks, places)
    for name, disk in sorted(disks.items()):
        if name not in places:
            yield Check(
                f"kafka/{name}",
                Verdict.BLOCKED,
                "removal",
                disk.physical_id,
                reason=f"it is declared no more: its machine ends, and {fate(disk)}",
                way_out="declare it again, until its partitions lie elsewhere: streamops topic reassign --help",
            )
        elif isinstance(kafka, Ec2Kafka):
            yield from _disk(kafka, places[name], disk)


def _controllers(disks: Mapping[str, DeployedResource], places: Mapping[str, NodePlace]) -> Iterator[Check]:
    """Voters know each other from when their disks were formatted; Kafka changes their number by steps of its own."""
    live, wanted = (sum(name.startswith(CONTROLLER) for name in names) for names in (disks, places))
    if live != wanted:
        yield Check(
            "kafka/cluster",
            Verdict.BLOCKED,
            "controllers",
            str(live),
            str(wanted),
            "the number is for good once the cluster is formed: its voters would not agree on who votes",
            f"write controllers: {live}",
        )


def _disk(kafka: Ec2Kafka, place: NodePlace, disk: DeployedResource) -> Iterator[Check]:
    resource, zone = f"kafka/{place.short_name}", disk.properties.get("AvailabilityZone")
    if zone != place.zone:
        yield Check(
            resource,
            Verdict.BLOCKED,
            "zone",
            str(zone),
            place.zone,
            f"the node would get an empty disk there, and {fate(disk)}",
            "leave the first three of network.zones as they were",
        )
    size = disk.properties.get("Size")
    wanted = (kafka.controller_storage if place.kind == CONTROLLER else kafka.storage) // GIB
    if isinstance(size, int) and size != wanted:
        check = Check(resource, Verdict.CHANGE, "storage", format_size(size * GIB), format_size(wanted * GIB))
        if wanted < size:
            check = replace(
                check,
                verdict=Verdict.BLOCKED,
                reason="EBS does not make a disk smaller: the deploy would be rolled back",
                way_out=f"write {check.live} or more",
            )
        yield check
