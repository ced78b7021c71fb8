"""What the connector counts, under the names that dashboards use. Names stand here only."""

from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Info

from connector.batch import Partition
from connector.circuit import Circuit
from connector.log import RateLimited
from connector.outcome import CallFailure

_CIRCUIT: Final = {"closed": 0, "probing": 1, "open": 2}

log = RateLimited(__name__)


class Metrics:
    """The metrics of one route; also what the dispatcher reports to."""

    def __init__(self, route: str, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self._route = route

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"streamops_connector_{name}", text, ("route", *labels), registry=self.registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"streamops_connector_{name}", text, ("route", *labels), registry=self.registry)

        self._consumed = counter("records_consumed", "Records read from the source").labels(route)
        self._acknowledged = counter("records_acknowledged", "Records that the target has taken").labels(route)
        self._resent = counter("records_resent", "Records that were sent again").labels(route)
        self._failed = counter("records_failed", "Records the target did not take, by code", "code")
        self._calls_failed = counter("calls_failed", "Calls that failed as a whole, by code", "code")
        self._inversions = counter(
            "inversions", "Sequence numbers below that of an earlier record of the same key", "partition"
        )
        self._dropped = counter("tombstones_dropped", "Records without a value that were dropped").labels(route)
        self._in_flight = gauge("in_flight_records", "Records in calls that are under way").labels(route)
        self._held = gauge(
            "held_records",
            "Records that wait for an earlier one of their key; many mean that keys repeat so"
            " much that their order limits the rate",
        ).labels(route)
        self._buffered = gauge("buffered_bytes", "Memory that records take which are not acknowledged").labels(route)
        self._committed = gauge("committed_offset", "Offset committed last", "topic", "partition")
        self._lag = gauge("lag_records", "Records in the partition after the committed offset", "topic", "partition")
        self._span = gauge(
            "span_records",
            "Records that were read after the first one that is not acknowledged, and are remembered because of it",
            "topic",
            "partition",
        )
        self._stopped = gauge(
            "stopped_partitions", "1 for a partition that stopped at a gap; the log names it", "topic", "partition"
        )
        self._circuit = gauge("circuit_state", "0 closed, 1 probing, 2 open").labels(route)
        self._info = Info("streamops_connector_route", "What the route joins", ("route",), registry=self.registry)

    def describe(self, **what: str) -> None:
        """Publish what the route joins."""
        self._info.labels(self._route).info(what)

    def consumed(self, count: int) -> None:
        """So many records were read."""
        self._consumed.inc(count)

    def dropped(self, count: int) -> None:
        """So many tombstones were dropped."""
        self._dropped.inc(count)

    def acknowledged(self, count: int) -> None:
        """So many records were taken."""
        self._acknowledged.inc(count)

    def failed(self, code: str, count: int) -> None:
        """So many records were not taken, for this reason; they will be sent again."""
        self._failed.labels(self._route, code).inc(count)
        log.warning("records not taken, they will be sent again", code=code, records=count)

    def resent(self, count: int) -> None:
        """So many records left again."""
        self._resent.inc(count)

    def inverted(self, partition: Partition, count: int) -> None:
        """So many sequence numbers were below that of an earlier record of their key."""
        self._inversions.labels(self._route, str(partition.number)).inc(count)
        log.error("sequence numbers went back within a key", partition=str(partition), records=count)

    def call_failed(self, failure: CallFailure) -> None:
        """A call failed as a whole."""
        self._calls_failed.labels(self._route, failure.code).inc()
        log.warning("call failed, it will be repeated", code=failure.code, reason=failure.message)

    def circuit_changed(self, circuit: Circuit) -> None:
        """The circuit opened or closed."""
        if circuit.state == "closed":
            log.info("target takes records again")
        else:
            log.error("circuit opened, no calls but probes from now on", reason=circuit.reason)

    def watch(
        self,
        in_flight: Callable[[], float],
        held: Callable[[], float],
        buffered: Callable[[], float],
        circuit: Circuit,
    ) -> None:
        """Read the state of the moment from these whenever somebody asks for the metrics."""
        self._in_flight.set_function(in_flight)
        self._held.set_function(held)
        self._buffered.set_function(buffered)
        self._circuit.set_function(lambda: _CIRCUIT[circuit.state])

    def committed(self, partition: Partition, offset: int) -> None:
        """Publish the progress of a partition."""
        self._committed.labels(self._route, partition.topic, str(partition.number)).set(offset)

    def behind(self, partition: Partition, lag: int | None, span: int) -> None:
        """Publish how far a partition is behind, as far as that is known, and what it remembers."""
        if lag is not None:
            self._lag.labels(self._route, partition.topic, str(partition.number)).set(lag)
        self._span.labels(self._route, partition.topic, str(partition.number)).set(span)

    def stopped(self, partition: Partition) -> None:
        """A partition gives no more records until it is assigned anew."""
        self._stopped.labels(self._route, partition.topic, str(partition.number)).set(1)

    def gave_up(self, partition: Partition) -> None:
        """Withdraw the gauges of a partition that somebody else reports from now on."""
        for gauge in (self._committed, self._lag, self._span, self._stopped):
            gauge.remove_by_labels({"topic": partition.topic, "partition": str(partition.number)})
