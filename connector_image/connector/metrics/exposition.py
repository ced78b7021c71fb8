"""Snapshots as Prometheus reads them."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.core import Metric as Family
from prometheus_client.registry import Collector

from connector.metrics.catalogue import METRICS, PREFIX, Metric
from connector.metrics.snapshot import INFINITY, SUM, Snapshot, Values


class Exposition(Collector):
    """Reads a snapshot whenever somebody asks; nothing is kept and nothing is locked in between."""

    def __init__(self, route: str, read: Callable[[], Snapshot]) -> None:
        self._route = route
        self._read = read

    def collect(self) -> Iterator[Family]:
        """Give every metric that has a value."""
        snapshot = self._read()
        for metric in METRICS:
            if values := snapshot.get(metric.name):
                yield self._family(metric, values)

    def describe(self) -> list[Family]:
        """Claim no names in advance: the registry holds nothing else."""
        return []

    def _family(self, metric: Metric, values: Values) -> Family:
        name, labels = PREFIX + metric.name, ("route", *metric.labels)
        if metric.kind == "histogram":
            histogram = HistogramMetricFamily(name, metric.text, labels=labels)
            histogram.add_metric([self._route], cumulated(metric, values), values[SUM,])
            return histogram
        family: CounterMetricFamily | GaugeMetricFamily = (
            CounterMetricFamily(name, metric.text, labels=labels)
            if metric.kind == "counter"
            else GaugeMetricFamily(name, metric.text, labels=labels)
        )
        for told, value in values.items():
            family.add_metric([self._route, *told], value)
        return family


def registry_of(route: str, read: Callable[[], Snapshot]) -> CollectorRegistry:
    """Make a registry with the metrics of one route."""
    registry = CollectorRegistry()
    registry.register(Exposition(route, read))
    return registry


def cumulated(metric: Metric, values: Values) -> list[tuple[str, float]]:
    """Count what lies at or below each bound of a histogram."""
    total, buckets = 0.0, []
    for bound in (*map(str, map(float, metric.bounds)), INFINITY):
        total += values.get((bound,), 0)
        buckets.append((bound, total))
    return buckets
