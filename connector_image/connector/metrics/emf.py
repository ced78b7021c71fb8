"""Snapshots as CloudWatch reads them: lines of its embedded metric format on stdout.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final, TextIO

from connector.config import Emf
from connector.log import Log
from connector.metrics.catalogue import METRICS, Metric
from connector.metrics.snapshot import SUM, Snapshot, Values

DIMENSION: Final = "Route"
# More would not be read.
MOST_METRICS: Final = 100

log = Log(__name__)


def lines(route: str, namespace: str, now: Snapshot, before: Snapshot, timestamp: float) -> Iterator[str]:
    """Write one interval: of counters what was added in it, of gauges the value at its end.

    The only dimension is the route. What a counter holds by code or reason stands beside the metrics as a property
    `NAME_by_LABEL`, which CloudWatch Logs Insights finds.
    """
    metrics: list[tuple[str, str, float]] = []
    properties: dict[str, object] = {}
    for metric in METRICS:
        values = now.get(metric.name)
        if values is None or not metric.in_cloudwatch:
            continue
        added = _added(metric, values, before.get(metric.name, {}))
        metrics += _definitions(metric, added)
        if metric.kind == "counter" and len(metric.labels) == 1:
            properties[f"{metric.name}_by_{metric.labels[0]}"] = {key: n for (key,), n in added.items() if n}
    for start in range(0, len(metrics), MOST_METRICS):
        some = metrics[start : start + MOST_METRICS]
        yield json.dumps(
            {
                "_aws": {
                    "Timestamp": round(timestamp * 1000),
                    "CloudWatchMetrics": [
                        {
                            "Namespace": namespace,
                            "Dimensions": [[DIMENSION]],
                            "Metrics": [{"Name": name, "Unit": unit} for name, unit, _ in some],
                        }
                    ],
                },
                DIMENSION: route,
                **{name: value for name, _, value in some},
                **properties,
            }
        )


def _added(metric: Metric, now: Values, before: Values) -> Values:
    if metric.kind == "gauge":
        return now
    return {labels: value - before.get(labels, 0) for labels, value in now.items()}


def _definitions(metric: Metric, values: Values) -> Iterator[tuple[str, str, float]]:
    """Yield name, unit and value; a histogram is its count and its sum, whose quotient is the mean."""
    if metric.kind == "histogram":
        yield f"{metric.name}_count", "Count", sum(n for labels, n in values.items() if labels != (SUM,))
        yield f"{metric.name}_sum", metric.unit, values[SUM,]
    elif metric.kind == "counter":
        yield metric.name, metric.unit, sum(values.values())
    elif values:
        yield metric.name, metric.unit, (max if metric.overall == "max" else sum)(values.values())


class EmfWriter:
    """Writes a line every interval on a thread of its own, and a last one when it is closed."""

    def __init__(self, config: Emf, route: str, read: Callable[[], Snapshot], out: TextIO | None = None) -> None:
        self._config = config
        self._route = route
        self._read = read
        self._out = out or sys.stdout
        self._before: Snapshot = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="emf", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def close(self) -> None:
        """Write what was added since the last line, and end."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._ending.wait(self._config.interval.total_seconds()):
            self._write()
        self._write()

    def _write(self) -> None:
        now = self._read()
        try:
            for line in lines(self._route, self._config.namespace, now, self._before, time.time()):
                self._out.write(line + "\n")
            self._out.flush()
        except (OSError, ValueError) as error:
            log.warning("metrics cannot be written to stdout", reason=str(error))
        self._before = now
