"""``streamops apply``: carry out a saved plan of any command."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer

from cli.change import Change, Consent, run_saved
from cli.environment import open_environment
from cli.errors import CliError
from cli.options import Confirm, Output, Query, Wait, WriteBack
from cli.output import Answer, Format
from cli.saved_plan import SavedPlan
from environments import Environment

CHANGES = {
    "connector deploy": "cli.connector.rollout.deploying:ConnectorDeploy",
    "connector pause": "cli.connector.rollout.pause:ConnectorPause",
    "connector restart": "cli.connector.rollout.restart:ConnectorRestart",
    "connector resume": "cli.connector.rollout.resume:ConnectorResume",
    "connector rollback": "cli.connector.rollout.rollback:ConnectorRollback",
    "connector scale": "cli.connector.rollout.scaling:ConnectorScale",
    "connector history": "cli.connector.prune:PruneRevisions",
    "acl sync": "cli.acl.sync:AclSync",
    "group delete": "cli.group.delete:GroupDelete",
    "group seek": "cli.group.seeking:GroupSeek",
    "stream consumers": "cli.stream.consumers:StreamConsumers",
    "stream mode": "cli.stream.mode:StreamMode",
    "stream reshard": "cli.stream.resharding.change:Reshard",
    "stream retention": "cli.stream.retention:StreamRetention",
    "topic reassign": "cli.reassignment.change:Reassignment",
    "topic config": "cli.topic.config:TopicConfig",
    "topic delete": "cli.topic.delete:TopicDeletion",
    "topic partitions": "cli.topic.partitions:TopicPartitions",
    "topic retention": "cli.topic.retention.change:RetentionChange",
    "topic sync": "cli.topic.sync:TopicSync",
    "user sync": "cli.user.sync:UserSync",
}
"""Which class a command's saved plans are carried out by."""

PlanFile = Annotated[Path, typer.Argument(metavar="PLAN.json", exists=True, dir_okay=False, help="A file of --save.")]


class ChangeKind(Protocol):
    """A class of changes."""

    def from_arguments(self, environment: Environment, arguments: Mapping[str, Any]) -> Change:
        """The change that a saved plan was made for."""


def command(
    ctx: typer.Context,
    plan: PlanFile,
    *,
    confirm: Confirm = None,
    wait: Wait = True,
    write_back: WriteBack = None,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Carry out a plan that was kept with --save.

    It is refused when the live resource has changed since the plan was made. Nothing is asked, except that severe risk
    needs --confirm NAME.
    """
    answer = Answer.begin(ctx, output, query)
    saved = SavedPlan.read(plan)
    if saved.command not in CHANGES:
        raise CliError(
            f"{plan}: this version knows no plans of {saved.command!r}", f"known: {', '.join(sorted(CHANGES))}"
        )
    environment = open_environment(answer, saved.environment)
    change = _kind(saved.command).from_arguments(environment, saved.arguments)
    run_saved(change, saved, Consent(confirm=confirm, wait=wait, write_back=write_back), answer)


def _kind(name: str) -> ChangeKind:
    module, _, attribute = CHANGES[name].partition(":")
    kind: ChangeKind = getattr(importlib.import_module(module), attribute)
    return kind
