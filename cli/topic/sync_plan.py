"""What brings the topics of a cluster to what the YAML declares: the operations, and what is left. No I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cli.cluster import LiveTopic, NewTopic
from cli.difference import Difference
from cli.plan import Operation
from cli.topic import operations
from cli.topic.difference import same_setting
from cli.topic.drift import Drift
from cli.topic.partition_rules import growth, keyed
from cli.topic.settings import declared_settings, readable
from environments import Environment, Topic, naming

BY_REASSIGNMENT = (
    "follower.replication.throttled.replicas",
    "leader.replication.throttled.replicas",
)
"""Settings that a reassignment leaves on a topic; ``topic reassign`` finds those that were left over."""


@dataclass(frozen=True)
class TopicPlan:
    """One declared topic beside the live one."""

    name: str
    live: LiveTopic | None = None
    create: NewTopic | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    """Those that have another meaning on the cluster, with their declared values."""
    grow: Operation | None = None
    replication: tuple[int, int] | None = None
    """The live and the declared number of replicas, where they differ."""
    left: tuple[Difference, ...] = ()
    undeclared: Mapping[str, str] = field(default_factory=dict)
    """Settings of the topic that the YAML does not mention."""


def plan_topic(environment: Environment, name: str, live: LiveTopic | None) -> TopicPlan:
    """Compare a declared topic with the live one.

    A topic that CloudFormation makes is never changed: all that differs is left.
    """
    topic = environment.topics[name]
    if live is None:
        if topic.manage == "cloudformation":
            return TopicPlan(name)
        new = NewTopic(
            naming.topic_name(environment, name), topic.partitions, topic.replication, declared_settings(topic)
        )
        return TopicPlan(name, create=new)
    settings = {
        key: value
        for key, value in declared_settings(topic).items()
        if not same_setting(key, value, live.settings.get(key))
    }
    undeclared = {
        key: setting.value or ""
        for key, setting in live.settings.items()
        if setting.own and key not in declared_settings(topic) and key not in BY_REASSIGNMENT
    }
    if topic.manage == "cloudformation":
        left = tuple(_foreign(name, topic, live, settings))
        return TopicPlan(name, live=live, left=left, undeclared=undeclared)
    return TopicPlan(
        name,
        live=live,
        settings=settings,
        grow=_grow(environment, name, live),
        replication=None if live.replication == topic.replication else (live.replication, topic.replication),
        left=tuple(_fewer(name, topic, live)),
        undeclared=undeclared,
    )


def _grow(environment: Environment, name: str, live: LiveTopic) -> Operation | None:
    before, after = len(live.partitions), environment.topics[name].partitions
    if after <= before:
        return None
    risk, reason = growth(before, after, keyed(environment, name, live))
    return operations.grow(name, live.name, before, after, risk, reason)


def _fewer(name: str, topic: Topic, live: LiveTopic) -> Iterator[Difference]:
    if topic.partitions < len(live.partitions):
        yield unsupported(
            name,
            "partitions",
            str(topic.partitions),
            str(len(live.partitions)),
            "Kafka never takes partitions away: declare as many as there are, or make a new topic",
        )


def _foreign(name: str, topic: Topic, live: LiveTopic, settings: Mapping[str, str]) -> Iterator[Difference]:
    why = "CloudFormation makes it (manage: cloudformation): run cdk deploy"
    numbers = (
        ("partitions", topic.partitions, len(live.partitions)),
        ("replication", topic.replication, live.replication),
    )
    for what, declared, found in numbers:
        if declared != found:
            yield unsupported(name, what, str(declared), str(found), why)
    for key, value in settings.items():
        setting = live.settings.get(key)
        found_value = readable(key, setting.value if setting else None)
        yield unsupported(name, key, readable(key, value), found_value, why)


def unsupported(name: str, what: str, declared: str, live: str, why: str) -> Difference:
    """A difference that is named and left."""
    return Difference(f"topic/{name}", what, declared, live, drift=Drift.UNSUPPORTED.value, why=why)
