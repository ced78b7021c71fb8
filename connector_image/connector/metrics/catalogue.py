"""Every metric of the connector: its name, kind, labels and unit. Names stand here only.

Prometheus shows them with the prefix `streamops_connector_`, counters with the suffix `_total`; CloudWatch shows them
as they are, in the configured namespace.
"""

from dataclasses import dataclass
from typing import Final, Literal

PREFIX: Final = "streamops_connector_"

Kind = Literal["counter", "gauge", "histogram"]
# CloudWatch's words.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
Unit = Literal["Count", "Bytes", "Seconds", "None"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Every metric carries the label `route`, and `labels` beside it. `overall` tells how the values of several label
    sets, and of several processes, make one: added up, or the greatest. `in_cloudwatch` is false for what has a
    meaning for each partition only.
    """

    name: str
    kind: Kind
    text: str
    unit: Unit = "Count"
    labels: tuple[str, ...] = ()
    overall: Literal["sum", "max"] = "sum"
    in_cloudwatch: bool = True
    bounds: tuple[float, ...] = ()
    """Upper bounds of a histogram's buckets; one without a bound follows them."""


_PARTITION: Final = ("topic", "partition")

METRICS: Final = (
    Metric("records_consumed", "counter", "Records read from the source"),
    Metric("records_acknowledged", "counter", "Records that the target has taken"),
    Metric("bytes_acknowledged", "counter", "Bytes of data and keys that the target has taken", "Bytes"),
    Metric("records_resent", "counter", "Records that were sent again"),
    Metric("records_failed", "counter", "Records the target did not take, by code", labels=("code",)),
    Metric("records_throttled", "counter", "Records the target did not take because it was too much at a time"),
    Metric("calls_failed", "counter", "Calls that failed as a whole, by code", labels=("code",)),
    Metric(
        "call_records",
        "histogram",
        "Records in a call that was answered: how well calls are filled",
        bounds=(1, 10, 50, 100, 200, 300, 400, 500),
    ),
    Metric("call_bytes", "counter", "Bytes of data and keys in calls that were answered", "Bytes"),
    Metric(
        "call_seconds",
        "histogram",
        "Time from sending a call to its answer",
        "Seconds",
        bounds=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
    ),
    Metric(
        "inversions", "counter", "Sequence numbers not above what their shard had given out before", labels=("shard",)
    ),
    Metric(
        "shard_limit_records",
        "gauge",
        "Records a second that are sent to a shard at most, because it refused more; none for other shards",
        labels=("shard",),
        in_cloudwatch=False,
    ),
    Metric("paced_records", "gauge", "Records that wait now because their shard refused too many"),
    Metric("tombstones_dropped", "counter", "Records without a value that were dropped"),
    Metric("dead_letters", "counter", "Records that went to the dead-letter target, by reason", labels=("reason",)),
    Metric("dead_letters_pending", "gauge", "Records that the dead-letter target has not acknowledged yet"),
    Metric("records_held_back", "counter", "Records that had to wait for an earlier one of their key"),
    Metric("held_records", "gauge", "Records that wait now for an earlier one of their key"),
    Metric(
        "order_limited",
        "gauge",
        "1 while keys repeat so much that their order limits the rate; the log gives advice",
        "None",
        overall="max",
    ),
    Metric("in_flight_records", "gauge", "Records in calls that are under way"),
    Metric("buffered_bytes", "gauge", "Memory that records take which are not acknowledged", "Bytes"),
    Metric("memory_limit_bytes", "gauge", "Memory that the configuration gives to records", "Bytes"),
    Metric("resident_memory_bytes", "gauge", "Memory that the processes take in all", "Bytes"),
    Metric("cpu_seconds", "counter", "CPU time that the processes took", "Seconds"),
    Metric("processes", "gauge", "Processes that work on the route in this task"),
    Metric(
        "age_seconds",
        "gauge",
        "Time from a record's timestamp to its acknowledgement: the longest of the last minute, or what the oldest"
        " record has reached that is read and not acknowledged, if that is longer",
        "Seconds",
        overall="max",
    ),
    Metric("lag_records", "gauge", "Records in the partition after the committed offset", labels=_PARTITION),
    Metric(
        "committed_offset",
        "gauge",
        "Offset committed last",
        "None",
        labels=_PARTITION,
        overall="max",
        in_cloudwatch=False,
    ),
    Metric(
        "span_records",
        "gauge",
        "Records that were read after the first one that is not acknowledged, and are remembered because of it",
        labels=_PARTITION,
        overall="max",
    ),
    Metric(
        "stopped_partitions",
        "gauge",
        "1 for a partition that stopped, 0 for every other that is assigned; the log tells why",
        labels=_PARTITION,
    ),
    Metric("circuit_state", "gauge", "0 closed, 1 probing, 2 open", "None", overall="max"),
    Metric(
        "route_info",
        "gauge",
        "What the route joins; always 1",
        "None",
        labels=("source", "sink", "ordering"),
        overall="max",
        in_cloudwatch=False,
    ),
)
