"""What is counted, and how Prometheus and CloudWatch get it."""

from __future__ import annotations

import io
import json
import logging
import time
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from connector.batch import Partition
from connector.circuit import Circuit
from connector.config import Emf
from connector.metrics import Metrics
from connector.metrics.catalogue import METRICS, PREFIX
from connector.metrics.emf import EmfWriter, lines
from connector.metrics.order_advice import OrderAdvice
from connector.metrics.peak import Peak
from connector.metrics.snapshot import Snapshot, from_rows, merge, to_rows
from connector.outcome import CallFailure

# The part of CloudWatch's specification that a reader enforces.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
NAME = {"type": "string", "minLength": 1, "maxLength": 1024}
DIRECTIVE = {
    "type": "object",
    "required": ["Namespace", "Dimensions", "Metrics"],
    "properties": {
        "Namespace": NAME,
        "Dimensions": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "array", "maxItems": 30, "items": {"type": "string", "minLength": 1, "maxLength": 250}},
        },
        "Metrics": {
            "type": "array",
            "maxItems": 100,
            "items": {
                "type": "object",
                "required": ["Name"],
                "additionalProperties": False,
                "properties": {"Name": NAME, "Unit": {"enum": ["Count", "Bytes", "Seconds", "None"]}},
            },
        },
    },
}
EMF_SCHEMA = {
    "type": "object",
    "required": ["_aws"],
    "properties": {
        "_aws": {
            "type": "object",
            "required": ["Timestamp", "CloudWatchMetrics"],
            "properties": {
                "Timestamp": {"type": "integer", "minimum": 0},
                "CloudWatchMetrics": {"type": "array", "items": DIRECTIVE},
            },
        }
    },
}


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def busy() -> Metrics:
    """Metrics in which everything that can be counted was counted."""
    metrics, circuit = Metrics("r"), Circuit()
    partition = Partition("t", 1)
    metrics.describe(source="t", sink="s", ordering="key", memory=1 << 20)
    metrics.watch(
        lambda: 3,
        lambda: 2,
        lambda: 700,
        circuit,
        oldest=lambda: time.time() - 5,
        dead_letters=lambda: 1,
        paced=lambda: 6,
        limits=lambda: {"shardId-000000000001": 850.0},
    )
    metrics.consumed(10)
    metrics.acknowledged(7, 70)
    metrics.called(500, 9_000, 0.03)
    metrics.called(20, 400, 3.0)
    metrics.age(1.5)
    metrics.resent(2)
    metrics.held_back(4)
    metrics.dropped(1)
    metrics.dead_letter("RecordTooLarge")
    metrics.failed("ProvisionedThroughputExceededException", 5)
    metrics.failed("InternalFailure", 1)
    metrics.call_failed(CallFailure("HTTP500", "oops"))
    metrics._inversions["1"] += 1
    metrics.committed(partition, 10)
    metrics.behind(partition, 5, 6)
    metrics.behind(Partition("t", 2), 8, 1)
    metrics.stopped(partition)
    return metrics


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    found: float | None = metrics.registry.get_sample_value(PREFIX + name, {"route": "r", **labels})
    return found


def test_everything_that_is_declared_is_counted_and_nothing_else(busy: Metrics):
    snapshot = busy.snapshot()
    assert {name for name, values in snapshot.items() if values} == {metric.name for metric in METRICS}
    for metric in METRICS:
        if metric.kind != "histogram":
            assert {len(labels) for labels in snapshot[metric.name]} == {len(metric.labels)}, metric.name


def test_codes_that_never_end_take_neither_memory_nor_labels_nor_the_log(caplog: pytest.LogCaptureFixture):
    metrics = Metrics("r")
    for number in range(1000):
        metrics.failed(f"Code{number}", 1)
        metrics.call_failed(CallFailure(f"Code{number}", "oops"))
        metrics.inverted(f"shardId-{number}-{number}", 1)
        metrics.inverted(f"shardId-{number}", 1)
    for odd in ("", "two words", "a" * 65, "é", "\ud800", "x\n"):
        metrics.failed(odd, 1)
    metrics.failed("ProvisionedThroughputExceededException", 7)
    snapshot = metrics.snapshot()
    assert len(snapshot["records_failed"]) == 102
    assert len(snapshot["calls_failed"]) == 101
    assert value(metrics, "records_failed_total", code="Code7") == 1
    assert value(metrics, "records_failed_total", code="Other") == 906
    assert value(metrics, "records_throttled_total") == 7, "whatever came before"
    assert len(snapshot["inversions"]) == 1001
    assert len([record for record in caplog.records if record.message.startswith("call failed")]) == 101


def test_prometheus_reads_all_of_it(busy: Metrics):
    families = {family.name for family in text_string_to_metric_families(generate_latest(busy.registry).decode())}
    assert families == {PREFIX + metric.name for metric in METRICS}
    assert value(busy, "records_consumed_total") == 10
    assert value(busy, "bytes_acknowledged_total") == 70
    assert value(busy, "records_failed_total", code="InternalFailure") == 1
    assert value(busy, "dead_letters_total", reason="RecordTooLarge") == 1
    assert value(busy, "memory_limit_bytes") == 1 << 20
    assert value(busy, "route_info", source="t", sink="s", ordering="key") == 1


def test_throttles_are_told_from_other_failures(busy: Metrics):
    assert value(busy, "records_throttled_total") == 5


def test_how_full_calls_are_and_how_long_they_take_are_histograms(busy: Metrics):
    assert value(busy, "call_records_bucket", le="10.0") == 0
    assert value(busy, "call_records_bucket", le="50.0") == 1
    assert value(busy, "call_records_bucket", le="500.0") == 2
    assert value(busy, "call_records_sum") == 520
    assert value(busy, "call_seconds_bucket", le="0.05") == 1
    assert value(busy, "call_seconds_count") == 2


@pytest.mark.parametrize(("oldest", "shown"), [(None, 1.5), (0.5, 1.5), (60.0, 60.0)])
def test_age_is_the_worse_of_what_arrived_and_what_has_not(oldest: float | None, shown: float):
    metrics = Metrics("r")
    waiting = time.time() - oldest if oldest is not None else None
    metrics.watch(lambda: 0, lambda: 0, lambda: 0, Circuit(), oldest=lambda: waiting)
    assert value(metrics, "age_seconds") == (None if oldest is None else pytest.approx(oldest, abs=0.5))
    metrics.age(1.5)
    metrics.age(-3)  # a producer's clock is ahead
    assert value(metrics, "age_seconds") == pytest.approx(shown, abs=0.5)


def test_a_peak_is_seen_by_every_reader_for_a_minute_and_then_forgotten():
    clock = Clock()
    peak = Peak(60, clock)
    assert peak.value is None
    peak.add(9)
    clock.now += 59
    peak.add(1)
    assert peak.value == 9
    clock.now += 30
    peak.add(2)
    assert peak.value == 9
    clock.now += 60
    peak.add(3)
    assert peak.value == 3
    clock.now += 121
    assert peak.value is None


@given(st.lists(st.tuples(st.floats(0, 50), st.integers(0, 100)), min_size=1))
def test_a_peak_never_forgets_within_its_window_nor_remembers_beyond_two(steps: list[tuple[float, int]]):
    clock = Clock()
    peak = Peak(60, clock)
    added: list[tuple[float, int]] = []
    for wait, number in steps:
        clock.now += wait
        peak.add(number)
        added.append((clock.now, number))
        known = peak.value
        assert known is not None
        assert known >= max(n for at, n in added if clock.now - at < 60)
        assert known <= max(n for at, n in added if clock.now - at <= 120)


def limited(held: float, in_flight: float, lag: float) -> OrderAdvice:
    advice = OrderAdvice()
    for second in range(40):
        advice.sample(held, in_flight, lag, float(second))
    return advice


def test_order_limits_the_rate_when_most_of_what_is_under_way_waits_for_a_key_and_the_source_holds_more():
    assert limited(900, 100, 5_000).limited
    assert not limited(100, 900, 5_000).limited
    assert not limited(900, 100, 0).limited
    assert not limited(0, 0, 5_000).limited


def test_the_advice_is_given_once_until_it_has_passed(caplog: pytest.LogCaptureFixture):
    metrics = Metrics("r")
    held = [900]
    metrics.watch(lambda: 100, lambda: held[0], lambda: 0, Circuit())
    metrics.behind(Partition("t", 0), 5_000, 0)
    caplog.set_level(logging.WARNING)
    for second in range(100):
        metrics.review(float(second))
    (told,) = caplog.records
    assert "aggregation: kpl" in told.__dict__["fields"]["advice"]
    assert told.__dict__["fields"]["waiting_percent"] == 90
    assert value(metrics, "order_limited") == 1
    held[0] = 0
    for second in range(100, 200):
        metrics.review(float(second))
    assert value(metrics, "order_limited") == 0


def test_several_processes_count_as_one(busy: Metrics):
    other = Metrics("r")
    other.consumed(5)
    other.called(500, 1, 0.03)
    other.behind(Partition("t", 1), 9, 0)
    other.age(99)
    other.watch(lambda: 1, lambda: 0, lambda: 300, Circuit())
    both = merge([busy.snapshot(), other.snapshot()])
    assert both["records_consumed"][()] == 15
    assert both["buffered_bytes"][()] == 1_000
    assert both["processes"][()] == 2
    assert both["age_seconds"][()] == 99
    assert both["call_records"]["500.0",] == 2
    # For a moment both may report a partition that moves.
    assert both["lag_records"]["t", "1"] == 9
    assert both["route_info"] == {("t", "s", "key"): 1}


def test_a_snapshot_survives_its_way_to_another_process(busy: Metrics):
    snapshot = busy.snapshot()
    assert from_rows(json.loads(json.dumps(to_rows(snapshot)))) == snapshot


def emf(now: Snapshot, before: Snapshot | None = None) -> list[dict[str, Any]]:
    written = [json.loads(line) for line in lines("r", "streamops", now, before or {}, 1_700_000_000.1234)]
    for line in written:
        jsonschema.validate(line, EMF_SCHEMA)
    return written


def test_cloudwatch_gets_lines_of_its_format_in_which_every_metric_has_its_value(busy: Metrics):
    (line,) = emf(busy.snapshot())
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert line["_aws"]["Timestamp"] == 1_700_000_000_123
    assert directive["Dimensions"] == [["Route"]]
    assert line["Route"] == "r"
    named = [metric["Name"] for metric in directive["Metrics"]]
    assert len(named) == len(set(named))
    assert all(isinstance(line[name], (int, float)) for name in named)
    bases = {name.removesuffix("_count").removesuffix("_sum") for name in named}
    assert bases == {metric.name for metric in METRICS if metric.in_cloudwatch}


def test_cloudwatch_gets_counters_as_what_was_added_and_gauges_as_they_are(busy: Metrics):
    before = busy.snapshot()
    busy.consumed(4)
    busy.failed("InternalFailure", 3)
    busy.called(100, 1, 0.1)
    (line,) = emf(busy.snapshot(), before)
    assert line["records_consumed"] == 4
    assert line["records_failed"] == 3
    assert line["records_failed_by_code"] == {"InternalFailure": 3}
    assert (line["call_records_count"], line["call_records_sum"]) == (1, 100)
    assert line["buffered_bytes"] == 700
    assert line["lag_records"] == 13
    assert line["span_records"] == 6


def test_a_line_holds_a_hundred_metrics_at_most(busy: Metrics, monkeypatch: pytest.MonkeyPatch):
    (whole,) = emf(busy.snapshot())
    monkeypatch.setattr("connector.metrics.emf.MOST_METRICS", 10)
    parts = emf(busy.snapshot())
    assert len(parts) > 1
    named = [metric["Name"] for line in parts for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]]
    assert named == [metric["Name"] for metric in whole["_aws"]["CloudWatchMetrics"][0]["Metrics"]]


def test_the_last_line_holds_what_was_added_since_the_one_before():
    metrics, out = Metrics("r"), io.StringIO()
    writer = EmfWriter(Emf(interval="1h"), "r", metrics.snapshot, out)  # type: ignore[arg-type]
    writer.start()
    metrics.consumed(7)
    writer.close()
    (line,) = out.getvalue().splitlines()
    assert json.loads(line)["records_consumed"] == 7
