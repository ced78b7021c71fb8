"""Carrying out the operations on one stream: one at a time, each from the map that is live by then.

Nothing is remembered but the map that is wanted. What anybody else does in between, what a throttled or lost call has
or has not done, and where an earlier run was killed, all show in the live map, from which the rest is planned again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from botocore.exceptions import ClientError

from cli import interruption
from cli.errors import IncompleteError
from cli.output import note
from cli.stream.readers import age_told
from cli.stream.resharding.estimate import Pace
from cli.stream.resharding.live_map import NO_ANSWER, LiveMap, Seen, throttled, unanswered
from cli.stream.resharding.operations import Merge, Operation, Split, Update, apply
from cli.stream.resharding.order import Order, ordered
from cli.stream.resharding.shard_map import ShardMap
from cli.stream.resharding.strategy import chain

OVERTAKEN = {"ResourceInUseException", "InvalidArgumentException", "ResourceNotFoundException"}
"""Another operation is under way, or a shard of this one is closed by now."""
MOST_DETOURS = 10
"""How often somebody else may change the map until they are taken for one who works against this."""
NOTE_EVERY = timedelta(seconds=60)


class UsedUpError(Exception):
    """UpdateShardCount is refused again and again: the ten of a day are used up, or a limit is in the way."""


@dataclass
class Execution:
    """The operations that are left for one stream."""

    name: str
    """In the YAML."""
    live: LiveMap
    start: ShardMap
    """The map that the operations were planned for."""
    planned: Sequence[Operation]
    wanted: ShardMap
    order: Order = Order.SWEEP
    may_split: bool = True
    """Whether splits and merges may take the place of an UpdateShardCount that Kinesis refuses."""
    pace: Pace = field(default_factory=Pace)

    def __post_init__(self) -> None:
        self.left = list(self.planned)
        self._updating = any(isinstance(operation, Update) for operation in self.planned)
        self._detours = self._attempts = 0
        self._told = time.monotonic()

    def run(self, *, wait: bool = True) -> Iterator[Operation]:
        """Do what is left, giving each operation back once the stream is ACTIVE with it.

        Args:
            wait: whether to wait for the last one too.

        Raises:
            KeyboardInterrupt: it was asked for while nothing was under way.
            IncompleteError: an operation takes too long, or somebody else keeps changing the map.
            ClientError: Kinesis refuses, whatever was tried.
        """
        seen, expected = self.live.when_active(), self.start
        while True:
            if seen.map != expected:
                self._plan_again(seen.map)
            if not self.left:
                return
            operation, before = self.left[0], seen.map
            try:
                begun = self._begin(operation, seen)
            except UsedUpError:
                self._split_instead(before)
                expected = before
                continue
            if begun and not wait and len(self.left) == 1:
                yield operation
                return
            seen = self._complete(operation, before) if begun else self.live.when_active()
            if seen.map == before or not (begun or _is_done(operation, before, seen.map)):
                expected = before
                continue
            del self.left[0]
            self._attempts = 0
            expected = _expected(operation, before, seen.map)
            yield operation
            self._tell_progress()

    def _complete(self, operation: Operation, before: ShardMap) -> Seen:
        """Wait for an operation that has begun, whoever wants to stop: it ends anyway."""
        began = time.monotonic()
        seen = self.live.when_done(before, operation.target if isinstance(operation, Update) else None)
        self.pace.add(operation, time.monotonic() - began)
        if seen.map == before:
            self._count_attempt(IncompleteError(f"{self.name}: {_told(operation)} has left no trace"))
        return seen

    def _begin(self, operation: Operation, seen: Seen) -> bool:
        """Have Kinesis begin an operation, however often it says that it is too soon.

        Returns:
            whether it has begun; if not, the live map tells whether it has happened all the same.

        Raises:
            UsedUpError: there seems to be no budget for it.
        """
        while True:
            try:
                self._send(operation, seen)
            except NO_ANSWER as error:
                self._count_attempt(error)
                return False
            except ClientError as error:
                if throttled(error):
                    self._count_throttle(operation, error)
                elif error.response["Error"]["Code"] in OVERTAKEN or unanswered(error):
                    self._count_attempt(error)
                    return False
                else:
                    raise
            else:
                return True

    def _send(self, operation: Operation, seen: Seen) -> None:
        kinesis, arn = self.live.aws.kinesis, self.live.stream.arn
        match operation:
            case Split(start, end, at):
                shard = seen.shards[start, end]
                kinesis.split_shard(StreamARN=arn, ShardToSplit=shard, NewStartingHashKey=str(at))
            case Merge(left, right):
                one, other = seen.shards[left], seen.shards[right]
                kinesis.merge_shards(StreamARN=arn, ShardToMerge=one, AdjacentShardToMerge=other)
            case Update(target):
                kinesis.update_shard_count(StreamARN=arn, TargetShardCount=target, ScalingType="UNIFORM_SCALING")

    def _count_throttle(self, operation: Operation, error: ClientError) -> None:
        """Wait before the operation is tried again, if it is."""
        try:
            self._count_attempt(error)
        except ClientError:
            if isinstance(operation, Update) and self.may_split:
                raise UsedUpError from error
            raise

    def _count_attempt(self, error: Exception) -> None:
        """Wait, or give up with ``error``; nothing is under way, so an interruption is followed at once."""
        self._attempts += 1
        if self._attempts >= self.live.tempo.attempts:
            raise error
        interruption.pause(self.live.tempo.backoff_after(self._attempts))

    def _plan_again(self, now: ShardMap) -> None:
        """Plan the rest from a map that is not as it was left: somebody else has changed it."""
        self._detours += 1
        if self._detours > MOST_DETOURS:
            raise IncompleteError(
                f"somebody else keeps changing the shards of {self.name}", "stop that first, such as an autoscaling"
            )
        if self._updating:
            self.left = [Update(count) for count in chain(now.count, self.wanted.count)]
        else:
            self.left = list(ordered(now, self.wanted, self.order))
        note(f"{self.name}: the shards were changed by somebody else; planned again: {len(self.left)} operations left")

    def _split_instead(self, now: ShardMap) -> None:
        self._updating, self._attempts = False, 0
        self.left = list(ordered(now, self.wanted, self.order))
        note(f"{self.name}: Kinesis takes no UpdateShardCount now; {len(self.left)} splits and merges instead")

    def _tell_progress(self) -> None:
        now = time.monotonic()
        if self.left and now - self._told >= NOTE_EVERY.total_seconds():
            self._told = now
            note(f"{self.name}: {len(self.left)} operations left, about {age_told(self.pace.left(self.left))}")


def _is_done(operation: Operation, before: ShardMap, now: ShardMap) -> bool:
    """Whether an operation whose answer was lost has happened."""
    if isinstance(operation, Update):
        return now.count == operation.target and now != before
    return now == apply(before, operation)


def _expected(operation: Operation, before: ShardMap, now: ShardMap) -> ShardMap:
    """The map that an operation has left, if nobody else was there; Kinesis chooses the cuts of updates."""
    if isinstance(operation, Update) and operation.target == now.count:
        return now
    return apply(before, operation)


def _told(operation: Operation) -> str:
    match operation:
        case Split(at=at):
            return f"the split at {at}"
        case Merge(right=(start, _)):
            return f"the merge at {start}"
        case Update(target):
            return f"UpdateShardCount to {target}"
