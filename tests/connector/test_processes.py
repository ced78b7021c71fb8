"""Several processes of one route under one supervisor, on the real broker."""

from __future__ import annotations

import json
import os
import signal

import psutil
import pytest

from connector.config import load_config
from connector.supervisor import share_of
from tests.connector.fault_server import Fault
from tests.connector.processes import Process, Route, missing, out_of_order, until


@pytest.fixture
def pair(route: Route) -> Route:
    """A route that runs in two processes, slow enough to have something under way at any time."""
    route.options = {"processes": 2}
    route.server.plan = lambda _: Fault(delay=0.05)
    return route


def workers(process: Process) -> list[psutil.Process]:
    return psutil.Process(process.popen.pid).children()


def at_work(process: Process) -> list[psutil.Process]:
    """Wait until both are ready, and each has partitions."""
    until(lambda: process.get("/readyz")[0] == 200)
    until(lambda: {line["process"] for line in process.said("partitions assigned") if line["now"]} == {0, 1})
    found = workers(process)
    assert len(found) == 2
    return found


def gone(processes: list[psutil.Process]) -> bool:
    return not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in processes)


def metric(process: Process, name: str) -> float:
    text = process.get("/metrics")[1]
    (line,) = [line for line in text.splitlines() if line.startswith(f"streamops_connector_{name}{{")]
    return float(line.rpartition(" ")[2])


def test_two_processes_lose_nothing_keep_the_order_and_count_together(pair: Route):
    process = pair.start()
    at_work(process)
    values = pair.produce(5_000)
    until(lambda: not missing(values, pair))
    until(lambda: pair.committed() == len(values))
    assert out_of_order(pair) == 0
    until(lambda: metric(process, "records_acknowledged_total") == len(values))
    assert metric(process, "processes") == 2
    healthy, text = process.get("/healthz")
    assert healthy == 200
    assert [set(each["loops_turned_seconds_ago"]) != set() for each in json.loads(text)["processes"]] == [True, True]
    assert process.end() == 0
    assert len(pair.arrived()) == len(values)


def test_a_worker_that_is_killed_takes_the_others_down_and_the_next_start_loses_nothing(pair: Route):
    process = pair.start()
    first, second = at_work(process)
    values = pair.produce(20_000)
    until(lambda: len(pair.server.taken) > 500)
    assert len(set(pair.arrived())) < len(values)
    first.kill()
    assert process.popen.wait(30) == 128 + signal.SIGKILL
    assert gone([first, second])
    assert process.said("a process ended, so all end")[0]["exit_code"] == 137
    assert pair.committed() < len(values)
    pair.start()
    until(lambda: not missing(values, pair))
    assert out_of_order(pair) == 0


def test_workers_outlive_a_killed_supervisor_only_to_drain(pair: Route):
    process = pair.start()
    orphans = at_work(process)
    values = pair.produce(20_000)
    until(lambda: len(pair.server.taken) > 500)
    process.popen.kill()
    process.popen.wait(10)
    until(lambda: gone(orphans))
    assert len(process.said("the supervisor is gone, stopping")) == 2
    # What they had sent they have committed: only a drain does that.
    assert pair.committed() == len(set(pair.arrived()))
    pair.start()
    until(lambda: not missing(values, pair))


def test_sigterm_drains_all(pair: Route):
    process = pair.start()
    found = at_work(process)
    pair.produce(2_000)
    until(lambda: pair.server.taken)
    # A service manager may send it to every process, a terminal its SIGINT as well.
    for each in found:
        each.send_signal(signal.SIGTERM)
        each.send_signal(signal.SIGINT)
    assert process.end() == 0
    assert gone(found)
    assert pair.committed() == len(set(pair.arrived()))


def test_a_second_signal_ends_all_at_once(pair: Route):
    pair.server.plan = lambda _: Fault(delay=60)
    pair.sink = {"request_timeout": "2m"}
    process = pair.start()
    found = at_work(process)
    pair.produce(2_000)
    until(lambda: pair.server.count or pair.server.most_at_once)
    os.kill(process.popen.pid, signal.SIGTERM)
    until(lambda: process.said("stopping"))
    assert process.end() == 130
    until(lambda: gone(found))


def test_what_fails_in_each_worker_is_said_once_with_its_exit_code(pair: Route):
    pair.server.stream_status = None
    process = pair.start()
    assert process.popen.wait(30) == 1
    messages = [line["text"] for line in process.log() if "text" in line]
    assert len(messages) == 1
    assert messages[0].startswith("connector: stream 'flights'")
    assert "Traceback" not in process.log_file.read_text()


def test_a_worker_that_hangs_is_not_healthy(pair: Route):
    process = pair.start()
    first, _ = at_work(process)
    before = metric(process, "processes")
    first.suspend()
    try:
        # A report that is on its way already answers the first question.
        until(lambda: process.get("/healthz")[0] == 503)
        assert {"answers": False} in json.loads(process.get("/healthz")[1])["processes"]
        assert metric(process, "processes") == before
    finally:
        first.resume()
    until(lambda: process.get("/healthz")[0] == 200)


def test_memory_is_shared_out_among_the_processes():
    config = load_config(
        json.dumps(
            {
                "route": "r",
                "source": {"kind": "kafka", "bootstrap": "h:1", "topic": "t", "group": "g"},
                "sink": {"kind": "kinesis", "stream": "s"},
                "processes": 4,
                "memory": "256MiB",
                "emf": {},
            }
        ),
        "test",
    )
    share = share_of(config)
    assert share.memory * 4 == config.memory
    assert (share.processes, share.emf) == (1, None)
