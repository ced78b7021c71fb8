"""When something is wrong with a cluster on MSK.

https://docs.aws.amazon.com/msk/latest/developerguide/bestpractices.html
https://docs.aws.amazon.com/msk/latest/developerguide/bestpractices-express.html
"""

from stacks.observability.alarms.alarm import Alarm, AnomalyBand, Comparison, Missing, Severity
from stacks.observability.metrics import Measurement
from stacks.observability.metrics.msk import ClusterMetrics, ExpressMetrics, StandardMetrics

MOST_CPU = 60
"""Percent: with one broker down the others take its load."""

MOST_DISK = 85
FILLING_DISK = 70
"""Percent: when a disk is full its broker stops."""

MOST_HEAP = 60
LEAST_IDLE = 0.3
LEAST_CREDITS = 100


def _alarm(
    kind: str,
    text: str,
    severity: Severity,
    measurement: Measurement,
    threshold: float | AnomalyBand,
    *,
    periods: int,
    comparison: Comparison = "GreaterThanThreshold",
    missing: Missing = "notBreaching",
) -> Alarm:
    return Alarm(kind, text, severity, measurement, comparison, threshold, periods, periods, missing)


def no_controller(metrics: ClusterMetrics) -> Alarm:
    """Nobody leads the cluster. A cluster that works always tells, so silence counts as bad."""
    return _alarm(
        "cluster-no-controller",
        "The cluster has no active controller: leaders are not elected, topics not changed",
        "critical",
        metrics.active_controllers(),
        1,
        periods=5,
        comparison="LessThanThreshold",
        missing="breaching",
    )


def offline_partitions(metrics: StandardMetrics) -> Alarm:
    """Partitions stand still."""
    text = "Partitions have no leader: nobody can read or write them"
    return _alarm("cluster-offline-partitions", text, "critical", metrics.offline_partitions(), 0, periods=3)


def unusual_storage(metrics: ExpressMetrics) -> Alarm:
    """Express storage has no bound to come near to, only a bill: what is unusual is worth a look."""
    return _alarm(
        "cluster-unusual-storage",
        "Topics take much more or less storage than usual",
        "warning",
        metrics.storage_used(),
        AnomalyBand(2),
        periods=3,
        comparison="LessThanLowerOrGreaterThanUpperThreshold",
        missing="missing",
    )


def cpu(metrics: ClusterMetrics, broker: int) -> Alarm:
    """Too little is left for when another broker is down."""
    text = f"Broker {broker} uses more than {MOST_CPU} % of its CPU"
    return _alarm("broker-cpu", text, "warning", metrics.cpu(broker), MOST_CPU, periods=3)


def disk(metrics: StandardMetrics, broker: int) -> Alarm:
    """The disk is nearly full, and a broker with a full disk stops."""
    text = f"The disk of broker {broker} is full to more than {MOST_DISK} %"
    return _alarm("broker-disk", text, "critical", metrics.data_disk_used(broker), MOST_DISK, periods=1)


def disk_filling(metrics: StandardMetrics, broker: int) -> Alarm:
    """There is time to act."""
    text = f"The disk of broker {broker} is full to more than {FILLING_DISK} %"
    return _alarm("broker-disk-filling", text, "warning", metrics.data_disk_used(broker), FILLING_DISK, periods=3)


def under_replicated(metrics: StandardMetrics, broker: int) -> Alarm:
    """Replicas stay behind for longer than a restart takes: maintenance restarts brokers one by one."""
    text = f"Partitions led by broker {broker} have lacked replicas for 15 minutes"
    return _alarm("broker-under-replicated", text, "warning", metrics.under_replicated(broker), 0, periods=3)


def under_min_insync(metrics: StandardMetrics, broker: int) -> Alarm:
    """Writers that want safety are refused."""
    text = f"Partitions led by broker {broker} refuse writes with acks=all"
    return _alarm("broker-under-min-insync", text, "critical", metrics.under_min_insync(broker), 0, periods=3)


def heap(metrics: StandardMetrics, broker: int) -> Alarm:
    """Memory runs out."""
    text = f"Broker {broker} keeps more than {MOST_HEAP} % of its heap after garbage collections"
    return _alarm("broker-heap", text, "warning", metrics.heap_used(broker), MOST_HEAP, periods=3)


def credits_used_up(metrics: StandardMetrics, broker: int) -> Alarm:
    """A burstable broker is about to be slow."""
    return _alarm(
        "broker-credits",
        f"Broker {broker} has at most {LEAST_CREDITS} CPU credits left, and is slow without any",
        "warning",
        metrics.cpu_credits(broker),
        LEAST_CREDITS + 1,
        periods=3,
        comparison="LessThanThreshold",
    )


def busy_threads(metrics: StandardMetrics, broker: int) -> Alarm:
    """Requests wait for a thread."""
    return _alarm(
        "broker-busy-threads",
        f"The request or network threads of broker {broker} are idle for less than {LEAST_IDLE:.0%} of the time",
        "warning",
        metrics.idle_handlers(broker),
        LEAST_IDLE,
        periods=3,
        comparison="LessThanThreshold",
    )


def shaped_traffic(metrics: StandardMetrics, broker: int) -> Alarm:
    """The network is used up."""
    text = f"Packets of broker {broker} are held back because the bandwidth of its size is used up"
    return _alarm("broker-bandwidth", text, "warning", metrics.shaped_traffic(broker), 0, periods=3)


def rejected_iam(metrics: ClusterMetrics, broker: int) -> Alarm:
    """Clients cannot log in."""
    text = f"Broker {broker} refuses connections because too many log in by IAM at a time"
    return _alarm("broker-iam-connections", text, "warning", metrics.rejected_iam_connections(broker), 0, periods=1)


def produce_throttled(metrics: ExpressMetrics, broker: int) -> Alarm:
    """Express holds writers back to what the size sustains."""
    text = f"Broker {broker} holds producers back: they are above what its size sustains"
    return _alarm("broker-produce-throttled", text, "warning", metrics.produce_throttle(broker), 0, periods=3)


def fetch_throttled(metrics: ExpressMetrics, broker: int) -> Alarm:
    """Express holds readers back to what the size sustains."""
    text = f"Broker {broker} holds consumers back: they are above what its size sustains"
    return _alarm("broker-fetch-throttled", text, "warning", metrics.fetch_throttle(broker), 0, periods=3)
