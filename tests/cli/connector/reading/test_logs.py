"""``connector logs``: the lines of all tasks in order of time, once each."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from itertools import islice

from cli.connector.log_events import follow
from tests.cli.connector.reading.conftest import ROUTE

OLD, NEW = "arn:task/0a1b2c3d4e5f", "arn:task/ff00ff00ff00"
METRICS = json.dumps({"_aws": {"Timestamp": 1, "CloudWatchMetrics": []}, "Route": ROUTE})


def entry(message: str, level: str = "info", **fields: object) -> str:
    return json.dumps({"time": datetime.now(UTC).isoformat(), "level": level, "message": message, **fields})


def messages(stdout: str) -> list[str]:
    return [line.partition("INFO     ")[2] for line in stdout.splitlines()]


def test_the_lines_of_all_tasks_stand_in_order_of_time(run, service):
    now = time.time()
    service.write(OLD, entry("first"), at=now - 30)
    service.write(NEW, entry("second", records=2), METRICS, at=now - 20)
    service.write(OLD, entry("third"), at=now - 10)
    outcome = run("logs", ROUTE)
    assert messages(outcome.stdout) == ["first", "second  records=2", "third"]
    assert [line.split()[0] for line in outcome.stdout.splitlines()] == ["[0a1b2c3d]", "[ff00ff00]", "[0a1b2c3d]"]


def test_since_filter_and_task_choose(run, service):
    now = time.time()
    service.write(OLD, entry("long ago"), at=now - 1800)
    service.write(OLD, entry("refused", code="Throttled"), at=now - 30)
    service.write(NEW, entry("taken"), at=now - 20)
    assert messages(run("logs", ROUTE).stdout) == ["refused  code=Throttled", "taken"]
    assert messages(run("logs", ROUTE, "--since", "1h").stdout)[0] == "long ago"
    assert messages(run("logs", ROUTE, "--filter", "code=Throttled").stdout) == ["refused  code=Throttled"]
    assert messages(run("logs", ROUTE, "--filter", '"code": "Throttled"').stdout) == ["refused  code=Throttled"]
    assert messages(run("logs", ROUTE, "--task", "ff00").stdout) == ["taken"]
    assert run("logs", ROUTE, "--filter", "never").stdout == ""


def test_json_and_raw_have_the_lines_as_they_were_written(run, service):
    line = entry("said")
    service.write(OLD, line, METRICS)
    assert [item["line"] for item in run("logs", ROUTE, "-o", "json").items] == [line]
    assert run("logs", ROUTE, "--raw").stdout.splitlines() == [line, METRICS]
    assert run("logs", ROUTE, "--raw", "-o", "json").exit_code == 2


def test_nothing_written_is_said_on_stderr(run, service):
    del service
    outcome = run("logs", ROUTE)
    assert (outcome.exit_code, outcome.stdout) == (0, "")
    assert "nothing was written in the last 15m" in outcome.stderr


def test_a_log_that_is_not_there_is_said(run, aws):
    del aws
    outcome = run("logs", ROUTE)
    assert outcome.exit_code == 1
    assert "there is no log group" in outcome.stderr


def test_following_gives_each_line_once_also_one_that_comes_late(opened, service):
    now = time.time()
    service.write(OLD, *(entry(f"early {number}") for number in range(3)), at=now)
    writes = iter([(NEW, "after", 2), (NEW, "late", 1), None, (OLD, "last", 3)])

    def between(_: float) -> None:
        if write := next(writes):
            task, message, seconds = write
            service.write(task, entry(message), at=now + seconds)

    since = datetime.now(UTC) - timedelta(minutes=1)
    events = follow(opened, ROUTE, since, sleep=between)
    assert [json.loads(event.line)["message"] for event in islice(events, 6)] == [
        "early 0",
        "early 1",
        "early 2",
        "after",
        "late",
        "last",
    ]
