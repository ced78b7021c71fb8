"""``streamops topic partitions``: give a topic more partitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from cli.change import Consent, run
from cli.cluster import open_cluster
from cli.environment import declared, open_environment
from cli.options import Confirm, DryRun, EnvironmentName, Output, Query, Save, TopicName, Wait, WriteBack, Yes
from cli.output import Answer, Format
from cli.plan import Operation, Plan, Refusal, fingerprint
from cli.topic import operations
from cli.topic.partition_rules import growth, keyed
from cli.topic.retention.change import live_topic
from cli.write_back import Edit
from environments import Environment

To = Annotated[int, typer.Option("--to", min=1, metavar="N", help="How many partitions it shall have.")]


def command(  # noqa: PLR0913 - one parameter is one option of the grammar that all changes share
    ctx: typer.Context,
    name: TopicName,
    to: To,
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
    """Give a topic more partitions; Kafka never takes any away.

    Most keys go to another partition afterwards, and their earlier records stay where they are. Where that matters (a
    route keeps the order of keys, or the topic is compacted) it needs --confirm NAME.
    """
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    declared(opened, "topics", name)
    consent = Consent(dry_run=dry_run, save=save, yes=yes, confirm=confirm, wait=wait, write_back=write_back)
    run(TopicPartitions(opened, name, to), consent, answer, environment or opened.name)


@dataclass(frozen=True)
class TopicPartitions:
    """Let a topic have more partitions."""

    environment: Environment
    name: str
    """Short name."""
    to: int

    command: str = "topic partitions"

    @classmethod
    def from_arguments(cls, environment: Environment, arguments: Mapping[str, Any]) -> TopicPartitions:
        """The change that a saved plan was made for."""
        declared(environment, "topics", arguments["name"])
        return cls(environment, arguments["name"], arguments["to"])

    @property
    def arguments(self) -> Mapping[str, Any]:
        """How many."""
        return {"name": self.name, "to": self.to}

    @property
    def command_line(self) -> str:
        """The command that goes on where this one was interrupted."""
        return f"{self.command} {self.name} --to {self.to}"

    def plan(self) -> Plan:
        """Read the topic, and have the cluster check the number."""
        with open_cluster(self.environment) as cluster:
            live = live_topic(self.environment, cluster, self.name)
            before = len(live.partitions)
            refusals = list(self._refusals(before))
            grows = []
            if before < self.to and not refusals:
                risk, reason = growth(before, self.to, keyed(self.environment, self.name, live))
                grows.append(operations.grow(self.name, live.name, before, self.to, risk, reason))
            said = operations.refused(cluster, grows)
            cluster_id = cluster.cluster_id()
        return Plan(
            resource=f"topic/{self.name}",
            fingerprint=fingerprint([cluster_id, live.name, before]),
            operations=tuple(grows),
            summary={"from": before, "to": self.to},
            warnings=(
                "other applications may count on the partition of a key; nobody can see that from here",
            ) * bool(grows),
            refusals=(
                *refusals,
                *(Refusal(f"the cluster refuses it: {reason}", "ask for fewer") for reason in said.values()),
            ),
        )  # fmt: skip

    def carry_out(self, plan: Plan, *, wait: bool) -> Iterator[Operation]:
        """Add the partitions; with ``wait``, until each has a leader."""
        with open_cluster(self.environment) as cluster:
            yield from operations.carry_out(cluster, plan.operations, wait=wait)

    def verify(self, plan: Plan) -> Sequence[str]:
        """Count them."""
        with open_cluster(self.environment) as cluster:
            return operations.unmet(cluster, plan.operations)

    def declaration(self, plan: Plan) -> Sequence[Edit]:
        """As many as there are then."""
        del plan
        return [Edit(("topics", self.name, "partitions"), self.to)]

    def _refusals(self, before: int) -> Iterator[Refusal]:
        if self.to < before:
            yield Refusal(
                f"topic {self.name} has {before} partitions, and Kafka never takes any away",
                "make a new topic and move the readers to it; no flag overrides this",
            )
        if self.environment.topics[self.name].manage == "cloudformation":
            yield Refusal(
                f"topic {self.name} is made by CloudFormation (manage: cloudformation)",
                "declare them in the environment file and run cdk deploy; no flag overrides this",
            )
