"""The engine: source → batch → call → outcome of every record → watermark → commit.

One thread does all of it: it maps what the source reads, sends it, commits the watermarks, and answers
for the partitions when the group moves them. It knows neither Kafka nor Kinesis.
"""

import math
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Final

from connector.ages import Ages
from connector.batch import Batch, Partition
from connector.dispatcher import Dispatcher
from connector.errors import ConnectorError
from connector.fates import Fates
from connector.feed import Lane
from connector.log import Log, tell_kept_back
from connector.mapping import Mapper
from connector.metrics import Metrics
from connector.pacing import Bounds, Pacing
from connector.sender import Sender
from connector.source import Source

# While answers are outstanding they come first, and the source is asked again after so many seconds at the latest.
_STEP: Final = 0.01
# A source that gave less than was asked for is left alone so long, in seconds: many small batches cost more than few.
_REST: Final = 0.003

log = Log(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """How the engine goes about it; times in seconds."""

    linger: float
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
        fates: Fates,
        metrics: Metrics,
        settings: Settings,
    ) -> None:
        self._source = source
        self._sender = sender
        self._dispatcher = dispatcher
        self._feed = dispatcher.feed
        self._mapper = mapper
        self._fates = fates
        self._metrics = metrics
        self._settings = settings
        self._lanes: dict[Partition, Lane] = {}
        self._committed: dict[Partition, int] = {}
        self._ages = Ages()
        self._taken_bytes = 0
        self._waited = 0
        self._stopping = False
        self._stop_by = math.inf  # when the drain of a stop ends
        self._stopped: dict[Partition, ConnectorError] = {}
        self._pacing = Pacing(source, self._lanes, settings.bounds)
        self._fatal: ConnectorError | None = None
        self._commit_at = 0.0
        self._poll_at = 0.0
        self._more_has_come = False
        self.beat = time.monotonic()
        """When the loop turned last."""
        metrics.watch(
            in_flight=lambda: dispatcher.in_flight,
            held=lambda: dispatcher.feed.held,
            buffered=lambda: self.buffered,
            circuit=dispatcher.circuit,
            oldest=lambda: self._ages.oldest,
            dead_letters=lambda: fates.pending,
            paced=lambda: dispatcher.feed.paced,
            limits=lambda: dispatcher.gate.limits if dispatcher.gate else {},
        )

    @property
    def buffered(self) -> int:
        """Memory taken by records that are not acknowledged, in bytes."""
        return self._taken_bytes - self._feed.released + self._fates.pending_bytes

    @property
    def joined(self) -> bool:
        """Whether the group counts this member in."""
        return self._source.joined

    @property
    def stopped_partitions(self) -> dict[str, str]:
        """The partitions that give no more records, and why."""
        return {str(partition): str(reason) for partition, reason in list(self._stopped.items())}

    def stop(self) -> None:
        """Ask the engine to finish; safe in a signal handler.

        Plain values, since one signal may interrupt the handler of another, and the lock of a `threading.Event` that is
        taken there would never be given back. The time counts from here: what kills the process counts from here too.
        """
        self._stop_by = min(self._stop_by, time.monotonic() + self._settings.stop_timeout)
        self._stopping = True

    def run(self) -> None:
        """Move records until `stop`.

        Raises:
            ConnectorError: it had to stop; everything deliverable before the cause is delivered and committed.
        """
        self._commit_at = time.monotonic() + self._settings.commit_interval
        try:
            self._source.start(self)
            while not self._stopping and self._fatal is None:
                self._turn()
        except ConnectorError as error:
            self._fatal = error
        finally:
            self._finish()
        if self._fatal is not None:
            raise self._fatal

    def assigned(self, partitions: Collection[Partition]) -> None:
        """Open a lane for each partition."""
        for partition in partitions:
            self._lanes[partition] = Lane(partition)
        self._metrics.assigned(partitions)
        self._pacing.assigned(partitions)
        log.info("partitions assigned", partitions=_names(partitions), now=len(self._lanes))

    def revoked(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        """Drain the partitions as long as that may help, then give them up."""
        until = math.inf if self._stopping else time.monotonic() + self._settings.drain_timeout
        self._drain(partitions, until, lambda: None)
        positions = self._uncommitted(partitions)
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
        now = self.beat = time.monotonic()
        self._move(self._read(now))
        if now >= self._commit_at:
            self._commit()
            self._publish(now)

    def _read(self, now: float) -> float:
        """Read if it is time to; return how long answers may be waited for before the next turn, in seconds."""
        if now < self._poll_at:
            return self._poll_at - now
        if not self._pacing.may_poll(now, full=self._feed.is_full(), buffered=self.buffered):
            return _STEP
        patience = 0.0 if self._more_has_come else self._patience(now)
        batches = self._source.poll(patience)
        count, bounds = self._take(batches, now), self._settings.bounds
        # Few are waited for at a time; what has come by then is taken as it is.
        self._more_has_come = patience > 0.0 and count >= (bounds.waiting or bounds.batch)
        if self._more_has_come or count >= bounds.batch:
            return 0.0
        if patience:
            return _STEP
        self._poll_at = now + _REST
        return _REST

    def _patience(self, now: float) -> float:
        """Tell how long the source may wait for a full batch: not at all while the sender has something to do."""
        if self._sender.is_busy:
            return 0.0
        due = self._dispatcher.wake_at()
        linger = self._settings.linger
        return linger if due is None else min(linger, max(0.0, due - now))

    def _move(self, patience: float) -> None:
        """Send, take in answers, and decide the fate of what the target refused."""
        self._sender.turn(patience)
        self._fates.turn(self._dispatcher, self._lanes)
        self._fatal = self._fatal or self._fates.fatal

    def _take(self, batches: list[Batch], since: float) -> int:
        """Offer what was read, to leave by `since` + linger at the latest; return how many records it was."""
        count = 0
        for batch in batches:
            lane = self._lanes.get(batch.partition)
            if lane is None:
                continue  # revoked while it was being read: its next owner reads it again
            count += len(batch)
            self._ages.read(batch)
            mapped = self._fates.judged(batch.partition, self._mapper.map(batch))
            if mapped.dropped:
                self._metrics.dropped(len(mapped.dropped))
            self._taken_bytes += mapped.records.footprint
            parked = [rejected.offset for rejected in mapped.rejected]
            self._dispatcher.offer(lane, mapped.records, since, mapped.dropped, parked)
        if count:
            self._metrics.consumed(count)
        return count

    def _publish(self, now: float) -> None:
        lags = self._source.lags(self._committed)
        for partition, lane in self._lanes.items():
            self._metrics.behind(partition, lags.get(partition), lane.watermark.span)
            if (age := self._ages.passed(partition, lane.watermark.position)) is not None:
                self._metrics.age(age)
        self._metrics.held_back(self._feed.waited - self._waited)
        self._waited = self._feed.waited
        self._metrics.review(now)
        tell_kept_back()

    def _commit(self) -> None:
        self._commit_at = time.monotonic() + self._settings.commit_interval
        if positions := self._uncommitted(self._lanes):
            self._source.commit(positions)

    def _finish(self) -> None:
        self.stop()  # it may be an error that ends it
        log.info("stopping", undelivered=self._undelivered(self._lanes))
        left: dict[str, int] = {}
        with closing(self._fates), closing(self._sender), closing(self._source):
            try:
                self._source.finish(self._stop_by)
                self._pacing.pause()
                self._drain(self._lanes, math.inf, self._keep_membership)
                left = {str(p): n for p in self._lanes if (n := self._undelivered([p]))}
            finally:
                # Leaving the group gives up what could not be drained, so there is nothing more to wait for.
                self._stop_by = -math.inf
        log.info("stopped", left_for_the_next_start=left or "nothing")

    def _keep_membership(self) -> None:
        # Whatever a paused source still gives was never tracked, so no commit can pass it; and what made
        # reading impossible is known already, it must not cut the drain short.
        with suppress(ConnectorError):
            self._source.poll(0.0)

    def _drain(self, partitions: Collection[Partition], deadline: float, meanwhile: Callable[[], None]) -> None:
        """Wait until these partitions are acknowledged, time is up, or the target takes nothing anyway."""
        # A rebalance may begin while a stop drains already.
        before, self._feed.hasty = self._feed.hasty, True
        self._fates.flush()
        try:
            # A stop may be asked for in the middle of it.
            while self._undelivered(partitions) and time.monotonic() < min(deadline, self._stop_by):
                if self._dispatcher.circuit.state != "closed" or self._fates.failing is not None:
                    return
                self.beat = time.monotonic()
                meanwhile()
                self._move(_STEP)
        finally:
            self._feed.hasty = before

    def _uncommitted(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        """Tell how far each partition may be committed where that is not done."""
        lanes = ((p, self._lanes[p]) for p in partitions if p in self._lanes)
        positions = ((p, lane.watermark.position) for p, lane in lanes)
        return {p: at for p, at in positions if at is not None and at != self._committed.get(p)}

    def _undelivered(self, partitions: Collection[Partition]) -> int:
        """Count offsets between watermark and the last one that was read and can be delivered."""
        total = 0
        for partition in partitions:
            lane = self._lanes.get(partition)
            if lane is None or lane.watermark.end is None:
                continue
            end = lane.watermark.end if lane.barrier is None else min(lane.watermark.end, lane.barrier)
            total += max(0, end - (lane.watermark.position or 0))
        return total

    def _give_up(self, partitions: Collection[Partition]) -> None:
        self._dispatcher.abandon([lane for p in partitions if (lane := self._lanes.pop(p, None)) is not None])
        self._fates.abandon(partitions)
        self._pacing.gave_up(partitions)
        for partition in partitions:
            self._ages.forget(partition)
            self._stopped.pop(partition, None)
            self._committed.pop(partition, None)
            self._metrics.gave_up(partition)


def _names(partitions: Collection[Partition]) -> list[str]:
    return sorted(map(str, partitions))
