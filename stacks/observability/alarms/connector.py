"""When something is wrong with a connector."""

from datetime import timedelta

from environments.quantities import format_duration
from stacks.observability.alarms.alarm import Alarm, Comparison, Missing, Severity
from stacks.observability.metrics import Measurement
from stacks.observability.metrics.connector import ConnectorMetrics
from stacks.observability.metrics.ecs import ServiceMetrics
from stacks.observability.metrics.msk_groups import GroupMetrics

MOST_CPU = 80
MOST_MEMORY = 80
"""Percent. Autoscaling steers to 60 % of the CPU: above 80 there are no more tasks to add."""

MOST_THROTTLED = 10
"""Percent; a few refusals are how the connector finds the rate that a shard takes."""

OPEN = 2
"""`circuit_state` of a connector whose target takes nothing."""


def _alarm(
    kind: str,
    text: str,
    severity: Severity,
    measurement: Measurement,
    threshold: float,
    *,
    periods: int,
    comparison: Comparison = "GreaterThanThreshold",
    missing: Missing = "notBreaching",
) -> Alarm:
    return Alarm(kind, text, severity, measurement, comparison, threshold, periods, periods, missing)


def not_running(metrics: ServiceMetrics) -> Alarm:
    """Nothing crosses. A service without tasks tells nothing, so silence counts as bad."""
    return _alarm(
        "connector-not-running",
        "No task runs: nothing crosses",
        "critical",
        metrics.running(),
        1,
        periods=5,
        comparison="LessThanThreshold",
        missing="breaching",
    )


def too_few_tasks(metrics: ServiceMetrics, least: int) -> Alarm:
    """Tasks cannot be started."""
    return _alarm(
        "connector-too-few-tasks",
        f"Fewer than {least} tasks run",
        "warning",
        metrics.running(),
        least,
        periods=15,
        comparison="LessThanThreshold",
        missing="breaching",
    )


def cpu(metrics: ServiceMetrics) -> Alarm:
    """There is no reserve."""
    text = f"The tasks use more than {MOST_CPU} % of their CPU"
    return _alarm("connector-cpu", text, "warning", metrics.cpu(), MOST_CPU, periods=15)


def memory(metrics: ServiceMetrics) -> Alarm:
    """A task that runs out of memory is killed, and sends again what was under way."""
    text = f"The tasks use more than {MOST_MEMORY} % of their memory"
    return _alarm("connector-memory", text, "warning", metrics.memory(), MOST_MEMORY, periods=5)


def late(metrics: ConnectorMetrics, most: timedelta) -> Alarm:
    """Records take too long."""
    text = f"Records are acknowledged more than {format_duration(most)} after they were made"
    return _alarm("connector-late", text, "warning", metrics.age(), most / timedelta(seconds=1), periods=5)


def group_late(metrics: GroupMetrics, most: timedelta) -> Alarm:
    """Records take too long, as MSK sees it."""
    text = f"Records will be read more than {format_duration(most)} after they were made"
    return _alarm("connector-late", text, "warning", metrics.delay(), most / timedelta(seconds=1), periods=3)


def lag(metrics: ConnectorMetrics | GroupMetrics, most: int) -> Alarm:
    """Records pile up, as the connector or MSK counts them."""
    text = f"More than {most} records wait in the topic"
    return _alarm("connector-lag", text, "warning", metrics.lag(), most, periods=3)


def stopped(metrics: ConnectorMetrics) -> Alarm:
    """A partition stands still until somebody decides."""
    text = "A partition stopped and waits for a decision; the log tells why"
    return _alarm("connector-stopped", text, "critical", metrics.stopped_partitions(), 0, periods=3)


def circuit_open(metrics: ConnectorMetrics) -> Alarm:
    """The target takes nothing."""
    return _alarm(
        "connector-circuit",
        "The target takes nothing, and the connector has ceased to try but for probes",
        "critical",
        metrics.circuit(),
        OPEN,
        periods=5,
        comparison="GreaterThanOrEqualToThreshold",
    )


def throttled(metrics: ConnectorMetrics) -> Alarm:
    """The target takes less than comes."""
    text = f"The target refuses more than {MOST_THROTTLED} % of the records because they are too much at a time"
    return _alarm("connector-throttled", text, "warning", metrics.throttled(), MOST_THROTTLED, periods=3)


def dead_letters(metrics: ConnectorMetrics) -> Alarm:
    """Records were put aside."""
    text = "Records could not be delivered and were put aside"
    return _alarm("connector-dead-letters", text, "warning", metrics.dead_letters(), 0, periods=1)


def inversions(metrics: ConnectorMetrics) -> Alarm:
    """The order of a key may be broken."""
    text = "A shard gave out sequence numbers out of order: the order of a key may be broken"
    return _alarm("connector-inversions", text, "warning", metrics.inversions(), 0, periods=1)
