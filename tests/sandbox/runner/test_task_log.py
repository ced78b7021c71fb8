"""What a task prints comes into its log stream and its service's log: every line once, whenever it is looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.runner.task_log import BYTES_AT_ONCE, EVENT_OVERHEAD, EVENTS_AT_ONCE, LONGEST_EVENT, TaskLog, batches


class Sink:
    """CloudWatch Logs, as the log driver sees it."""

    def __init__(self) -> None:
        self.calls: list[list[dict[str, Any]]] = []

    def put(self, events: Any) -> None:
        self.calls.append(list(events))

    @property
    def lines(self) -> list[str]:
        return [event["message"] for call in self.calls for event in call]


@given(st.lists(st.tuples(st.text(alphabet="ab\n", max_size=8), st.booleans()), max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_line_comes_once_however_it_is_cut_into_writes(tmp_path: Path, writes):
    printed, log = tmp_path / "printed", tmp_path / "service.log"
    printed.write_bytes(b"")
    log.write_bytes(b"")
    sink = Sink()
    task = TaskLog(printed, log, sink.put)
    for text, looked_at in writes:
        with printed.open("a") as out:
            out.write(text)
        if looked_at:
            task.forward()
    task.forward(ended=True)
    everything = "".join(text for text, _ in writes).splitlines()
    assert log.read_text().splitlines() == everything
    assert sink.lines == [line for line in everything if line]
    assert not printed.exists()


def test_a_line_that_is_not_complete_waits_until_the_task_ends(tmp_path):
    printed, sink = tmp_path / "printed", Sink()
    printed.write_text("whole\nhalf")
    task = TaskLog(printed, tmp_path / "log", sink.put)
    task.forward()
    assert sink.lines == ["whole"]
    task.forward(ended=True)
    assert sink.lines == ["whole", "half"]


@given(st.lists(st.integers(0, LONGEST_EVENT * 3), max_size=12))
@settings(deadline=None)
def test_no_call_is_larger_than_the_service_takes_and_nothing_is_cut_off(lengths):
    lines = [b"x" * length for length in lengths]
    calls = list(batches(lines, 1))
    for call in calls:
        assert 0 < len(call) <= EVENTS_AT_ONCE
        sizes = [len(event["message"]) for event in call]
        assert max(sizes) <= LONGEST_EVENT
        assert sum(size + EVENT_OVERHEAD for size in sizes) <= max(BYTES_AT_ONCE + EVENT_OVERHEAD, LONGEST_EVENT)
    assert sum(len(event["message"]) for call in calls for event in call) == sum(lengths)


def test_lines_that_cannot_be_brought_are_in_the_service_log(tmp_path):
    (tmp_path / "printed").write_text("said\n")

    def refuse(_: object) -> None:
        raise RuntimeError

    task = TaskLog(tmp_path / "printed", tmp_path / "log", refuse)
    with pytest.raises(RuntimeError):
        task.forward()
    task.forward()
    assert (tmp_path / "log").read_text() == "said\n"
