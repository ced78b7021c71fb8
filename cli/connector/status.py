"""``streamops connector status``: how the connectors do, once or again and again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.aws import Aws
from cli.connector.list import tasks_text
from cli.connector.options import OptionalRoute
from cli.connector.view import deployment_text, read_views
from cli.connector.watch import Until, watch
from cli.environment import declared, open_environment
from cli.errors import CliError, WrongUsageError
from cli.measured import time_text
from cli.options import EnvironmentName, Output, Query, duration_of
from cli.output import Answer, Column, Format, Item, note, print_table, show
from environments import Environment

SHOWN_EVENTS = 10


def rate_text(item: Item) -> str | None:
    """Records a second."""
    rate = item["records_per_second"]
    return None if rate is None else f"{rate:,.1f}"


COLUMNS = (
    Column("NAME", "name"),
    Column("REVISION", "revision"),
    Column("TASKS", tasks_text, right=True),
    Column("DEPLOYMENT", lambda item: deployment_text(item.get("deployment"))),
    Column("LAG", "lag", right=True),
    Column("BEHIND", lambda item: time_text(item["lag_seconds"]), right=True),
    Column("RECORDS/S", rate_text, right=True),
    Column("ERRORS", "errors", right=True),
    Column("DEAD LETTERS", "dead_letters", right=True),
    Column("HEALTH", "health"),
    Column("REASON", "reason", fold=True),
)
TASK_COLUMNS = (
    Column("TASK", "id"),
    Column("STATUS", "status"),
    Column("HEALTH", "health"),
    Column("REVISION", "revision"),
    Column("STARTED", lambda item: second(item["started"])),
)
EVENT_COLUMNS = (Column("AT", lambda item: second(item["at"])), Column("EVENT", "message", fold=True))


def deployed_text(item: Item) -> str | None:
    """Status, stage, progress and reason of the newest deployment."""
    deployment = item.get("deployment")
    if not deployment:
        return None
    told = [str(deployment_text(deployment))]
    if deployment["requested"] is not None:
        told.append(f"{deployment['running'] or 0} of {deployment['requested']} tasks of it run")
    failures = deployment["circuit_breaker"]["failures"]
    if failures:
        limit = "" if deployment["finished"] else f", at {deployment['circuit_breaker']['threshold']} it goes back"
        told.append(f"{failures} failed{limit}")
    if deployment["reason"]:
        told.append(deployment["reason"])
    return f"{second(deployment['finished'] or deployment['created'])}  {'; '.join(told)}"


def second(moment: str | None) -> str | None:
    """A time of an answer, as people read it: UTC, to the second."""
    return moment and f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%d %H:%M:%S}"


FACTS: tuple[tuple[str, Callable[[Item], object]], ...] = (
    ("route", lambda item: f"{item['from']} → {item['to']}"),
    ("health", lambda item: f"{item['health']}{': ' if item['reason'] else ''}{item['reason']}"),
    ("revision", lambda item: item.get("revision")),
    ("image", lambda item: item.get("image")),
    ("tasks", lambda item: f"{tasks_text(item)} running" if "desired" in item else None),
    ("deployment", deployed_text),
    ("lag", lambda item: None if item["lag"] is None else f"{item['lag']:,} records"),
    ("behind", lambda item: time_text(item["lag_seconds"])),
    ("throughput", lambda item: rate_text(item) and f"{rate_text(item)} records/s"),
    ("errors", lambda item: item["errors"]),
    ("throttled", lambda item: item["throttled"]),
    ("dead letters", lambda item: item["dead_letters"]),
    ("stopped partitions", lambda item: item["stopped_partitions"]),
)

Watch = Annotated[bool, typer.Option("--watch", "-w", help="Go on: redraw at a terminal, else a line a change.")]
Every = Annotated[str, typer.Option(metavar="DURATION", help="Time between two looks of --watch.")]
UntilStable = Annotated[
    Until | None,
    typer.Option(help="End --watch once the deployment has ended and all tasks run; exit 5 if it was rolled back."),
]


def command(
    ctx: typer.Context,
    route: OptionalRoute = None,
    environment: EnvironmentName = None,
    *,
    watching: Watch = False,
    every: Every = "5s",
    until: UntilStable = None,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Show how the connectors do: tasks, deployment, lag, throughput, errors, dead letters; of one ROUTE everything.

    LAG is in records, BEHIND the age of the next record to be read. RECORDS/S, ERRORS and DEAD LETTERS are of the last
    five minutes, from the connectors' own metrics in CloudWatch: unknown (-) without connectors.metrics: cloudwatch.
    HEALTH is data, not an error: the exit code is 0 as long as everything could be read.
    """
    answer = Answer.begin(ctx, output, query)
    interval = duration_of("--every", every)
    if until and not watching:
        raise WrongUsageError("--until needs --watch", "add --watch")
    if watching and not answer.for_people:
        raise WrongUsageError("--watch is for people: an answer in JSON or YAML is one", "ask again and again instead")
    opened = open_environment(answer, environment)
    if route:
        declared(opened, "routes", route)
    aws = Aws(opened)
    aws.check_account()
    routes = [route] if route else list(opened.routes)

    def read() -> tuple[list[Item], list[CliError]]:
        views, errors = read_views(aws, routes)
        return [view.full(opened) for view in views], errors

    def display(items: list[Item]) -> None:
        print_one(items[0]) if route else print_table(items, COLUMNS)

    if watching and routes:
        watch(read, display, interval.total_seconds(), until)
        return
    items, errors = read()
    answer.errors.extend(errors)
    if route:
        answer.give({"status": "error" if errors else "none", "items": items}, lambda: display(items))
    else:
        answer.items(items, COLUMNS, empty=f"environment {opened.name} declares no routes")
    if answer.for_people:
        _tell_unknown(opened, items)


def print_one(item: Item) -> None:
    """Everything about one connector."""
    width = max(len(name) for name, _ in FACTS)
    for name, fact in FACTS:
        value = fact(item)
        show(f"{name:<{width}}  {'-' if value is None or value == '' else value}")
    if item.get("tasks"):
        show()
        print_table(item["tasks"], TASK_COLUMNS)
    if item.get("events"):
        show()
        print_table(item["events"][:SHOWN_EVENTS], EVENT_COLUMNS)


def _tell_unknown(environment: Environment, items: list[Item]) -> None:
    if environment.connectors.metrics != "cloudwatch":
        note("note: throughput, errors and dead letters are unknown: connectors.metrics is not cloudwatch")
    elif any("desired" in item and item["records_per_second"] is None for item in items):
        note("note: CloudWatch has no datapoint of the last five minutes where a - stands")
