"""Looking at connectors again and again: redrawn at a terminal, a line for each change elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import StrEnum

import typer

from cli.connector.deployments import OUTCOMES
from cli.connector.list import tasks_text
from cli.connector.view import deployment_text
from cli.errors import CliError, ExitCode, explain
from cli.measured import time_text
from cli.output import Item, complain, note, show

CLEAR = "\x1b[H\x1b[2J"
"""Home, then erase the screen; what was scrolled away stays in the terminal's memory."""

Reading = tuple[list[Item], list[CliError]]


class Until(StrEnum):
    """What a watch may wait for."""

    STABLE = "stable"


def watch(
    read: Callable[[], Reading],
    display: Callable[[list[Item]], None],
    seconds: float,
    until: Until | None,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Show what ``read`` gives, until Ctrl-C or what was waited for.

    Args:
        read: the connectors, and what of them is not known and why.
        display: draws them all, at a terminal.
        seconds: between two looks.
        until: what ends the watch.
        sleep: waits.

    Raises:
        typer.Exit: a deployment that was waited for has been rolled back or stopped (5).
        KeyboardInterrupt: the user has seen enough.
    """
    known: dict[str, tuple[object, ...]] = {}
    told: set[str] = set()
    while True:
        items, errors = _look(read, first=not known)
        if items and sys.stdout.isatty():
            sys.stdout.write(CLEAR)
            display(items)
            note(f"{now()} UTC, Ctrl-C ends")
        for item in items:
            if known.get(item["name"]) != state(item) and not sys.stdout.isatty():
                show(line(item))
            known[item["name"]] = state(item)
        sys.stdout.flush()
        for error in errors:
            if error.message not in told:
                complain(error)
        told = {error.message for error in errors}
        if items and until is Until.STABLE and (end := settled(items)) is not None:
            if end is not ExitCode.OK:
                raise typer.Exit(end)
            return
        sleep(seconds)


def _look(read: Callable[[], Reading], *, first: bool) -> Reading:
    """What ``read`` gives; what a service does not answer once it may the next time, a first look that fails not."""
    try:
        return read()
    except Exception as error:
        explained = explain(error)
        if first or explained is None:
            raise
        return [], [explained]


def state(item: Item) -> tuple[object, ...]:
    """What of a connector is worth a new line; lag and rates change all the time and are told along."""
    return (
        tasks_text(item),
        deployment_text(item.get("deployment")),
        item.get("revision"),
        item["health"],
        item["reason"],
        item["dead_letters"],
        item["stopped_partitions"],
    )


def line(item: Item) -> str:
    """A connector in one line."""
    parts = [
        f"{tasks_text(item)} tasks" if "desired" in item else None,
        item.get("revision"),
        deployment_text(item.get("deployment")),
        None if item["lag"] is None else f"lag {item['lag']:,}",
        None if not item["lag_seconds"] else f"{time_text(item['lag_seconds'])} behind",
        f"{item['dead_letters']:,} dead letters" if item["dead_letters"] else None,
        f"{item['health']}: {item['reason']}" if item["reason"] else item["health"],
    ]
    return f"{now()} {item['name']}: {', '.join(str(part) for part in parts if part)}"


def settled(items: Sequence[Item]) -> ExitCode | None:
    """How a rollout has ended where all have ended and all tasks run; None where one goes on."""
    worst = ExitCode.OK
    for item in items:
        if "desired" not in item or item["running"] < item["desired"] or item["pending"]:
            return None
        deployment = item["deployment"]
        if deployment:
            if deployment["status"] not in OUTCOMES:
                return None
            worst = max(worst, OUTCOMES[deployment["status"]])
    return worst


def now() -> str:
    """The time of a line, UTC."""
    return f"{datetime.now(UTC):%H:%M:%S}"
