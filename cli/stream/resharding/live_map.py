"""The shard map of a live stream, read when it holds still."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from cli import interruption
from cli.aws import Aws
from cli.errors import CliError, IncompleteError
from cli.stream.live import LiveStream, read_shards
from cli.stream.resharding.shard_map import HashKeys, ShardMap

THROTTLED = {"LimitExceededException", "ThrottlingException", "Throttling"}
"""Too fast, too many streams at once, or a limit that is used up: Kinesis has one name for all of them."""
NO_ANSWER = (HTTPClientError, NoConnectionError)


@dataclass(frozen=True)
class Tempo:
    """How fast things are tried again; all in seconds."""

    poll: float = 1.0
    """First pause between two looks at the status; the next ones are longer."""
    longest_poll: float = 5.0
    backoff: float = 1.0
    """Longest first pause after a throttle; doubled each time."""
    longest_backoff: float = 30.0
    attempts: int = 8
    """Of one operation."""
    grace: float = 60.0
    """How long an operation that was accepted may leave no trace."""
    patience: float = 3 * 60 * 60
    """How long one operation may take: UpdateShardCount of thousands of shards takes hours."""

    def backoff_after(self, attempt: int) -> float:
        """A pause with full jitter, so that those who were throttled together do not come back together."""
        return random.uniform(0, min(self.longest_backoff, self.backoff * 2**attempt))  # noqa: S311 - no secret

    def poll_after(self, looks: int) -> float:
        """A pause before another look; jitter keeps many streams from being looked at at once."""
        return min(self.longest_poll, self.poll * 1.5**looks) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret


TEMPO = Tempo()


@dataclass(frozen=True)
class Seen:
    """The open shards at one moment."""

    map: ShardMap
    shards: Mapping[HashKeys, str]
    """Their ids."""


@dataclass(frozen=True)
class LiveMap:
    """Looks at one stream."""

    aws: Aws
    stream: LiveStream
    tempo: Tempo

    def read(self) -> Seen:
        """The map as it is listed now.

        Raises:
            CliError: the shards listed do not divide the key space.
        """
        shards = [shard for shard in read_shards(self.aws, self.stream.arn, only_open=True) if shard.open]
        return Seen(ShardMap.of(shards), {(shard.start, shard.end): shard.shard_id for shard in shards})

    def when_active(self, pause: Callable[[float], None] = interruption.pause) -> Seen:
        """The map once no operation is under way.

        Args:
            pause: how to wait; the default gives up where an interruption is asked for.

        Raises:
            IncompleteError: it takes too long.
        """
        return self.when(lambda _: True, pause)

    def when_done(self, before: ShardMap, count: int | None = None) -> Seen:
        """The map once an operation that was accepted is complete; never given up for an interruption.

        The status may be told from before the operation for a moment. Where the map stays as it was for longer than
        that (or, where a ``count`` is given, has not as many shards), it is given back as it is.
        """
        began = time.monotonic()

        def good(seen: Seen) -> bool:
            changed = seen.map != before and (count is None or seen.map.count == count)
            return changed or time.monotonic() - began > self.tempo.grace

        return self.when(good, time.sleep)

    def when(self, good: Callable[[Seen], bool], pause: Callable[[float], None]) -> Seen:
        """The map once the stream is ACTIVE and ``good`` of it; throttled or lost looks are taken again."""
        began, looks, failures = time.monotonic(), 0, 0
        while True:
            try:
                if self._status() == "ACTIVE":
                    seen = self.read()
                    if good(seen):
                        return seen
                failures = 0
            except (*NO_ANSWER, ClientError, CliError) as error:
                failures += 1
                if failures >= self.tempo.attempts or (isinstance(error, ClientError) and not passes(error)):
                    raise
            if time.monotonic() - began > self.tempo.patience:
                raise IncompleteError(
                    f"{self.stream.name} is still {self._status()} after {self.tempo.patience:.0f} seconds"
                )
            pause(self.tempo.poll_after(looks))
            looks += 1

    def _status(self) -> str:
        summary = self.aws.kinesis.describe_stream_summary(StreamName=self.stream.name)
        return summary["StreamDescriptionSummary"]["StreamStatus"]


def passes(error: ClientError) -> bool:
    """Whether the same look may succeed a moment later."""
    return throttled(error) or unanswered(error)


def throttled(error: ClientError) -> bool:
    """Whether a call came too soon, or above a limit."""
    return error.response["Error"]["Code"] in THROTTLED


def unanswered(error: ClientError) -> bool:
    """Whether the error is Kinesis' own (InternalFailure, ServiceUnavailable): what was asked for may have happened."""
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400) >= 500  # noqa: PLR2004 - 5xx
