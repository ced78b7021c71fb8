"""What speaks against a reassignment before it is begun. No I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from cli.cluster import LiveTopic
from cli.plan import Refusal
from cli.reassignment.live import LiveLayout
from environments import Environment, MskExpressKafka, MskKafka, MskServerlessKafka
from environments.quantities import format_size

MIN_IN_SYNC = "min.insync.replicas"
MSK_BATCH = 10
"""Partitions in a call on standard brokers:
https://docs.aws.amazon.com/msk/latest/developerguide/bestpractices.html"""
SELF_BALANCED = (
    "MSK balances clusters with Express brokers by itself, and each partition has three replicas there: "
    "nothing else may move them"
)
SERVERLESS = "MSK Serverless has no brokers of one's own: it places replicas by itself"


def placed_by_others(environment: Environment) -> Refusal | None:
    """Why nobody but the service places replicas, where that is so.

    https://docs.aws.amazon.com/msk/latest/developerguide/intelligent-rebalancing.html
    """
    kafka = environment.kafka
    if isinstance(kafka, MskExpressKafka):
        return Refusal(SELF_BALANCED, "change the number of brokers instead; no flag overrides this")
    if isinstance(kafka, MskServerlessKafka):
        return Refusal(SERVERLESS, "there is nothing to do; no flag overrides this")
    return None


def brokers_are_there(live: LiveLayout, names: Collection[str], off: Collection[int]) -> Iterator[Refusal]:
    """Brokers that hold replicas and do not answer are either left for good, or waited for."""
    held = {broker for name in names for replicas in live.layout(name).values() for broker in replicas}
    for broker in sorted(held - live.alive - set(off)):
        yield Refusal(
            f"broker {broker} holds replicas and is not there", f"bring it back, or move off it with --off {broker}"
        )


def enough_brokers(live: LiveLayout, replication: Mapping[str, int], off: Collection[int]) -> Iterator[Refusal]:
    """A broker holds a partition once."""
    left = live.racks(off)
    most = max(replication.values(), default=0)
    if most > len(left):
        told = f"there are {len(left)} to use ({', '.join(map(str, left))})" if left else "there is none left"
        need = f"{most} replicas need {most} brokers" if most > 1 else "a replica needs a broker"
        yield Refusal(
            f"{need}, and {told}",
            "add brokers or lower --replication; no flag overrides this",
        )


def keeps_min_in_sync(topics: Mapping[str, LiveTopic], replication: Mapping[str, int]) -> Iterator[Refusal]:
    """With fewer replicas than that nobody could write with ``acks=all`` any more."""
    for name, wanted in sorted(replication.items()):
        setting = topics[name].settings.get(MIN_IN_SYNC)
        least = int(setting.value) if setting and setting.value else 1
        if wanted < least:
            yield Refusal(
                f"topic {name} has {MIN_IN_SYNC}={least}: with {wanted} replicas nobody could write with acks=all",
                f"lower {MIN_IN_SYNC} first; no flag overrides this",
            )


def made_by_cloudformation(environment: Environment, names: Sequence[str], replication: int) -> Iterator[Refusal]:
    """The next deploy would hold its own number against it."""
    for name in names or environment.topics:
        topic = environment.topics[name]
        if topic.manage == "cloudformation" and topic.replication != replication:
            yield Refusal(
                f"topic {name} is made by CloudFormation (manage: cloudformation)",
                f"write replication: {replication} and deploy it; no flag overrides this",
            )


def room(brokers: Mapping[int, tuple[int, int]]) -> Iterator[Refusal]:
    """Disks that would overflow."""
    for broker, (comes, free) in brokers.items():
        yield Refusal(
            f"broker {broker} would receive {rounded(comes)}, and has {rounded(free)} free",
            "add room or brokers, or move less at a time; no flag overrides this",
        )


def health(problems: Sequence[str], *, allowed: bool) -> Iterator[Refusal]:
    """A cluster that is not well has other things to copy."""
    if problems and not allowed:
        yield Refusal(
            f"the cluster is not well: {'; '.join(problems)}",
            "wait or see to it; to move all the same, add --allow-unhealthy",
        )


def advice(environment: Environment, batch: int) -> Iterator[str]:
    """What is not forbidden and not wise."""
    if isinstance(environment.kafka, MskKafka) and batch > MSK_BATCH:
        yield f"MSK advises at most {MSK_BATCH} partitions in a call on standard brokers; --batch is {batch}"


def rounded(size: int) -> str:
    """A size to two digits or so."""
    for unit in (1 << 40, 1 << 30, 1 << 20, 1 << 10):
        if size >= 10 * unit:
            return format_size(size // unit * unit)
    return format_size(size)
