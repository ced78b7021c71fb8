"""What one process counts. Plain numbers are added up where records move; whoever asks pays for making text of them."""

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from connector.batch import Partition
from connector.circuit import Circuit
from connector.log import RateLimited
from connector.metrics.catalogue import METRICS
from connector.metrics.exposition import registry_of
from connector.metrics.names import Names
from connector.metrics.order_advice import OrderAdvice
from connector.metrics.peak import Peak
from connector.metrics.snapshot import INFINITY, SUM, Snapshot, Values
from connector.outcome import CallFailure

_CIRCUIT: Final = {"closed": 0, "probing": 1, "open": 2}
# What Kinesis and Firehose answer when it is too much at a time.
# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
# https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
_THROTTLES: Final = frozenset(
    {
        "KMSThrottlingException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "ServiceUnavailableException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_PAGE: Final = 4096
_STATM: Final = Path("/proc/self/statm")

log = RateLimited(__name__)


class _Histogram:
    """Counts by upper bound; `bisect_left` puts a value that equals a bound below it, as Prometheus does."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, name: str) -> None:
        self.bounds = next(metric.bounds for metric in METRICS if metric.name == name)
        self.counts = [0] * (len(self.bounds) + 1)
        self.sum = 0.0

    def values(self) -> Values:
        named = (*map(str, map(float, self.bounds)), INFINITY)
        return {**{(bound,): count for bound, count in zip(named, self.counts, strict=True)}, (SUM,): self.sum}


class Metrics:
    """The metrics of one route; also what the dispatcher reports to.

    One thread reports. Others read by `snapshot`, which copies: a number that is a call behind does no harm.
    """

    def __init__(self, route: str) -> None:
        self._route = route
        self._codes = Names(known=_THROTTLES)
        self._shards = Names(most=1000)
        self._failed: Counter[str] = Counter()
        self._calls_failed: Counter[str] = Counter()
        self._dead_letters: Counter[str] = Counter()
        self._inversions: Counter[str] = Counter()
        self._call_records = _Histogram("call_records")
        self._call_seconds = _Histogram("call_seconds")
        self._consumed = self._acknowledged = self._acknowledged_bytes = 0
        self._resent = self._held_back = self._dropped = self._call_bytes = 0
        self._age = Peak()
        self._offsets: dict[Partition, int] = {}
        self._lags: dict[Partition, int] = {}
        self._spans: dict[Partition, int] = {}
        self._stopped: dict[Partition, int] = {}
        self._advice = OrderAdvice()
        self._info: Snapshot = {}
        self._limits: Callable[[], Mapping[str, float]] = dict
        self._state: dict[str, Callable[[], float | None]] = {}
        self.registry = registry_of(route, self.snapshot)
        """What `/metrics` shows of this process alone."""

    def describe(self, *, source: str, sink: str, ordering: str, memory: int = 0) -> None:
        """Publish what the route joins, and the bytes that it may take for records."""
        self._info = {"route_info": {(source, sink, ordering): 1}, "memory_limit_bytes": {(): memory}}

    def consumed(self, count: int) -> None:
        """So many records were read."""
        self._consumed += count

    def dropped(self, count: int) -> None:
        """So many tombstones were dropped."""
        self._dropped += count

    def acknowledged(self, count: int, size: int = 0) -> None:
        """So many records were taken, of so many bytes."""
        self._acknowledged += count
        self._acknowledged_bytes += size

    def called(self, count: int, size: int, seconds: float) -> None:
        """A call with so many records and bytes was answered after so many seconds."""
        records, times = self._call_records, self._call_seconds
        records.counts[bisect_left(records.bounds, count)] += 1
        records.sum += count
        times.counts[bisect_left(times.bounds, seconds)] += 1
        times.sum += seconds
        self._call_bytes += size

    def age(self, seconds: float) -> None:
        """The oldest record of a call was acknowledged so many seconds after its timestamp.

        Producers' clocks may be ahead of ours: what comes from the future counts as new.
        """
        self._age.add(max(0.0, seconds))

    def failed(self, code: str, count: int) -> None:
        """So many records were not taken, for this reason; they will be sent again."""
        code = self._codes.of(code)
        self._failed[code] += count
        log.warning("records not taken, they will be sent again", code=code, records=count)

    def resent(self, count: int) -> None:
        """So many records left again."""
        self._resent += count

    def held_back(self, count: int) -> None:
        """So many records have to wait for an earlier one of their key."""
        self._held_back += count

    def expect_dead_letters(self, reasons: Iterable[str]) -> None:
        """Records may go to the dead-letter target for these reasons: a count from 0 on shows also the first one."""
        self._dead_letters.update(dict.fromkeys(reasons, 0))

    def dead_letter(self, reason: str, count: int = 1) -> None:
        """So many records go to the dead-letter target, for this reason; once a record, however often it is sent."""
        self._dead_letters[reason] += count

    def inverted(self, shard: str, count: int) -> None:
        """So many records have sequence numbers not above what their shard had given out before they left."""
        self._inversions[self._shards.of(shard)] += count
        log.error("sequence numbers of a shard went back", shard=shard, records=count)

    def call_failed(self, failure: CallFailure) -> None:
        """A call failed as a whole."""
        code = self._codes.of(failure.code)
        self._calls_failed[code] += 1
        log.warning("call failed, it will be repeated", code=code, reason=failure.message)

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
        oldest: Callable[[], float | None] = lambda: None,
        dead_letters: Callable[[], float | None] = lambda: None,
        paced: Callable[[], float] = lambda: 0,
        limits: Callable[[], Mapping[str, float]] = dict,
    ) -> None:
        """Read the state of the moment from these whenever somebody asks for the metrics.

        `oldest` is the timestamp, in seconds since the epoch, of the oldest record that is read and not acknowledged,
        None when there is none; `dead_letters` counts those that their target has not acknowledged; `paced` those that
        wait for their shard; `limits` are records a second by shard, of shards that are paced.
        """
        self._state = {
            "in_flight_records": in_flight,
            "held_records": held,
            "buffered_bytes": buffered,
            "circuit_state": lambda: _CIRCUIT[circuit.state],
            "age_seconds": lambda: self._greatest_age(oldest()),
            "dead_letters_pending": dead_letters,
            "paced_records": paced,
        }
        self._limits = limits

    def committed(self, partition: Partition, offset: int) -> None:
        """Publish the progress of a partition."""
        self._offsets[partition] = offset

    def behind(self, partition: Partition, lag: int | None, span: int) -> None:
        """Publish how far a partition is behind, as far as that is known, and what it remembers."""
        if lag is not None:
            self._lags[partition] = lag
        self._spans[partition] = span

    def assigned(self, partitions: Iterable[Partition]) -> None:
        """These partitions are read from now on."""
        self._stopped.update(dict.fromkeys(partitions, 0))

    def stopped(self, partition: Partition) -> None:
        """A partition gives no more records until it is assigned anew."""
        self._stopped[partition] = 1

    def gave_up(self, partition: Partition) -> None:
        """Withdraw the gauges of a partition that somebody else reports from now on."""
        for gauge in (self._offsets, self._lags, self._spans, self._stopped):
            gauge.pop(partition, None)

    def review(self, now: float) -> None:
        """Find out, about once a second, whether order limits the rate, and say so once when it begins to.

        Args:
            now: Seconds of a clock that never goes back.
        """
        if not self._state:
            return
        held, in_flight = self._state["held_records"]() or 0, self._state["in_flight_records"]() or 0
        if self._advice.sample(held, in_flight, sum(self._lags.values()), now):
            log.warning(
                "order limits the rate: keys repeat so much that most records wait for an earlier one of their key",
                waiting_percent=round(100 * self._advice.share),
                advice="use a key with more distinct values; or aggregation: kpl, which sends what repeats together; or"
                " ordering: none where readers need no order",
            )

    def snapshot(self) -> Snapshot:
        """Copy all values."""
        of_one: dict[str, float | None] = {
            "records_consumed": self._consumed,
            "records_acknowledged": self._acknowledged,
            "bytes_acknowledged": self._acknowledged_bytes,
            "records_resent": self._resent,
            "records_held_back": self._held_back,
            "records_throttled": sum(count for code, count in self._failed.copy().items() if code in _THROTTLES),
            "call_bytes": self._call_bytes,
            "tombstones_dropped": self._dropped,
            "order_limited": int(self._advice.limited),
            "processes": 1,
            "cpu_seconds": time.process_time(),
            "resident_memory_bytes": _resident_memory(),
            **{name: read() for name, read in self._state.items()},
        }
        return {
            **{name: {(): value} for name, value in of_one.items() if value is not None},
            **self._info,
            "records_failed": _by_text(self._failed),
            "calls_failed": _by_text(self._calls_failed),
            "dead_letters": _by_text(self._dead_letters),
            "call_records": self._call_records.values(),
            "call_seconds": self._call_seconds.values(),
            "inversions": _by_text(self._inversions),
            "shard_limit_records": {(shard,): limit for shard, limit in self._limits().items()},
            "committed_offset": _by_partition(self._offsets),
            "lag_records": _by_partition(self._lags),
            "span_records": _by_partition(self._spans),
            "stopped_partitions": _by_partition(self._stopped),
        }

    def _greatest_age(self, oldest: float | None) -> float | None:
        ages = (self._age.value, max(0.0, time.time() - oldest) if oldest is not None else None)
        return max((age for age in ages if age is not None), default=None)


def _by_text(counts: Counter[str]) -> Values:
    return {(text,): count for text, count in counts.copy().items()}


def _by_partition(values: dict[Partition, int]) -> Values:
    return {(partition.topic, str(partition.number)): value for partition, value in values.copy().items()}


def _resident_memory() -> float | None:
    """Return the bytes that this process has in memory; None where the system has no /proc."""
    try:
        return int(_STATM.read_text("ascii").split()[1]) * _PAGE
    except (OSError, IndexError, ValueError):
        return None
