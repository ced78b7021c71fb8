"""Logs, health and metrics tell what is going on, and no more often than helps."""

from __future__ import annotations

import contextlib
import http.client
import json
import logging
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector import health
from connector.batch import Partition
from connector.circuit import Circuit
from connector.errors import ConnectorError
from connector.health import STALE_SECONDS, Health, HealthServer
from connector.log import JsonFormatter, Log, RateLimited, tell_kept_back
from connector.metrics import Metrics
from tests.connector.fault_server import FaultServer
from tests.connector.in_memory import Assembly, HeldLetters, MemorySource, running
from tests.connector.processes import until


def test_a_log_line_is_one_json_object_with_its_fields(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    Log("connector.test").info("two\nlines", count=3, partition=Partition("t", 1))
    (line,) = [JsonFormatter().format(record) for record in caplog.records]
    content = json.loads(line)
    assert "\n" not in line
    assert content["message"] == "two\nlines"
    assert content["level"] == "info"
    assert content["count"] == 3
    assert content["time"].endswith("+00:00")


def test_an_exception_is_part_of_its_line(caplog: pytest.LogCaptureFixture):
    try:
        1 / 0  # noqa: B018 - raises
    except ZeroDivisionError:
        logging.getLogger("connector.test").exception("failed")
    assert "ZeroDivisionError" in json.loads(JsonFormatter().format(caplog.records[0]))["exception"]


def test_repeats_are_kept_back_and_counted_each_code_for_itself(caplog: pytest.LogCaptureFixture):
    now = [0.0]
    log = RateLimited("connector.test", interval=10, clock=lambda: now[0])
    for _ in range(5):
        log.warning("failed", code="a")
    log.warning("failed", code="b")
    now[0] = 11
    log.warning("failed", code="a")
    fields = [record.__dict__["fields"] for record in caplog.records]
    assert fields == [{"code": "a"}, {"code": "b"}, {"code": "a", "repeats_kept_back": 4}]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Keeping(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.written: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.written.append(record)


def told(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    """The fields of what the test itself logged: other tests of the process may have left something kept back."""
    return [record.__dict__.get("fields", {}) for record in caplog.records if record.name.startswith("connector.test")]


def test_the_last_of_a_flood_is_told_when_its_time_is_over_though_nothing_more_comes(caplog: pytest.LogCaptureFixture):
    clock = Clock()
    log = RateLimited("connector.test", interval=10, clock=clock)
    for number in range(82_526):
        log.warning("put aside", code="HashKeyInvalid", offset=number)
    clock.now = 9.9
    tell_kept_back()
    assert told(caplog) == [{"code": "HashKeyInvalid", "offset": 0}]
    clock.now = 10
    tell_kept_back()
    tell_kept_back()
    assert told(caplog)[1:] == [{"code": "HashKeyInvalid", "offset": 82_525, "repeats_kept_back": 82_524}]
    assert caplog.records[1].levelno == logging.WARNING


def test_what_is_kept_back_is_told_at_the_end(caplog: pytest.LogCaptureFixture):
    log = RateLimited("connector.test", interval=10, clock=Clock())
    for number in range(3):
        log.error("failed", code="a", number=number)
    log.warning("alone", code="b")
    tell_kept_back(at_once=True)
    assert told(caplog)[2:] == [{"code": "a", "number": 2, "repeats_kept_back": 1}]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 7), st.booleans())))
def test_lines_and_what_they_count_add_up_to_all_that_happened(steps: list[tuple[str, int, bool]]):
    clock = Clock()
    log = RateLimited("connector.test.sum", interval=10, clock=clock)
    handler = Keeping()
    log._logger.addHandler(handler)
    try:
        for code, wait, tells in steps:
            clock.now += wait
            log.warning("failed", code=code)
            if tells:
                log.tell(at_once=False)
        log.tell(at_once=True)
    finally:
        log._logger.removeHandler(handler)
    for code in "abc":
        fields = [record.__dict__["fields"] for record in handler.written if record.__dict__["fields"]["code"] == code]
        happened = sum(code == each for each, _, _ in steps)
        assert len(fields) + sum(each.get("repeats_kept_back", 0) for each in fields) == happened
    assert not log._kept_back


def test_a_running_engine_tells_what_was_kept_back_though_nothing_more_happens(
    server: FaultServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("connector.fates.log", RateLimited("connector.test.fates", interval=0.2))
    tombstones = MemorySource([[b"k"] * 50], server, make_value=lambda *_: None)
    with running(Assembly(tombstones, letters=HeldLetters(), stop_timeout=0.1)):
        until(lambda: [each for each in told(caplog) if each.get("repeats_kept_back") == 48])


def test_a_loop_that_no_longer_turns_is_unhealthy():
    # Peers hung without a word: kinesis-kafka-connector #58, amazon-kinesis-client #1430.
    beats = {"source": time.monotonic(), "sender": time.monotonic() - STALE_SECONDS - 1}
    health = Health(lambda: beats, lambda: True, Circuit(), dict)
    assert not health.alive()[0]
    beats["sender"] = time.monotonic()
    assert health.alive()[0]


def test_readiness_needs_the_group_and_a_closed_circuit():
    circuit, joined = Circuit(), [False]
    health = Health(dict, lambda: joined[0], circuit, dict)
    assert not health.ready()[0]
    joined[0] = True
    assert health.ready()[0]
    circuit.failed("AccessDenied: no", 0, permanent=True)
    ready, state = health.ready()
    assert not ready
    assert state["reason"] == "AccessDenied: no"


def test_readiness_names_the_partitions_that_stopped():
    stopped = {"t:1": "gap in t:1"}
    health = Health(dict, lambda: True, Circuit(), lambda: stopped)
    ready, state = health.ready()
    assert not ready
    assert state["stopped_partitions"] == {"t:1": "gap in t:1"}
    stopped.clear()
    assert health.ready()[0]


def test_a_port_in_use_is_one_clear_message():
    metrics = Metrics("r")
    health = Health(dict, lambda: True, Circuit(), dict)
    first = HealthServer("127.0.0.1", 0, health, metrics.registry)
    first.start()
    try:
        with pytest.raises(ConnectorError, match=f"http 127.0.0.1:{first.port}"):
            HealthServer("127.0.0.1", first.port, health, metrics.registry)
        with urllib.request.urlopen(f"http://127.0.0.1:{first.port}/healthz?probe", timeout=5) as answer:
            assert json.load(answer)["ok"] is True
    finally:
        first.close()


def test_gauges_of_a_partition_go_with_it():
    metrics = Metrics("r")
    labels = {"route": "r", "topic": "t", "partition": "1"}
    assert metrics.registry.get_sample_value("streamops_connector_stopped_partitions", labels) is None
    metrics.assigned([Partition("t", 1)])
    assert metrics.registry.get_sample_value("streamops_connector_stopped_partitions", labels) == 0
    metrics.committed(Partition("t", 1), 10)
    metrics.behind(Partition("t", 1), 5, 7)
    metrics.stopped(Partition("t", 1))
    assert metrics.registry.get_sample_value("streamops_connector_stopped_partitions", labels) == 1
    assert metrics.registry.get_sample_value("streamops_connector_span_records", labels) == 7
    assert metrics.registry.get_sample_value("streamops_connector_lag_records", labels) == 5
    metrics.gave_up(Partition("t", 1))
    metrics.gave_up(Partition("t", 2))
    for name in ("committed_offset", "lag_records", "span_records", "stopped_partitions"):
        assert metrics.registry.get_sample_value(f"streamops_connector_{name}", labels) is None


@pytest.fixture
def pages() -> Iterator[HealthServer]:
    """The pages of a connector that is well."""
    server = HealthServer("127.0.0.1", 0, Health(dict, lambda: True, Circuit(), dict), Metrics("r").registry)
    server.start()
    yield server
    server.close()


def get(pages: HealthServer, path: str) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{pages.port}{path}", timeout=10) as answer:
        status: int = answer.status
        return status


def serving_threads() -> int:
    return sum("process_request_thread" in thread.name for thread in threading.enumerate())


def silent(pages: HealthServer, stack: contextlib.ExitStack, count: int) -> list[socket.socket]:
    """Open so many connections on which nothing is said."""
    return [stack.enter_context(socket.create_connection(("127.0.0.1", pages.port), timeout=10)) for _ in range(count)]


def test_a_connection_on_which_nothing_is_said_is_closed(pages: HealthServer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(health._Handler, "timeout", 0.05)
    with contextlib.ExitStack() as stack:
        (idle,) = silent(pages, stack, 1)
        assert idle.recv(1) == b""
    until(lambda: serving_threads() == 0)


@pytest.mark.parametrize(("bound", "open_ones"), [(4, 3), (1 << 30, 20)])
def test_connections_pile_up_to_the_bound_only_and_a_probe_gets_through(
    pages: HealthServer, monkeypatch: pytest.MonkeyPatch, bound: int, open_ones: int
):
    monkeypatch.setattr(health, "_CONNECTIONS", bound)
    monkeypatch.setattr(health._Handler, "timeout", 60)
    with contextlib.ExitStack() as stack:
        idle = silent(pages, stack, 20)
        assert get(pages, "/healthz") == 200
        until(lambda: serving_threads() == open_ones)
        assert all(each.recv(1) == b"" for each in idle[: 20 - open_ones]), "the oldest went"
    until(lambda: serving_threads() == 0)


def test_a_page_that_cannot_be_made_is_a_line_of_the_log(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
):
    server = HealthServer("127.0.0.1", 0, Health(dict, lambda: 1 // 0 > 0, Circuit(), dict), Metrics("r").registry)
    server.start()
    try:
        with pytest.raises(http.client.RemoteDisconnected):
            get(server, "/readyz")
        assert get(server, "/healthz") == 200
    finally:
        server.close()
    (line,) = [json.loads(JsonFormatter().format(record)) for record in caplog.records]
    assert (line["message"], line["code"]) == ("a request was not answered", "ZeroDivisionError")
    assert capsys.readouterr().err == ""
