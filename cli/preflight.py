"""What a deploy would do to what is live, and which of it the guards hold back. No I/O.

`cdk deploy` asks nothing: a retention that is lower in the file than in Kinesis deletes records, a stream that has left
the file goes with all of them, a changed shard count reshards without a look at the load. Each of these has a command
of its own, with a plan; here it is held back until it was done there, or is allowed by name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from cli.cluster import LiveTopic
from cli.deployed import DeployedResource
from cli.stream.difference import differences as stream_differences
from cli.stream.live import LiveStream
from cli.topic.settings import INFINITE, declared_settings, readable
from environments import Environment, OnDemandStream, ProvisionedStream, Stream, naming
from environments.quantities import format_duration
from environments.security import NEW_KEY

STREAM, DELIVERY, TOPIC, KEY = (
    "AWS::Kinesis::Stream",
    "AWS::KinesisFirehose::DeliveryStream",
    "AWS::MSK::Topic",
    "AWS::KMS::Key",
)
CLUSTERS = {"AWS::MSK::Cluster", "AWS::MSK::ServerlessCluster"}
CLUSTER_KINDS = {"msk", "msk-express", "msk-serverless"}
STACKS = {"stream": ("streams", STREAM), "delivery": ("deliveries", DELIVERY), "topic": ("kafka", TOPIC)}
"""Which stack holds the resources of a kind that have names of ours, and of which type they are."""


class Verdict(StrEnum):
    """What becomes of one resource, or of one property of it."""

    SAME = "same"
    """As declared."""
    NEW = "new"
    """Declared, and not there yet."""
    CHANGE = "change"
    """The deploy changes it, and nothing is lost."""
    LEFT = "left"
    """It differs, and a deploy leaves it: ``topic sync`` and the owner's commands change topics."""
    BLOCKED = "blocked"
    """A guard holds it back."""
    ALLOWED = "allowed"
    """A guard would hold it back, and the command line lets it pass."""


@dataclass(frozen=True)
class Check:
    """One row: what is live, what is declared, and what the deploy would make of it."""

    resource: str
    """Such as ``stream/orders``."""
    verdict: Verdict
    what: str = ""
    """What differs; empty for the resource as a whole."""
    live: str = ""
    declared: str = ""
    reason: str = ""
    way_out: str = ""

    @property
    def key(self) -> str:
        """What ``--allow`` has to name."""
        return f"{self.what}:{self.resource}"

    def as_json(self) -> dict[str, str]:
        """The row in a JSON answer."""
        return {
            "resource": self.resource,
            "property": self.what,
            "live": self.live,
            "declared": self.declared,
            "verdict": self.verdict.value,
            "reason": self.reason,
            "way_out": self.way_out,
        }


def allow(checks: Iterable[Check], allowed: Collection[str]) -> list[Check]:
    """The checks with those let pass that the command line names."""
    return [
        replace(check, verdict=Verdict.ALLOWED) if check.verdict is Verdict.BLOCKED and check.key in allowed else check
        for check in checks
    ]


def stream_checks(
    environment: Environment, name: str, live: LiveStream | None, deployed: DeployedResource | None = None
) -> Iterator[Check]:
    """A declared stream against the live one, and where its load decides on its shards, as it was ``deployed`` last."""
    resource, declared = f"stream/{name}", environment.streams[name]
    if live is None:
        yield Check(resource, Verdict.NEW)
        return
    found = stream_differences(name, declared, live)
    for difference in found:
        check = Check(resource, Verdict.CHANGE, difference.property, difference.live, difference.declared)
        match difference.property:
            case "retention" if declared.retention < live.retention:
                yield replace(
                    check,
                    verdict=Verdict.BLOCKED,
                    reason=f"records older than {format_duration(declared.retention)} would be deleted",
                    way_out=f"write {difference.live}, or lower it first: "
                    f"streamops stream retention {name} --to {difference.declared}",
                )
            case "shards" if len(found) == 1 and _load_decides(declared, live, deployed):
                yield replace(
                    check,
                    verdict=Verdict.LEFT,
                    reason="its load decides (autoscale), and the template has this number already",
                )
            case "shards" if isinstance(declared, ProvisionedStream):
                yield replace(
                    check,
                    verdict=Verdict.BLOCKED,
                    reason="the deploy would reshard at once, whatever the load and the 24-hour budget of Kinesis",
                    way_out=f"write {difference.live}, or reshard first: "
                    f"streamops stream reshard {name} --to {difference.declared}",
                )
            case "mode":
                yield replace(
                    check,
                    verdict=Verdict.BLOCKED,
                    reason="Kinesis changes the mode of a stream twice a day at most, and its bill with it",
                    way_out=f"write {difference.live}, or change it first: "
                    f"streamops stream mode {name} {difference.declared}",
                )
            case "distribution" if isinstance(declared, OnDemandStream) and declared.distribution == "auto":
                yield replace(
                    check,
                    verdict=Verdict.BLOCKED,
                    reason="records of one key would from now on lie in any shard, in no order",
                    way_out="write partition-key, as long as any reader needs the order",
                )
            case _:
                yield check
    if not found:
        yield Check(resource, Verdict.SAME)


def _load_decides(declared: Stream, live: LiveStream, deployed: DeployedResource | None) -> bool:
    """Whether other shards than declared are the policy's doing, and the deploy has no other number to set."""
    policy = declared.autoscale if isinstance(declared, ProvisionedStream) else None
    if policy is None or deployed is None or not isinstance(declared, ProvisionedStream):
        return False
    same = str(deployed.properties.get("ShardCount")) == str(declared.shards)
    return same and policy.min <= live.open_shards <= policy.max


def topic_checks(environment: Environment, name: str, live: LiveTopic | None) -> Iterator[Check]:
    """A declared topic against the live one; a deploy does not touch topics, and what follows it must not either."""
    resource, declared = f"topic/{name}", environment.topics[name]
    if live is None:
        yield Check(resource, Verdict.NEW, way_out="create it: streamops topic sync")
        return
    found: list[Check] = []
    partitions = len(live.partitions)
    if declared.partitions != partitions:
        check = Check(resource, Verdict.LEFT, "partitions", str(partitions), str(declared.partitions))
        if declared.partitions < partitions:
            check = replace(
                check,
                verdict=Verdict.BLOCKED,
                reason="Kafka cannot take partitions away",
                way_out=f"write {partitions}, or make a new topic",
            )
        found.append(check)
    retention = live.settings.get("retention.ms")
    wanted = declared_settings(declared)["retention.ms"]
    if retention is not None and retention.value is not None and retention.value != wanted:
        kept, asked = readable("retention.ms", retention.value), readable("retention.ms", wanted)
        check = Check(resource, Verdict.LEFT, "retention", kept, asked)
        if _shorter(wanted, retention.value):
            check = replace(
                check,
                verdict=Verdict.BLOCKED,
                reason=f"records older than {asked} would be deleted",
                way_out=f"write {kept}, or lower it first: streamops topic retention {name}",
            )
        found.append(check)
    yield from found or [Check(resource, Verdict.SAME)]


def _shorter(one: str, other: str) -> bool:
    """Whether a retention in milliseconds ends before another; -1 never ends."""
    return one != INFINITE and (other == INFINITE or int(one) < int(other))


def removal_checks(environment: Environment, kind: str, deployed: Sequence[DeployedResource]) -> Iterator[Check]:
    """Deployed resources of a kind that are declared no more, or under another name."""
    names = _physical_names(environment, kind)
    for resource in deployed:
        if resource.type != STACKS[kind][1]:
            continue
        physical, short = resource.physical_id.rpartition("|")[2], resource.short_name
        if short is not None and short in names and names[short] != physical:
            yield Check(
                f"{kind}/{short}",
                Verdict.BLOCKED,
                "name",
                physical,
                names[short],
                f"a new name is a new {kind}: it begins empty, and {fate(resource)}",
                f"write name: {physical}, or declare the new one beside it",
            )
        elif physical not in names.values():
            yield Check(
                f"{kind}/{short or physical}",
                Verdict.BLOCKED,
                "removal",
                physical,
                "",
                f"it is declared no more: {fate(resource)}",
                "declare it again",
            )
        elif short is not None and short not in names:
            (renamed,) = (name for name, each in names.items() if each == physical)
            yield Check(
                f"{kind}/{renamed}",
                Verdict.BLOCKED,
                "short-name",
                short,
                renamed,
                f"CloudFormation would make a second {physical}, which is there already, and fail",
                f"keep the short name {short}",
            )


def _physical_names(environment: Environment, kind: str) -> Mapping[str, str]:
    match kind:
        case "stream":
            return {name: naming.stream_name(environment, name) for name in environment.streams}
        case "delivery":
            return {name: naming.delivery_name(environment, name) for name in environment.deliveries}
    return {name: naming.topic_name(environment, name) for name in environment.topics}


def fate(resource: DeployedResource) -> str:
    """What becomes of a resource that leaves its template."""
    return (
        f"{resource.physical_id} stays, and nothing here looks after it any more"
        if resource.kept
        else f"{resource.physical_id} is deleted with all that it holds"
    )


def foundation_checks(environment: Environment, deployed: Iterable[DeployedResource]) -> Iterator[Check]:
    """The cluster and the key that everything else rests on."""
    for resource in deployed:
        if resource.type == KEY and environment.security.key != NEW_KEY:
            yield Check(
                "security/key",
                Verdict.BLOCKED,
                "removal",
                resource.physical_id,
                environment.security.key,
                "nobody can read what it has encrypted once it is deleted" if not resource.kept else fate(resource),
                "write security.key: create, as long as anything is left that it encrypts",
            )
        if resource.type in CLUSTERS and environment.kafka.kind not in CLUSTER_KINDS:
            yield Check(
                "kafka/cluster",
                Verdict.BLOCKED,
                "removal",
                resource.physical_id,
                environment.kafka.kind,
                f"kafka.kind is another: {fate(resource)}",
                "declare the cluster again, as long as its topics are nowhere else",
            )
