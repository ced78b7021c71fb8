"""``streamops connector history``: what was rolled out, by whom, how it ended, and which revisions there are."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.aws import Aws
from cli.change import Consent, run
from cli.connector.callers import caller_of, principal, read_calls
from cli.connector.deployments import Deployment
from cli.connector.options import RouteName
from cli.connector.prune import PruneRevisions
from cli.connector.references import read_references
from cli.connector.revisions import TaskRevision, read_task_revisions, reasons
from cli.connector.status import second
from cli.connector.view import deployment_text
from cli.environment import declared, open_environment
from cli.errors import WrongUsageError
from cli.measured import time_text
from cli.options import Confirm, DryRun, EnvironmentName, Output, Query, Save, Wait, Yes
from cli.output import Answer, Column, Format, Item, note, print_table, show

KEEP = 10
DEPLOYMENT_COLUMNS = (
    Column("BEGAN", lambda item: second(item["created"])),
    Column("TOOK", lambda item: time_text(item["seconds"]), right=True),
    Column("OUTCOME", deployment_text),
    Column("REVISION", "revision"),
    Column("IMAGE", "image"),
    Column("BY", lambda item: item["called_by"] or item["registered_by"]),
    Column("REASON", "reason", fold=True),
)
REVISION_COLUMNS = (
    Column("REVISION", "revision"),
    Column("IMAGE", "image"),
    Column("REGISTERED", lambda item: second(item["registered"])),
    Column("BY", "registered_by"),
    Column("KEPT BECAUSE", lambda item: ", ".join(item["kept"]), fold=True),
)

Limit = Annotated[int, typer.Option(min=1, metavar="N", help="Of deployments and of revisions, the newest.")]
Prune = Annotated[bool, typer.Option("--prune", help="Deregister old revisions that nothing refers to.")]
Keep = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help=f"How many of the newest revisions --prune leaves. [default: {KEEP}]"),
]


def command(  # noqa: PLR0913 - one parameter is one option of the grammar that all changes share
    ctx: typer.Context,
    route: RouteName,
    environment: EnvironmentName = None,
    *,
    limit: Limit = 20,
    prune: Prune = False,
    keep: Keep = None,
    dry_run: DryRun = False,
    save: Save = None,
    yes: Yes = False,
    confirm: Confirm = None,
    wait: Wait = True,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Show what was rolled out on a connector, by whom and how it ended; deregister old revisions with --prune.

    ECS keeps deployments for 90 days. BY is who called ECS, from CloudTrail, else who registered the revision. --prune
    never takes a revision that a service, a running task or a running deployment of the cluster refers to, nor the one
    that succeeded last, the one that could be rolled back to, or the one that CloudFormation made last.
    """
    answer = Answer.begin(ctx, output, query)
    changing = {"--dry-run": dry_run, "--save": save, "--yes": yes, "--confirm": confirm, "--keep": keep}
    given = next((name for name, value in changing.items() if value), None)
    if given and not prune:
        raise WrongUsageError(f"{given} is for --prune: without it nothing is changed", "add --prune")
    opened = open_environment(answer, environment)
    declared(opened, "routes", route)
    if prune:
        consent = Consent(dry_run=dry_run, save=save, yes=yes, confirm=confirm, wait=wait)
        run(PruneRevisions(opened, route, keep or KEEP), consent, answer, environment or opened.name)
        return
    aws = Aws(opened)
    aws.check_account()
    references = read_references(aws, route)
    revisions = read_task_revisions(aws, route, limit=limit)
    shown = list(references.deployments)[:limit]
    calls = read_calls(aws, route, shown[-1].created) if shown else []
    registered = {revision.arn: revision for revision in revisions}
    items = [_deployment(each, caller_of(each, calls), registered) for each in shown]
    kept = reasons(references)
    rows = [_revision(each, kept.get(each.arn, [])) for each in revisions]

    def display() -> None:
        if items:
            print_table(items, DEPLOYMENT_COLUMNS)
        else:
            note(f"ECS knows no deployment of {route} in the last 90 days")
        show()
        print_table(rows, REVISION_COLUMNS)

    answer.give({"status": "none", "items": items, "revisions": rows}, display)


def _deployment(deployment: Deployment, caller: str | None, registered: dict[str, TaskRevision]) -> Item:
    target = deployment.target
    revision = registered.get(target.task_definition) if target else None
    taken = deployment.finished and (deployment.finished - deployment.created).total_seconds()
    item: dict[str, Any] = {
        **deployment.as_json(),
        "seconds": taken,
        "revision": target and target.task,
        "image": target and target.image,
        "called_by": caller,
        "registered_by": revision and principal(revision.registered_by),
    }
    return item


def _revision(revision: TaskRevision, kept: list[str]) -> Item:
    return {
        "revision": revision.name,
        "image": revision.image,
        "registered": revision.registered and revision.registered.isoformat(),
        "registered_by": principal(revision.registered_by),
        "kept": kept,
    }
