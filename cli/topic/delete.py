"""``streamops topic delete``: delete a topic with all its records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import typer

from cli.change import Consent, run
from cli.cluster import Cluster, Group, LiveTopic, Place, open_cluster
from cli.environment import declared, open_environment
from cli.group.members import describe_groups
from cli.options import Confirm, DryRun, EnvironmentName, Output, Query, Save, TopicName, Wait, WriteBack, Yes
from cli.output import Answer, Format
from cli.plan import Operation, Plan, Refusal, fingerprint
from cli.topic import operations
from cli.write_back import Edit
from environments import Environment, TopicEnd, naming


def command(  # noqa: PLR0913 - one parameter is one option of the grammar that all changes share
    ctx: typer.Context,
    name: TopicName,
    environment: EnvironmentName = None,
    *,
    dry_run: DryRun = False,
    save: Save = None,
    yes: Yes = False,
    confirm: Confirm = None,
    wait: Wait = True,
    write_back: WriteBack = None,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Delete a topic with all its records; its name has to be typed, or given with --confirm.

    Only declared topics that no route uses and no group with members reads are deleted. Afterwards the environment file
    shall no longer declare it, else topic sync makes it again.
    """
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    consent = Consent(dry_run=dry_run, save=save, yes=yes, confirm=confirm, wait=wait, write_back=write_back)
    run(TopicDeletion(opened, name), consent, answer, environment or opened.name)


@dataclass(frozen=True)
class TopicDeletion:
    """Delete a topic."""

    environment: Environment
    name: str
    """Short name; or a name on the cluster, which is then refused."""

    command: str = "topic delete"

    @classmethod
    def from_arguments(cls, environment: Environment, arguments: Mapping[str, Any]) -> TopicDeletion:
        """The change that a saved plan was made for."""
        return cls(environment, arguments["name"])

    @property
    def arguments(self) -> Mapping[str, Any]:
        """Which topic."""
        return {"name": self.name}

    @property
    def command_line(self) -> str:
        """The command that goes on where this one was interrupted."""
        return f"{self.command} {self.name}"

    def plan(self) -> Plan:
        """Count what would go, and see who uses it."""
        with open_cluster(self.environment) as cluster:
            live = self._live(cluster)
            if live is None:
                return Plan(f"topic/{self.name}", fingerprint(None), refusals=tuple(self._used()))
            places = [(live.name, each.index) for each in live.partitions if each.leader is not None]
            begin, end = cluster.begin_offsets(places), cluster.end_offsets(places)
            records = sum(end[place] - begin[place] for place in places)
            readers = cluster.readers([live.name])[live.name]
            active = _active(cluster, live.name)
            cluster_id = cluster.cluster_id()
        return Plan(
            resource=f"topic/{self.name}",
            fingerprint=fingerprint([cluster_id, live.name, len(live.partitions)]),
            operations=(operations.delete(self.name, live.name, _reason(records)),),
            summary={"records": records, "partitions": len(live.partitions), "groups": _offsets(readers)},
            warnings=tuple(self._warnings(readers, active)),
            refusals=(*self._firm(live), *self._used(), *self._read(active)),
        )

    def carry_out(self, plan: Plan, *, wait: bool) -> Iterator[Operation]:
        """Delete it."""
        with open_cluster(self.environment) as cluster:
            yield from operations.carry_out(cluster, plan.operations, wait=wait)

    def verify(self, plan: Plan) -> Sequence[str]:
        """See that it is gone."""
        with open_cluster(self.environment) as cluster:
            return operations.unmet(cluster, plan.operations)

    def declaration(self, plan: Plan) -> Sequence[Edit]:
        """It is no longer declared."""
        del plan
        topics = self.environment.topics
        if self.name not in topics:
            return []
        return [Edit(("topics", self.name) if len(topics) > 1 else ("topics",), None)]

    def _live(self, cluster: Cluster) -> LiveTopic | None:
        """NotFoundError where it is neither declared nor on the cluster."""
        known = self.name in self.environment.topics
        physical = naming.topic_name(self.environment, self.name) if known else self.name
        live = cluster.topics([physical]).get(physical)
        if live is None and not known:
            declared(self.environment, "topics", self.name)
        return live

    def _firm(self, live: LiveTopic) -> Iterator[Refusal]:
        none = "no flag overrides this"
        if live.internal or live.name.startswith("__"):
            yield Refusal(f"topic {live.name} is one of Kafka's own", none)
        elif self.name not in self.environment.topics:
            yield Refusal(
                f"topic {live.name} is not declared in environment {self.environment.name}",
                f"somebody else may count on it; declare it first if it is yours: {none}",
            )
        elif self.environment.topics[self.name].manage == "cloudformation":
            yield Refusal(
                f"topic {self.name} is made by CloudFormation (manage: cloudformation)",
                f"take it out of the environment file and run cdk deploy; {none}",
            )

    def _used(self) -> Iterator[Refusal]:
        end = TopicEnd(topic=self.name)
        for route, found in self.environment.routes.items():
            if end in (found.source, found.target, found.dead_letters):
                yield Refusal(
                    f"route {route} uses it", f"take routes.{route} out and deploy first; no flag overrides this"
                )

    def _read(self, active: Mapping[str, int]) -> Iterator[Refusal]:
        for group, members in active.items():
            yield Refusal(
                f"group {group} reads it with {members} member{'s' if members > 1 else ''}",
                "stop its members first; no flag overrides this",
            )

    def _warnings(self, readers: Mapping[Group, Mapping[Place, int]], active: Mapping[str, int]) -> Iterator[str]:
        if resting := [group.name for group in readers if group.name not in active]:
            yield f"the offsets of groups without members go with it: {', '.join(sorted(resting))}"
        if not readers and not active:
            yield "no known group reads it; groups that keep their offsets elsewhere cannot be seen"


def _reason(records: int) -> str:
    return f"asked for; up to {records:,} records go" if records else "asked for; it has no records"


def _active(cluster: Cluster, topic: str) -> dict[str, int]:
    """Groups with members that read a topic or have committed offsets in it, with the number of members."""
    groups = [group for group in cluster.groups() if group.active]
    committed = cluster.readers([topic])[topic]
    return {
        name: len(found.members)
        for name, found in describe_groups(cluster, groups).items()
        if found.members and (topic in found.topics or any(group.name == name for group in committed))
    }


def _offsets(readers: Mapping[Group, Mapping[Place, int]]) -> dict[str, dict[str, int]]:
    return {
        group.name: {str(partition): offset for (_, partition), offset in sorted(offsets.items())}
        for group, offsets in readers.items()
    }
