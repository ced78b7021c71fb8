"""A Kafka topic as a source: one member of a consumer group, on librdkafka.

Offsets are committed only when the engine says so. Rebalances are cooperative: partitions that stay
are read on while others move.
"""

import math
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from connector.batch import Batch, Columns, Partition
from connector.config import KafkaSource as KafkaConfig
from connector.errors import ConnectorError, OffsetGap
from connector.kafka.bounded import bounded
from connector.kafka.client import Client
from connector.kafka.commits import Commits
from connector.kafka.diagnosis import ended, is_fatal
from connector.kafka.ends import Ends
from connector.kafka.messages import batches
from connector.kafka.start import Starts
from connector.log import Log, RateLimited
from connector.source import Owner

# What librdkafka calls a coordinator that answers, and a membership in which nothing is to be done.
# https://github.com/confluentinc/librdkafka/blob/master/STATISTICS.md
_REACHED: Final = "up"
_SHARED_OUT: Final = "steady"
# How long the last commit of partitions that go is waited for, and the group's answer to a goodbye: at the longest, and
# at the least even where a stop has no time left. A broker that is alive answers in milliseconds.
_COMMIT_PATIENCE: Final = (20.0, 3.0)
_LEAVE_PATIENCE: Final = (5.0, 2.0)

_error = Message.error
_NO_MORE: Final = Columns()

log = RateLimited(__name__)
_every: Final = Log(__name__)


class KafkaSource:
    """Reads a topic as a member of its group."""

    def __init__(
        self,
        config: KafkaConfig,
        bootstrap: str,
        columns: Columns = _NO_MORE,
        most: int = 500,
        waiting: int | None = None,
    ) -> None:
        """Prepare to read.

        Args:
            config: What to read, and as whom.
            bootstrap: Addresses of brokers.
            columns: What is wanted of each record.
            most: Records that one poll gives at most.
            waiting: Records that one poll gives at most which may wait for them; without it as many.
        """
        self._config = config
        self._bootstrap = bootstrap
        self._columns = columns
        self._most = most
        self._waiting = waiting or most
        self._client = Client(config, bootstrap, self._on_commit, self._on_group)
        self._consumer: Consumer = self._client.consumer
        self._commits = Commits(self._consumer)
        self._ends = Ends(self._consumer)
        self._starts: Starts | None = None
        self._owner: Owner | None = None
        self._failure: Exception | None = None
        self._paused: set[Partition] = set()
        self._stopped: set[Partition] = set()
        self._end = math.inf
        self.joined = False
        """Whether the group counts this member in; false also while no broker that could tell is there."""

    def probe(self) -> None:
        """Find out before the start whether the brokers answer and the topic is there.

        Raises:
            ConnectorError: they do not, or it is not.
        """
        self._client.partitions(self._config.topic)

    def start(self, owner: Owner) -> None:
        """Join the group.

        Raises:
            ConnectorError: the brokers do not answer, or the topic is not there.
        """
        self._owner = owner
        # Not later, within the callback of an assignment: asking for metadata there makes the client library abort the
        # process when another callback follows in the same call. A partition that appears in between counts as new.
        partitions = self._client.partitions(self._config.topic)
        self._starts = Starts(self._config, self._client, self._commits, partitions)
        self._consumer.subscribe(
            [self._config.topic], on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
        )

    def poll(self, patience: float) -> list[Batch]:
        """Take the records that are there, waiting `patience` seconds at the longest; one batch for each partition.

        Raises:
            ConnectorError: reading cannot go on.
        """
        messages = self._consumer.consume(self._waiting if patience else self._most, patience)
        if self._failure is not None:
            raise self._failure
        self._client.attend()
        if any(map(_error, messages)):
            messages = [message for message in messages if self._is_record(message)]
        return batches(messages, self._columns) if messages else []

    def pause(self, partitions: Collection[Partition]) -> None:
        """Let `poll` return nothing of these partitions for now."""
        self._paused.update(partitions)
        self._consumer.pause([TopicPartition(*partition) for partition in partitions])

    def resume(self, partitions: Collection[Partition]) -> None:
        """Undo `pause`."""
        self._paused.difference_update(partitions)
        self._consumer.resume([TopicPartition(*partition) for partition in partitions])

    def commit(self, positions: Mapping[Partition, int]) -> None:
        """Commit these offsets; the owner hears of it when it is done."""
        try:
            self._commits.send(positions)
        except KafkaException as error:
            self._on_commit(error.args[0], [TopicPartition(*partition) for partition in positions])

    def lags(self, positions: Mapping[Partition, int]) -> Mapping[Partition, int]:
        """Count what each partition holds from its position on, as far as that is known."""
        found: dict[Partition, int] = {}
        for partition, (low, high) in self._ends.of(positions, self._paused | self._stopped).items():
            # The commit of a topic that was made anew lies past its end: all of it is still to be read.
            is_past = partition in self._stopped and positions[partition] > high
            found[partition] = max(0, high - (low if is_past else positions[partition]))
        return found

    def finish(self, end: float) -> None:
        """Take up no more partitions, and let no broker's silence last much beyond `end`, of the monotonic clock."""
        self._end = end

    def close(self) -> None:
        """Give all partitions up, commit what the owner has finished of them, and leave the group."""
        if self._owner is not None:
            self._commit_last(self._owner.revoked(_partitions(self._consumer.assignment())))
        # What librdkafka still tells it tells on another thread, and the owner may be gone by then.
        self._owner = None
        try:
            bounded(self._consumer.close, self._patience(_LEAVE_PATIENCE))
        except KafkaException as error:
            problem = error.args[0]
            _every.warning(
                "the group was not left, it finds out by the session's time-out",
                code=problem.name(),
                reason=problem.str(),
            )

    @property
    def _is_ending(self) -> bool:
        return self._end < math.inf

    def _patience(self, bounds: tuple[float, float]) -> float:
        most, least = bounds
        return min(most, max(least, self._end - time.monotonic()))

    def _commit_last(self, positions: Mapping[Partition, int]) -> None:
        """Commit what goes with partitions that are given up; be sure of it, or tell what is delivered again."""
        if not positions:
            return
        done, problem = self._commits.confirm(positions, self._patience(_COMMIT_PATIENCE))
        if problem is not None:
            _every.warning(
                "the last commit of partitions failed: what they delivered since the one before is delivered again",
                code=problem.name(),
                reason=problem.str(),
                delivered_up_to={str(place): offset for place, offset in positions.items() if place not in done},
            )

    def _is_record(self, message: Message) -> bool:
        error = message.error()
        if error is None:
            return True
        if error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001 - librdkafka's own codes begin with an underscore
            partition = Partition(str(message.topic()), int(message.partition() or 0))
            self._stopped.add(partition)
            if self._owner is not None and not self._is_ending:
                self._owner.stopped(partition, self._gap(partition))
            return False
        if is_fatal(error):
            raise ended(error, self._config)
        log.warning("Kafka client reports an error, it goes on trying", code=error.name(), reason=error.str())
        return False

    def _gap(self, partition: Partition) -> ConnectorError:
        place = TopicPartition(partition.topic, partition.number)
        try:
            low, high = self._client.bounds(place)
            (committed,) = self._client.committed([place])
        except KafkaException as error:
            return ConnectorError(f"gap in {partition}: its offset is out of range, and {error.args[0].str()}")
        # In the middle of a run the position can be lost although the commit is not.
        known = committed.offset if not low <= committed.offset <= high else None
        return OffsetGap(partition, self._config.group, self._bootstrap, known, low, high)

    def _on_assign(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        if self._failure is not None or self._owner is None or self._starts is None or self._is_ending:
            return
        try:
            starts = self._starts.of(places) if places else {}
        # Exceptions do not cross librdkafka's callbacks; `poll` raises them.
        except ConnectorError as error:
            self._failure = error
            return
        except KafkaException as error:
            self._failure = ConnectorError(
                f"group {self._config.group!r}: where to begin can be neither read nor committed"
                f" ({error.args[0].str()}); restore the brokers or the permission to read the group, and start again"
            )
            return
        self.joined = True
        consumer.incremental_assign([TopicPartition(*partition, offset) for partition, offset in starts.items()])
        self._owner.assigned(list(starts))
        self._owner.committed(starts)

    def _on_revoke(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        if self._owner is not None:
            self._commit_last(self._owner.revoked(_partitions(places)))
        self._give_up(consumer, places)

    def _on_lost(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        if self._owner is not None:
            self._owner.lost(_partitions(places))
        self.joined = False
        self._give_up(consumer, places)

    def _give_up(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        # librdkafka remembers a pause beyond the assignment: a partition that comes back would stand still for ever.
        if leaving := self._paused.intersection(_partitions(places)):
            consumer.resume([TopicPartition(*partition) for partition in leaving])
            self._paused -= leaving
        self._stopped.difference_update(_partitions(places))
        consumer.incremental_unassign(places)

    def _on_group(self, state: str, join_state: str) -> None:
        """Learn how the group's coordinator is reached, and whether it has given out the shares."""
        if state != _REACHED:
            self.joined = False
        elif join_state == _SHARED_OUT:
            self.joined = True

    def _on_commit(self, error: KafkaError | None, places: Sequence[TopicPartition]) -> None:
        done = {}
        for place in places:
            if problem := error or place.error:
                log.warning("commit failed, the next one makes up for it", code=problem.name(), reason=problem.str())
            else:
                done[Partition(place.topic, place.partition)] = place.offset
        if done and self._owner is not None:
            self._owner.committed(done)


def _partitions(places: Collection[TopicPartition]) -> list[Partition]:
    return [Partition(place.topic, place.partition) for place in places]
