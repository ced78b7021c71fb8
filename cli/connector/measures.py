"""What a connector says of itself in CloudWatch: records that cross, errors, dead letters.

A connector writes its metrics once a minute into its log (embedded metric format) where the environment has
``connectors.metrics: cloudwatch``; the names are those of the connector's catalogue, which a test holds these against.
CloudWatch has them some minutes later. Where it has no datapoint a value is unknown, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from botocore.exceptions import BotoCoreError, ClientError

from cli.aws import Aws
from cli.stream.stream_metrics import MINUTE, Metric, read_metrics
from environments import naming

WINDOW = timedelta(minutes=5)
NAMES: Mapping[str, str] = {
    "records_acknowledged": "Sum",
    "bytes_acknowledged": "Sum",
    "records_failed": "Sum",
    "calls_failed": "Sum",
    "records_throttled": "Sum",
    "dead_letters": "Sum",
    "stopped_partitions": "Maximum",
    "circuit_state": "Maximum",
    "age_seconds": "Maximum",
}
"""What is read, and which statistic of it."""


@dataclass(frozen=True)
class Measures:
    """A connector in the last ``WINDOW``; None where nothing is known."""

    records_per_second: float | None = None
    """That the target has taken, on average over the minutes that there are datapoints of."""
    bytes_per_second: float | None = None
    errors: int | None = None
    """Records that the target did not take, and calls that failed as a whole; all of them are sent again."""
    throttled: int | None = None
    """Records that were refused because they were too much at a time."""
    dead_letters: int | None = None
    stopped_partitions: int | None = None
    """At most at one time."""
    circuit_open: bool | None = None
    """Whether the target took nothing at all for a while."""
    age_seconds: float | None = None
    """The longest from the timestamp of a record to its acknowledgement."""

    def as_json(self) -> dict[str, float | int | bool | None]:
        """The entry in a JSON answer."""
        return {
            "records_per_second": _rounded(self.records_per_second),
            "bytes_per_second": _rounded(self.bytes_per_second),
            "errors": self.errors,
            "throttled": self.throttled,
            "dead_letters": self.dead_letters,
            "stopped_partitions": self.stopped_partitions,
            "circuit_open": self.circuit_open,
            "age_seconds": _rounded(self.age_seconds),
        }


UNKNOWN = Measures()


def read_measures(aws: Aws, routes: Sequence[str]) -> dict[str, Measures]:
    """The measures of each route; unknown where CloudWatch has none or may not be asked."""
    if aws.environment.connectors.metrics != "cloudwatch":
        return dict.fromkeys(routes, UNKNOWN)
    namespace = naming.metrics_namespace(aws.environment)
    metrics = [
        Metric(name, statistic, {"Route": route}, namespace) for route in routes for name, statistic in NAMES.items()
    ]
    try:
        values = read_metrics(aws, metrics, WINDOW)
    except (ClientError, BotoCoreError):
        return dict.fromkeys(routes, UNKNOWN)
    found = {}
    for number, route in enumerate(routes):
        own = values[number * len(NAMES) : (number + 1) * len(NAMES)]
        found[route] = measures_of(dict(zip(NAMES, own, strict=True)))
    return found


def measures_of(values: Mapping[str, Sequence[float]]) -> Measures:
    """What the datapoints of each metric, one a minute, say."""
    failed = [*values["records_failed"], *values["calls_failed"]]
    circuit = _most(values["circuit_state"])
    return Measures(
        records_per_second=_rate(values["records_acknowledged"]),
        bytes_per_second=_rate(values["bytes_acknowledged"]),
        errors=round(sum(failed)) if failed else None,
        throttled=_total(values["records_throttled"]),
        dead_letters=_total(values["dead_letters"]),
        stopped_partitions=_most(values["stopped_partitions"]),
        circuit_open=None if circuit is None else circuit > 0,
        age_seconds=max(values["age_seconds"], default=None),
    )


def _rate(datapoints: Sequence[float]) -> float | None:
    return sum(datapoints) / (len(datapoints) * MINUTE.total_seconds()) if datapoints else None


def _total(datapoints: Sequence[float]) -> int | None:
    return round(sum(datapoints)) if datapoints else None


def _most(datapoints: Sequence[float]) -> int | None:
    return round(max(datapoints)) if datapoints else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
