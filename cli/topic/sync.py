"""``streamops topic sync``: bring the topics of a cluster to what the YAML declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import typer

from cli.change import Consent, run
from cli.cluster import Cluster, LiveTopic, open_cluster
from cli.environment import declared, open_environment
from cli.errors import WrongUsageError
from cli.options import AllowDataLoss, Confirm, DryRun, EnvironmentName, Output, Query, Save, TopicNames, Wait, Yes
from cli.output import Answer, Format
from cli.plan import Operation, Plan, Refusal, fingerprint
from cli.reassignment.operations import MOVE
from cli.topic import operations
from cli.topic.drift import Drift
from cli.topic.retention.guard import NOTHING, Allowed
from cli.topic.retention.options import AllowFullDisk
from cli.topic.setting_changes import Altered, altered, check_again, options_of
from cli.topic.settings import readable
from cli.topic.sync_plan import TopicPlan, plan_topic
from cli.topic.sync_replication import Replication, at_once, carry_out_replication, plan_replication, verify_replication
from cli.write_back import Edit
from environments import Environment, naming


def command(  # noqa: PLR0913 - one parameter is one option of the grammar that all changes share
    ctx: typer.Context,
    names: TopicNames = None,
    environment: EnvironmentName = None,
    *,
    dry_run: DryRun = False,
    save: Save = None,
    yes: Yes = False,
    confirm: Confirm = None,
    allow_data_loss: AllowDataLoss = False,
    allow_full_disk: AllowFullDisk = False,
    wait: Wait = True,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Bring the topics to what the YAML declares.

    Topics that are missing are created; settings are changed one by one, where their meaning differs; partitions are
    added. Nothing is ever deleted: topics and settings that nobody declared are named and left alone, as are topics
    that CloudFormation makes (manage: cloudformation). What would delete records is refused as by topic retention.
    """
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    for name in names or ():
        declared(opened, "topics", name)
    if allow_data_loss and len(names or ()) != 1:
        raise WrongUsageError(
            "--allow-data-loss is for one topic at a time", "name the topic: streamops topic sync NAME"
        )
    allowed = Allowed(data_loss=allow_data_loss, full_disk=allow_full_disk)
    consent = Consent(dry_run=dry_run, save=save, yes=yes, confirm=confirm, wait=wait)
    run(TopicSync(opened, tuple(names or ()), allowed), consent, answer, environment or opened.name)


@dataclass(frozen=True)
class Found:
    """What a sync has read and judged."""

    cluster_id: str
    topics: tuple[TopicPlan, ...]
    altered: Mapping[str, Altered] = field(default_factory=dict)
    """The change of settings by short name."""
    undeclared: tuple[str, ...] = ()
    """Topics of the cluster that nobody declared."""
    replication: Replication = field(default_factory=Replication)
    refused: Mapping[str, str] = field(default_factory=dict)
    """What the cluster says against an operation, by the topic's name there."""

    @property
    def operations(self) -> tuple[Operation, ...]:
        """In order: what moves replicas, creates, adds partitions and changes settings.

        New partitions get as many replicas as there are, and settings may count on them.
        """
        return (
            *self.replication.operations,
            *(operations.create(topic.name, topic.create) for topic in self.topics if topic.create),
            *(topic.grow for topic in self.topics if topic.grow),
            *(found.operation for found in self.altered.values()),
        )


@dataclass(frozen=True)
class TopicSync:
    """Bring the topics of a cluster to what the YAML declares."""

    environment: Environment
    names: tuple[str, ...] = ()
    """Short names; all declared topics when empty."""
    allowed: Allowed = NOTHING

    command: str = "topic sync"

    @classmethod
    def from_arguments(cls, environment: Environment, arguments: Mapping[str, Any]) -> TopicSync:
        """The change that a saved plan was made for."""
        for name in arguments["names"]:
            declared(environment, "topics", name)
        allowed = Allowed(data_loss=arguments["allow_data_loss"], full_disk=arguments["allow_full_disk"])
        return cls(environment, tuple(arguments["names"]), allowed)

    @property
    def arguments(self) -> Mapping[str, Any]:
        """Which topics, and what the guard lets pass."""
        return {
            "names": list(self.names),
            "allow_data_loss": self.allowed.data_loss,
            "allow_full_disk": self.allowed.full_disk,
        }

    @property
    def command_line(self) -> str:
        """The command that goes on where this one was interrupted."""
        return " ".join((self.command, *self.names, *options_of(self.allowed)))

    def plan(self) -> Plan:
        """Compare the declared topics with the live ones, and have the cluster check what would be done."""
        with open_cluster(self.environment) as cluster:
            found = self._find(cluster)
        return self._plan(found)

    def carry_out(self, plan: Plan, *, wait: bool) -> Iterator[Operation]:
        """Do the operations, many of one kind in one request; with ``wait``, go on when what was made can be used."""
        yield from carry_out_replication(self.environment, plan, wait=wait)
        with open_cluster(self.environment) as cluster:
            check_again(self.environment, cluster, plan, self.allowed)
            yield from operations.carry_out(cluster, at_once(plan).operations, wait=wait)

    def verify(self, plan: Plan) -> Sequence[str]:
        """Read the topics again."""
        with open_cluster(self.environment) as cluster:
            unmet = operations.unmet(cluster, at_once(plan).operations)
        return [*unmet, *verify_replication(self.environment, plan)]

    def declaration(self, plan: Plan) -> Sequence[Edit]:
        """The file is what the topics are made from."""
        del plan
        return ()

    def _find(self, cluster: Cluster) -> Found:
        chosen = self.names or tuple(self.environment.topics)
        physical = [self._physical(name) for name in chosen]
        live, undeclared = (cluster.topics(physical), []) if self.names else cluster.topics_and_others(physical)
        topics = tuple(plan_topic(self.environment, name, live.get(self._physical(name))) for name in chosen)
        replication = plan_replication(self.environment, topics)
        found = Found(
            cluster_id=cluster.cluster_id(),
            topics=topics,
            altered={
                topic.name: altered(
                    self.environment,
                    cluster,
                    topic.name,
                    topic.live,
                    topic.settings,
                    replication=replication.of(topic),
                    why="differs from the YAML",
                    allowed=self.allowed,
                )
                for topic in topics
                if topic.live and topic.settings
            },
            undeclared=tuple(undeclared),
            replication=replication,
        )
        return replace(found, refused=operations.refused(cluster, found.operations))

    def _plan(self, found: Found) -> Plan:
        left = [*(difference for topic in found.topics for difference in topic.left), *found.replication.left]
        kinds = [operation.kind for operation in found.operations]
        drifts = [str(operation.details.get("drift", Drift.SAFE.value)) for operation in found.operations]
        return Plan(
            resource=f"topic/{self.names[0]}" if len(self.names) == 1 else f"environment/{self.environment.name}",
            fingerprint=fingerprint([found.cluster_id, [_state(topic.live) for topic in found.topics]]),
            operations=found.operations,
            differences=tuple(left),
            summary={
                "create": kinds.count(operations.CREATE),
                "alter": kinds.count(operations.ALTER),
                "grow": kinds.count(operations.GROW),
                "reassign": kinds.count(MOVE),
                Drift.SAFE.value: drifts.count(Drift.SAFE.value),
                Drift.UNSAFE.value: drifts.count(Drift.UNSAFE.value),
                Drift.UNSUPPORTED.value: len(left),
                "undeclared": len(found.undeclared),
                "estimates": {name: dict(each.estimate) for name, each in found.altered.items() if each.estimate},
            },
            warnings=tuple(self._warnings(found)),
            refusals=tuple(self._refusals(found)),
        )

    def _warnings(self, found: Found) -> Iterator[str]:
        yield from found.replication.warnings
        for name, each in found.altered.items():
            yield from (f"topic {name}: {text}" for text in each.warnings)
        for topic in found.topics:
            if topic.undeclared:
                told = ", ".join(f"{key}={readable(key, value)}" for key, value in topic.undeclared.items())
                yield f"topic {topic.name}: set on the cluster and not declared, left alone: {told}"
        if found.undeclared:
            yield f"not declared, left alone: {', '.join(found.undeclared)}"
        if not self.names and (foreign := [topic.name for topic in found.topics if _of_cloudformation(topic)]):
            yield f"left to CloudFormation: {', '.join(foreign)}"

    def _refusals(self, found: Found) -> Iterator[Refusal]:
        for topic in found.topics:
            if self.names and _of_cloudformation(topic):
                yield Refusal(
                    f"topic {topic.name} is made by CloudFormation (manage: cloudformation)", "run cdk deploy"
                )
        for name, reason in found.refused.items():
            yield Refusal(f"the cluster refuses topic {name}: {reason}", "correct it in the environment file")
        for name, each in found.altered.items():
            for refusal in each.refusals:
                yield Refusal(f"topic {name}: {refusal.reason}", self._way_out(name, refusal))

    def _way_out(self, name: str, refusal: Refusal) -> str:
        """Losing records is allowed for one topic at a time, and ``--confirm`` then names it."""
        if len(self.names) == 1 or "--allow" not in refusal.way_out:
            return refusal.way_out
        return f"{refusal.way_out}, with: streamops topic sync {name} -e {self.environment.name}"

    def _physical(self, name: str) -> str:
        return naming.topic_name(self.environment, name)


def _of_cloudformation(topic: TopicPlan) -> bool:
    return topic.live is None and topic.create is None


def _state(topic: LiveTopic | None) -> object:
    """What of a live topic the plan depends on."""
    if topic is None:
        return None
    own = {name: setting.value for name, setting in topic.settings.items() if setting.own}
    return [topic.name, len(topic.partitions), topic.replication, own]
