"""``streamops connector logs``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.aws import Aws
from cli.connector.log_events import LogEvent, follow, read_events
from cli.connector.options import RouteName
from cli.environment import declared, open_environment
from cli.errors import WrongUsageError
from cli.options import EnvironmentName, Output, Query, duration_of
from cli.output import Answer, Format, note, show

Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is written, until Ctrl-C.")]
Since = Annotated[str, typer.Option(metavar="DURATION", help="How far back to begin.")]
Filter = Annotated[str, typer.Option("--filter", metavar="TEXT", help="Only lines in which this stands.")]
Task = Annotated[str, typer.Option(metavar="ID", help="Only this task; the beginning of its id is enough.")]
Raw = Annotated[bool, typer.Option("--raw", help="The lines as they were written, those with metrics too.")]


def command(  # noqa: PLR0913 - what is chosen of a log, and the options of every command
    ctx: typer.Context,
    route: RouteName,
    environment: EnvironmentName = None,
    *,
    following: Follow = False,
    since: Since = "15m",
    text: Filter = "",
    task: Task = "",
    raw: Raw = False,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Show what the tasks of a connector have written, in order of time.

    A line is shown as time, level, message and fields behind the beginning of its task's id; -o json has each as it
    was written. Lines that carry metrics for CloudWatch are left out, except with --raw.
    """
    answer = Answer.begin(ctx, output, query)
    begin = datetime.now(UTC) - duration_of("--since", since)
    if not answer.for_people and (following or raw):
        raise WrongUsageError(
            f"{'--follow' if following else '--raw'} and an answer in JSON or YAML do not go together: that is one "
            "document",
            "write --raw alone: the connector's lines are JSON, one object each",
        )
    opened = open_environment(answer, environment)
    declared(opened, "routes", route)
    aws = Aws(opened)
    aws.check_account()
    events = follow(aws, route, begin, task) if following else read_events(aws, route, begin, task)
    chosen = (event for event in events if (raw or not event.is_metrics) and event.contains(text))
    if not answer.for_people:
        items = [event.as_json() for event in chosen]
        answer.give({"status": "none", "items": items}, lambda: None)
        return
    answer.given = True
    if not _print(chosen, raw=raw):
        note(f"nothing was written in the last {since}{f' that contains {text!r}' if text else ''}; see --since")


def _print(events: Iterator[LogEvent], *, raw: bool) -> int:
    number = 0
    for number, event in enumerate(events, start=1):  # noqa: B007 - how many there were
        show(event.line if raw else event.text)
        sys.stdout.flush()
    return number
