"""``streamops topic config``: the settings of a topic, and changes of single ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import typer

from cli.change import Consent, run
from cli.cluster import LiveTopic, open_cluster
from cli.environment import declared, open_environment
from cli.errors import WrongUsageError
from cli.options import (
    AllowDataLoss,
    Confirm,
    DryRun,
    EnvironmentName,
    Output,
    Query,
    Save,
    TopicName,
    Wait,
    WriteBack,
    Yes,
)
from cli.output import Answer, Column, Format
from cli.plan import Operation, Plan, Refusal, fingerprint
from cli.topic import operations, setting_values
from cli.topic.declaration import setting_edits
from cli.topic.difference import same_setting
from cli.topic.retention.change import live_topic
from cli.topic.retention.guard import NOTHING, Allowed
from cli.topic.retention.options import AllowFullDisk
from cli.topic.setting_changes import altered, check_again, options_of
from cli.topic.settings import declared_settings, readable
from cli.write_back import Edit
from environments import Environment
from environments.rules.topic_settings import SETTINGS

RETENTION = "retention.ms"
COLUMNS = (
    Column("SETTING", "name"),
    Column("VALUE", lambda item: readable(item["name"], item["value"])),
    Column("SOURCE", "source"),
    Column("DECLARED", lambda item: item["declared"] and readable(item["name"], item["declared"])),
)


class Action(StrEnum):
    """What to do with settings."""

    SET = "set"
    UNSET = "unset"


ActionName = Annotated[Action | None, typer.Argument(metavar="set|unset", help="Without it they are shown.")]
Entries = Annotated[
    list[str] | None, typer.Argument(metavar="KEY=VALUE|KEY", help="Such as segment.ms=6h or segment.bytes=64MiB.")
]


def command(  # noqa: PLR0913 - one parameter is one option of the grammar that all changes share
    ctx: typer.Context,
    name: TopicName,
    action: ActionName = None,
    entries: Entries = None,
    environment: EnvironmentName = None,
    *,
    allow_data_loss: AllowDataLoss = False,
    allow_full_disk: AllowFullDisk = False,
    dry_run: DryRun = False,
    save: Save = None,
    yes: Yes = False,
    confirm: Confirm = None,
    wait: Wait = True,
    write_back: WriteBack = None,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Show the settings of a topic, set some (set KEY=VALUE...), or let the brokers decide them again (unset KEY...).

    Only the settings that are named change. What would delete records is refused as by topic retention.
    """
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    declared(opened, "topics", name)
    if action is None:
        _give(answer, opened, name)
        return
    if not entries:
        example = "segment.ms=6h" if action is Action.SET else "segment.ms"
        raise WrongUsageError(f"{action} what?", f"as in: streamops topic config {name} {action} {example}")
    if action is Action.UNSET and (wrong := [entry for entry in entries if "=" in entry]):
        raise WrongUsageError(f"{wrong[0]!r} is no key", "unset takes keys alone")
    wanted: dict[str, str | None] = {**setting_values.entries(entries)} if action is Action.SET else {}
    wanted |= dict.fromkeys(entries) if action is Action.UNSET else {}
    consent = Consent(dry_run=dry_run, save=save, yes=yes, confirm=confirm, wait=wait, write_back=write_back)
    allowed = Allowed(data_loss=allow_data_loss, full_disk=allow_full_disk)
    run(TopicConfig(opened, name, wanted, allowed), consent, answer, environment or opened.name)


@dataclass(frozen=True)
class TopicConfig:
    """Set some settings of a topic, or let them be inherited."""

    environment: Environment
    name: str
    """Short name."""
    wanted: Mapping[str, str | None]
    """In Kafka's spelling; None for what shall be inherited."""
    allowed: Allowed = NOTHING

    command: str = "topic config"

    @classmethod
    def from_arguments(cls, environment: Environment, arguments: Mapping[str, Any]) -> TopicConfig:
        """The change that a saved plan was made for."""
        declared(environment, "topics", arguments["name"])
        allowed = Allowed(data_loss=arguments["allow_data_loss"], full_disk=arguments["allow_full_disk"])
        return cls(environment, arguments["name"], arguments["settings"], allowed)

    @property
    def arguments(self) -> Mapping[str, Any]:
        """Which settings, and what may be lost."""
        return {
            "name": self.name,
            "settings": dict(self.wanted),
            "allow_data_loss": self.allowed.data_loss,
            "allow_full_disk": self.allowed.full_disk,
        }

    @property
    def command_line(self) -> str:
        """The command that goes on where this one was interrupted."""
        action = Action.UNSET if None in self.wanted.values() else Action.SET
        entries = [key if value is None else f"{key}={value}" for key, value in self.wanted.items()]
        return " ".join((self.command, self.name, action, *entries, *options_of(self.allowed)))

    def plan(self) -> Plan:
        """Hold the settings against those of the live topic, and have guard and cluster judge them."""
        with open_cluster(self.environment) as cluster:
            live = live_topic(self.environment, cluster, self.name)
            state = fingerprint([cluster.cluster_id(), live.name, {key: s.value for key, s in _own(live).items()}])
            firm = [*self._firm(), *setting_values.refusals(live.settings, self.wanted)]
            changes = {key: value for key, value in self.wanted.items() if not firm and _differs(live, key, value)}
            if not changes:
                return Plan(f"topic/{self.name}", state, refusals=tuple(firm))
            found = altered(
                self.environment,
                cluster,
                self.name,
                live,
                changes,
                replication=live.replication,
                why="as asked for",
                allowed=self.allowed,
            )
            said = operations.refused(cluster, [found.operation])
        return Plan(
            resource=f"topic/{self.name}",
            fingerprint=state,
            operations=(found.operation,),
            summary=dict(found.estimate),
            warnings=found.warnings,
            refusals=(
                *found.refusals,
                *(Refusal(f"the cluster refuses it: {reason}", "correct the value") for reason in said.values()),
            ),
        )

    def carry_out(self, plan: Plan, *, wait: bool) -> Iterator[Operation]:
        """Change the settings in one request."""
        with open_cluster(self.environment) as cluster:
            check_again(self.environment, cluster, plan, self.allowed)
            yield from operations.carry_out(cluster, plan.operations, wait=wait)

    def verify(self, plan: Plan) -> Sequence[str]:
        """Read the settings again."""
        with open_cluster(self.environment) as cluster:
            return operations.unmet(cluster, plan.operations)

    def declaration(self, plan: Plan) -> Sequence[Edit]:
        """The settings, where the environment file knows them."""
        del plan
        known = {key: value for key, value in self.wanted.items() if key in (RETENTION, *SETTINGS)}
        return setting_edits(self.environment, self.name, known)

    def _firm(self) -> Iterator[Refusal]:
        if self.environment.topics[self.name].manage == "cloudformation":
            yield Refusal(
                f"topic {self.name} is made by CloudFormation (manage: cloudformation)",
                "declare it in the environment file and run cdk deploy; no flag overrides this",
            )
        if RETENTION in self.wanted and self.wanted[RETENTION] is None:
            yield Refusal(
                f"{RETENTION} is always declared by the environment file (retention: 7d where it says nothing)",
                f"set it instead: streamops topic retention {self.name} --to DURATION; no flag overrides this",
            )


def _own(live: LiveTopic) -> dict[str, Any]:
    return {name: setting for name, setting in live.settings.items() if setting.own}


def _differs(live: LiveTopic, key: str, value: str | None) -> bool:
    """Inherited and set are not the same here: what the brokers decide can change."""
    setting = live.settings[key]
    return setting.own if value is None else not (setting.own and same_setting(key, value, setting))


def _give(answer: Answer, environment: Environment, name: str) -> None:
    with open_cluster(environment) as cluster:
        live = live_topic(environment, cluster, name)
    wanted = declared_settings(environment.topics[name])
    items = [
        {
            "name": setting.name,
            "value": setting.value,
            "source": setting.source,
            "type": setting.type.lower(),
            "read_only": setting.read_only,
            "declared": wanted.get(setting.name),
        }
        for setting in live.settings.values()
    ]
    answer.items(items, COLUMNS, empty="the cluster tells no settings")
