"""The engine: source → batch → sender → outcome of every record → watermark → commit.

It runs on the source's thread. It maps what the source reads, hands it to the sender, commits the
watermarks, and answers for the partitions when the group moves them. It knows neither Kafka nor
Kinesis.
"""

import contextlib
import math
import threading
import time
import traceback
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from connector.batch import Batch, Partition
from connector.dispatcher import Dispatcher, Lane
from connector.errors import ConnectorError
from connector.log import Log
from connector.mapping import Mapper
from connector.metrics import Metrics
from connector.ordering import KeyOrder
from connector.pacing import Bounds, Pacing
from connector.sender import Sender
from connector.source import Source

_STEP: Final = 0.05

log = Log(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """How the engine goes about it; times in seconds."""

    ordered: bool
    commit_interval: float
    drain_timeout: float
    stop_timeout: float
    bounds: Bounds


class Engine:
    """Moves records until it is told to stop or must."""

    def __init__(
        self,
        source: Source,
        sender: Sender,
        dispatcher: Dispatcher,
        mapper: Mapper,
        metrics: Metrics,
        settings: Settings,
    ) -> None:
        self._source = source
        self._sender = sender
        self._dispatcher = dispatcher
        self._mapper = mapper
        self._metrics = metrics
        self._settings = settings
        self._lanes: dict[Partition, Lane] = {}
        self._handed: dict[Partition, int] = {}  # the offset after the last that the sender got
        self._committed: dict[Partition, int] = {}
        self._handed_bytes = 0
        self._handed_records = 0
        self._stop = threading.Event()
        self._stop_by: float | None = None  # when the drain of a stop ends
        self._stopped: dict[Partition, ConnectorError] = {}
        self._pacing = Pacing(source, self._lanes, settings.bounds)
        self._fatal: ConnectorError | None = None
        self._commit_at = 0.0
        self.beat = time.monotonic()
        """When the loop turned last."""
        metrics.watch(
            in_flight=lambda: dispatcher.in_flight,
            held=lambda: sum(lane.order.held for lane in list(self._lanes.values()) if lane.order),
            buffered=lambda: self.buffered,
            circuit=dispatcher.circuit,
        )

    @property
    def buffered(self) -> int:
        """Memory taken by records that are not acknowledged, in bytes."""
        return self._handed_bytes - self._dispatcher.released

    @property
    def joined(self) -> bool:
        """Whether the group counts this member in."""
        return self._source.joined

    @property
    def stopped_partitions(self) -> dict[str, str]:
        """The partitions that give no more records, and why."""
        return {str(partition): str(reason) for partition, reason in list(self._stopped.items())}

    def stop(self) -> None:
        """Ask the engine to finish; safe in a signal handler."""
        self._stop.set()

    def run(self) -> None:
        """Move records until `stop`.

        Raises:
            ConnectorError: it had to stop; everything deliverable before the cause is delivered and committed.
        """
        self._sender.start()
        self._commit_at = time.monotonic() + self._settings.commit_interval
        try:
            self._source.start(self)
            while not self._stop.is_set() and self._fatal is None:
                self._turn()
        except ConnectorError as error:
            self._fatal = error
        finally:
            self._finish()
        if fatal := self._fatal or self._dispatcher.undeliverable:
            raise fatal

    def assigned(self, partitions: Collection[Partition]) -> None:
        """Open a lane for each partition."""
        for partition in partitions:
            self._lanes[partition] = Lane(partition, order=KeyOrder() if self._settings.ordered else None)
        self._pacing.assigned(partitions)
        log.info("partitions assigned", partitions=_names(partitions), now=len(self._lanes))

    def revoked(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        """Drain the partitions as long as that may help, then give them up."""
        until = self._stop_by or time.monotonic() + self._settings.drain_timeout
        self._drain(partitions, until, lambda: None)
        positions = self._positions(partitions)
        left = self._undelivered(partitions)
        self._give_up(partitions)
        log.info("partitions revoked", partitions=_names(partitions), left_for_others=left)
        return positions

    def lost(self, partitions: Collection[Partition]) -> None:
        """Give the partitions up at once."""
        self._give_up(partitions)
        log.warning("partitions lost: the group took this member for dead", partitions=_names(partitions))

    def committed(self, positions: Mapping[Partition, int]) -> None:
        """Note what is committed; a commit that failed is repeated since it is not noted."""
        for partition, offset in positions.items():
            # The last commit of a partition that goes comes back when it is somebody else's to report.
            if partition in self._lanes:
                self._committed[partition] = offset
                self._metrics.committed(partition, offset)

    def stopped(self, partition: Partition, reason: ConnectorError) -> None:
        """Note that a partition gives no more records; what was read of it is delivered."""
        if partition not in self._lanes:
            return  # given up meanwhile: its next owner finds out
        self._stopped[partition] = reason
        self._metrics.stopped(partition)
        log.error("partition stopped, the others go on", partition=str(partition), reason=str(reason))

    def _turn(self) -> None:
        self.beat = time.monotonic()
        self._check_sender()
        self._fatal = self._fatal or self._dispatcher.undeliverable
        if self._pacing.may_poll(self._handed_records - self._dispatcher.dequeued, self.buffered):
            self._take(self._source.poll())
        else:
            self._await_progress()
        if time.monotonic() >= self._commit_at:
            self._commit(wait=False)
            self._publish()

    def _publish(self) -> None:
        lags = self._source.lags(self._committed)
        for partition, lane in self._lanes.items():
            self._metrics.behind(partition, lags.get(partition), lane.watermark.span)

    def _take(self, batches: list[Batch]) -> None:
        offers = []
        for batch in batches:
            lane = self._lanes.get(batch.partition)
            if lane is None:
                continue  # revoked while it was being read: its next owner reads it again
            mapped = self._mapper.map(batch)
            self._metrics.consumed(len(batch))
            if mapped.dropped:
                self._metrics.dropped(len(mapped.dropped))
            if mapped.fatal is not None:
                self._fatal = self._fatal or mapped.fatal
                ends = [offsets[-1] + 1 for offsets in (mapped.records.offsets, mapped.dropped) if offsets]
                if not ends:
                    continue
                self._handed[batch.partition] = max(ends)
            else:
                self._handed[batch.partition] = batch.offsets[-1] + 1
            self._handed_bytes += mapped.records.footprint
            self._handed_records += len(mapped.records)
            offers.append((lane, mapped))
        if offers:
            self._sender.offer(offers)

    def _commit(self, *, wait: bool) -> None:
        self._commit_at = time.monotonic() + self._settings.commit_interval
        positions = {
            partition: position
            for partition, position in self._positions(self._lanes).items()
            if self._committed.get(partition) != position
        }
        if positions:
            self._source.commit(positions, wait=wait)

    def _finish(self) -> None:
        self._stop_by = time.monotonic() + self._settings.stop_timeout
        log.info("stopping", undelivered=self._undelivered(self._lanes))
        try:
            self._pacing.pause()
            self._drain(self._lanes, self._stop_by, self._keep_membership)
            left = {str(p): n for p in self._lanes if (n := self._undelivered([p]))}
            self._commit(wait=True)
            log.info("stopped", left_for_the_next_start=left or "nothing")
        finally:
            # Leaving the group gives up what could not be drained, so there is nothing more to wait for.
            self._stop_by = -math.inf
            self._source.close()
            self._sender.close()

    def _keep_membership(self) -> None:
        # Whatever a paused source still gives was never tracked, so no commit can pass it; and what made
        # reading impossible is known already, it must not cut the drain short.
        with contextlib.suppress(ConnectorError):
            self._source.poll()

    def _drain(self, partitions: Collection[Partition], deadline: float, meanwhile: Callable[[], None]) -> None:
        """Wait until these partitions are acknowledged, time is up, or the target takes nothing anyway."""
        while self._undelivered(partitions) and time.monotonic() < deadline:
            if self._dispatcher.circuit.state != "closed" or self._sender.failure is not None:
                return
            self.beat = time.monotonic()
            meanwhile()
            self._await_progress()

    def _await_progress(self) -> None:
        self._sender.progress.wait(_STEP)
        self._sender.progress.clear()

    def _positions(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        lanes = ((p, self._lanes[p]) for p in partitions if p in self._lanes)
        return {p: position for p, lane in lanes if (position := lane.watermark.position) is not None}

    def _undelivered(self, partitions: Collection[Partition]) -> int:
        """Count offsets between watermark and the last one that was handed over and can be delivered."""
        total = 0
        for partition in partitions:
            lane, handed = self._lanes.get(partition), self._handed.get(partition)
            if lane is not None and handed is not None:
                position = lane.watermark.position
                if lane.barrier is not None:
                    handed = min(handed, lane.barrier)
                # Before the sender has seen the first records there is no position: at least one is on its way.
                total += 1 if position is None else max(0, handed - position)
        return total

    def _give_up(self, partitions: Collection[Partition]) -> None:
        lanes = [lane for p in partitions if (lane := self._lanes.pop(p, None)) is not None]
        self._sender.abandon(lanes)
        self._pacing.gave_up(partitions)
        for partition in partitions:
            self._stopped.pop(partition, None)
            self._handed.pop(partition, None)
            self._committed.pop(partition, None)
            self._metrics.gave_up(partition)

    def _check_sender(self) -> None:
        if self._sender.failure is not None:
            error = self._sender.failure
            log.error("the sender ended", traceback="".join(traceback.format_exception(error)))
            raise ConnectorError(
                f"the sender ended by an error of the connector itself, {type(error).__name__}: {error}; nothing that"
                " is not acknowledged is committed: start again, and report the traceback in the log"
            )


def _names(partitions: Collection[Partition]) -> list[str]:
    return sorted(map(str, partitions))
