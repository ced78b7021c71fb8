"""``connector status --watch``: a line for each change, and an end that tells how the rollout went."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import typer

from cli.connector.watch import Reading, Until, settled, watch
from cli.errors import ExitCode, UnreachableError
from cli.output import Item
from tests.cli.connector.reading.conftest import ROUTE


def item(running: int = 1, status: str = "SUCCESSFUL", lag: int | None = 0, **named: object) -> Item:
    return {
        "name": ROUTE,
        "revision": "f:1",
        "running": running,
        "desired": 1,
        "pending": 0,
        "deployment": {"status": status, "stage": None},
        "lag": lag,
        "lag_seconds": None,
        "dead_letters": None,
        "stopped_partitions": None,
        "health": "ok",
        "reason": "",
        **named,
    }


def watched(*readings: Item, until: Until | None = Until.STABLE) -> None:
    following = iter(readings)
    watch(lambda: ([next(following)], []), lambda _: None, 1, until, sleep=lambda _: None)


def test_a_line_is_told_for_each_change_and_none_for_a_lag_that_moves(capsys):
    watched(item(0, "IN_PROGRESS"), item(0, "IN_PROGRESS", lag=7), item(1, "IN_PROGRESS", lag=5), item())
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(": ")[2].split(", ")[0] for line in lines] == ["0/1 tasks", "1/1 tasks", "1/1 tasks"]
    assert "successful, lag 0, ok" in lines[-1]


@pytest.mark.parametrize("status", ["ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED", "STOPPED"])
def test_a_rollout_that_did_not_come_to_a_good_end_is_exit_5(status):
    with pytest.raises(typer.Exit) as ended:
        watched(item(0, "IN_PROGRESS"), item(1, status))
    assert ended.value.exit_code == ExitCode.ROLLOUT_FAILED


def test_it_is_stable_only_when_the_deployment_has_ended_and_all_tasks_run():
    assert settled([item()]) is ExitCode.OK
    assert settled([item(0)]) is None
    assert settled([item(1, "IN_PROGRESS")]) is None
    assert settled([item(), item(1, "ROLLBACK_IN_PROGRESS")]) is None
    assert settled([{"name": ROUTE}]) is None


def test_a_look_that_fails_is_told_and_the_next_one_counts(capsys):
    looks: Iterator[Item | Exception] = iter(
        [item(0, "IN_PROGRESS"), UnreachableError("no answer"), UnreachableError("no answer"), item()]
    )

    def read() -> Reading:
        look = next(looks)
        if isinstance(look, Exception):
            raise look
        return [look], []

    watch(read, lambda _: None, 1, Until.STABLE, sleep=lambda _: None)
    told = capsys.readouterr()
    assert (len(told.out.splitlines()), told.err.count("no answer")) == (2, 1)


def test_a_first_look_that_fails_is_the_end():
    def read() -> Reading:
        raise UnreachableError("no answer")

    with pytest.raises(UnreachableError):
        watch(read, lambda _: None, 1, None, sleep=lambda _: None)


def test_without_until_a_watch_goes_on():
    with pytest.raises(StopIteration):
        watched(item(), item(), until=None)


def test_a_watch_ends_at_once_where_all_is_well(run, service):
    service.roll("2.0")
    outcome = run("status", ROUTE, "--watch", "--until", "stable")
    assert (outcome.exit_code, len(outcome.stdout.splitlines())) == (0, 1)


def test_a_watch_gives_no_document(run):
    assert run("status", "--watch", "-o", "json").exit_code == 2
    assert run("status", "--until", "stable").exit_code == 2
