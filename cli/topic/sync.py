"""``streamops topic sync``: the declared topics that are missing are created; nothing else is touched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import typer

from cli.change import Consent, run
from cli.cluster import Cluster, LiveTopic, NewTopic, open_cluster
from cli.environment import declared, open_environment
from cli.errors import CliError
from cli.options import Confirm, DryRun, EnvironmentName, Output, Query, Save, TopicNames, Wait, Yes
from cli.output import Answer, Format
from cli.plan import Operation, Plan, Refusal, Risk, fingerprint
from cli.topic.difference import differences
from cli.topic.settings import declared_settings
from cli.write_back import Edit
from environments import Environment, naming

CREATE = "create-topic"


def command(  # noqa: PLR0913 - one parameter is one option of the grammar that all changes share
    ctx: typer.Context,
    names: TopicNames = None,
    environment: EnvironmentName = None,
    *,
    dry_run: DryRun = False,
    save: Save = None,
    yes: Yes = False,
    confirm: Confirm = None,
    wait: Wait = True,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Create the declared topics that are missing.

    What differs on topics that exist is shown and left as it is. Topics that nobody declared, and those that
    CloudFormation makes (manage: cloudformation), are named and left alone.
    """
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    for name in names or ():
        declared(opened, "topics", name)
    consent = Consent(dry_run=dry_run, save=save, yes=yes, confirm=confirm, wait=wait)
    run(TopicSync(opened, tuple(names or ())), consent, answer, environment or opened.name)


@dataclass(frozen=True)
class TopicSync:
    """Bring the topics of a cluster to what the YAML declares, by creating what is missing."""

    environment: Environment
    names: tuple[str, ...] = ()
    """Short names; all declared topics when empty."""

    command: str = "topic sync"

    @classmethod
    def from_arguments(cls, environment: Environment, arguments: Mapping[str, Any]) -> TopicSync:
        """The change that a saved plan was made for."""
        for name in arguments["names"]:
            declared(environment, "topics", name)
        return cls(environment, tuple(arguments["names"]))

    @property
    def arguments(self) -> Mapping[str, Any]:
        """Which topics."""
        return {"names": list(self.names)}

    def plan(self) -> Plan:
        """Compare the declared topics with the live ones, and have the cluster check what would be created."""
        with open_cluster(self.environment) as cluster:
            live = cluster.topics([naming.topic_name(self.environment, name) for name in self._chosen()])
            missing = [self._new(name) for name in self._own() if self._physical(name) not in live]
            refused = cluster.create(missing, validate_only=True)
            undeclared = [] if self.names else self._undeclared(cluster)
            cluster_id = cluster.cluster_id()
        return self._plan(cluster_id, live, refused, undeclared)

    def carry_out(self, plan: Plan, *, wait: bool) -> Iterator[Operation]:
        """Create the topics one by one; with ``wait``, go on only when each can be used."""
        with open_cluster(self.environment) as cluster:
            for operation in plan.operations:
                details = operation.details
                topic = NewTopic(details["name"], details["partitions"], details["replication"], details["config"])
                refused = cluster.create([topic])
                if refused:
                    raise CliError(f"the cluster refused topic {topic.name}: {refused[topic.name]}")
                yield operation
                if wait:
                    cluster.wait_until_ready([topic.name])

    def verify(self, plan: Plan) -> Sequence[str]:
        """Read the created topics again."""
        created = {operation.details["name"]: operation for operation in plan.operations}
        with open_cluster(self.environment) as cluster:
            live = cluster.topics(list(created))
        problems = [f"topic {name} is not there" for name in created if name not in live]
        for name, topic in live.items():
            short_name = created[name].resource.rpartition("/")[2]
            if short_name in self.environment.topics:
                found = differences(short_name, self.environment.topics[short_name], topic)
                problems.extend(str(difference) for difference in found)
        return problems

    def declaration(self, plan: Plan) -> Sequence[Edit]:
        """The file is what the topics are made from."""
        del plan
        return ()

    def _plan(
        self, cluster_id: str, live: Mapping[str, LiveTopic], refused: Mapping[str, str], undeclared: Sequence[str]
    ) -> Plan:
        topics = self.environment.topics
        missing = [name for name in self._own() if self._physical(name) not in live]
        foreign = [name for name in self._chosen() if name not in self._own() and self._physical(name) not in live]
        differing = [
            difference
            for name in self._chosen()
            if self._physical(name) in live
            for difference in differences(name, topics[name], live[self._physical(name)])
        ]
        return Plan(
            resource=f"topic/{self.names[0]}" if len(self.names) == 1 else f"environment/{self.environment.name}",
            fingerprint=fingerprint([cluster_id, [_state(live.get(self._physical(name))) for name in self._chosen()]]),
            operations=tuple(map(self._create, missing)),
            differences=tuple(differing),
            summary={
                "create": len(missing),
                "differing": len({difference.resource for difference in differing}),
                "undeclared": len(undeclared),
            },
            warnings=(
                *((f"not declared, left alone: {', '.join(undeclared)}",) if undeclared else ()),
                *((f"left to CloudFormation: {', '.join(foreign)}",) if foreign and not self.names else ()),
            ),
            refusals=(
                *(
                    Refusal(f"the cluster refuses topic {name}: {reason}", "correct it in the environment file")
                    for name, reason in refused.items()
                ),
                *(
                    Refusal(f"topic {name} is made by CloudFormation (manage: cloudformation)", "run cdk deploy")
                    for name in foreign
                    if self.names
                ),
            ),
        )

    def _create(self, name: str) -> Operation:
        new = self._new(name)
        return Operation(
            kind=CREATE,
            resource=f"topic/{name}",
            risk=Risk.MILD,
            reason="declared, and not on the cluster",
            details={
                "name": new.name,
                "partitions": new.partitions,
                "replication": new.replication,
                "config": dict(new.config),
            },
        )

    def _new(self, name: str) -> NewTopic:
        topic = self.environment.topics[name]
        return NewTopic(self._physical(name), topic.partitions, topic.replication, declared_settings(topic))

    def _undeclared(self, cluster: Cluster) -> list[str]:
        known = {self._physical(name) for name in self.environment.topics}
        return [name for name in cluster.topic_names() if name not in known]

    def _chosen(self) -> Sequence[str]:
        return self.names or tuple(self.environment.topics)

    def _own(self) -> Sequence[str]:
        """Those of the chosen topics that are not CloudFormation's."""
        return [name for name in self._chosen() if self.environment.topics[name].manage == "cli"]

    def _physical(self, name: str) -> str:
        return naming.topic_name(self.environment, name)


def _state(topic: LiveTopic | None) -> object:
    """What of a live topic the plan depends on."""
    if topic is None:
        return None
    own = {name: setting.value for name, setting in topic.settings.items() if setting.own}
    return [topic.name, len(topic.partitions), topic.replication, own]
