"""A Kafka topic as a source: one member of a consumer group, on librdkafka.

Offsets are committed only when the engine says so. Rebalances are cooperative: partitions that stay
are read on while others move.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from connector.batch import Batch, Columns, Partition
from connector.config import KafkaSource as KafkaConfig
from connector.errors import ConnectorError, OffsetGap
from connector.kafka.client import PROBE_TIMEOUT, Client, patiently
from connector.kafka.diagnosis import ended, is_fatal
from connector.kafka.ends import Ends
from connector.kafka.messages import batches
from connector.kafka.start import is_new, milliseconds, read_note, write_note
from connector.log import RateLimited
from connector.source import Owner

# What librdkafka calls a coordinator that answers, and a membership in which nothing is to be done.
# https://github.com/confluentinc/librdkafka/blob/master/STATISTICS.md
_REACHED: Final = "up"
_SHARED_OUT: Final = "steady"

_error = Message.error
_NO_MORE: Final = Columns()

log = RateLimited(__name__)


class KafkaSource:
    """Reads a topic as a member of its group."""

    def __init__(self, config: KafkaConfig, bootstrap: str, columns: Columns = _NO_MORE, most: int = 500) -> None:
        """Prepare to read.

        Args:
            config: What to read, and as whom.
            bootstrap: Addresses of brokers.
            columns: What is wanted of each record.
            most: Records that one poll gives at most.
        """
        self._config = config
        self._bootstrap = bootstrap
        self._columns = columns
        self._most = most
        self._client = Client(config, bootstrap, self._on_commit, self._on_group)
        self._consumer: Consumer = self._client.consumer
        self._ends = Ends(self._consumer)
        self._note = ""
        self._partitions = 0
        self._owner: Owner | None = None
        self._failure: Exception | None = None
        self._paused: set[Partition] = set()
        self._stopped: set[Partition] = set()
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
        self._partitions = self._client.partitions(self._config.topic)
        self._consumer.subscribe(
            [self._config.topic], on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
        )

    def poll(self, patience: float) -> list[Batch]:
        """Take the records that are there, waiting `patience` seconds at the longest; one batch for each partition.

        Raises:
            ConnectorError: reading cannot go on.
        """
        messages = self._consumer.consume(self._most, patience)
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

    def commit(self, positions: Mapping[Partition, int], *, wait: bool) -> None:
        """Commit these offsets; with `wait`, be sure of it (or have logged why not) on return."""
        offsets = [self._commitable(partition, offset) for partition, offset in positions.items()]
        if not offsets:
            return
        try:
            if not wait:
                self._consumer.commit(offsets=offsets, asynchronous=True)
                return
            results = self._commit_now(offsets)
        except KafkaException as error:
            self._on_commit(error.args[0], offsets)
        else:
            self._on_commit(None, results)

    def lags(self, positions: Mapping[Partition, int]) -> Mapping[Partition, int]:
        """Count what each partition holds from its position on, as far as that is known."""
        found: dict[Partition, int] = {}
        for partition, (low, high) in self._ends.of(positions, self._paused | self._stopped).items():
            # The commit of a topic that was made anew lies past its end: all of it is still to be read.
            is_past = partition in self._stopped and positions[partition] > high
            found[partition] = max(0, high - (low if is_past else positions[partition]))
        return found

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()

    def _commitable(self, partition: Partition, offset: int) -> TopicPartition:
        return TopicPartition(partition.topic, partition.number, offset, self._note)

    def _commit_now(self, offsets: list[TopicPartition]) -> list[TopicPartition]:
        return patiently(lambda: self._consumer.commit(offsets=offsets, asynchronous=False)) or []

    def _is_record(self, message: Message) -> bool:
        error = message.error()
        if error is None:
            return True
        if error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001 - librdkafka's own codes begin with an underscore
            partition = Partition(str(message.topic()), int(message.partition() or 0))
            self._stopped.add(partition)
            if self._owner is not None:
                self._owner.stopped(partition, self._gap(partition))
            return False
        if is_fatal(error):
            raise ended(error, self._config)
        log.warning("Kafka client reports an error, it goes on trying", code=error.name(), reason=error.str())
        return False

    def _gap(self, partition: Partition) -> ConnectorError:
        place = TopicPartition(partition.topic, partition.number)
        try:
            low, high = self._bounds(place)
            (committed,) = self._client.committed([place])
        except KafkaException as error:
            return ConnectorError(f"gap in {partition}: its offset is out of range, and {error.args[0].str()}")
        # In the middle of a run the position can be lost although the commit is not.
        known = committed.offset if not low <= committed.offset <= high else None
        return OffsetGap(partition, self._config.group, self._bootstrap, known, low, high)

    def _bounds(self, place: TopicPartition) -> tuple[int, int]:
        bounds = patiently(lambda: self._consumer.get_watermark_offsets(place, timeout=PROBE_TIMEOUT))
        if bounds is None:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))  # noqa: SLF001 - as above
        return bounds

    def _on_assign(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        if self._failure is not None or self._owner is None:
            return
        try:
            starts = self._starts(self._client.committed(places)) if places else {}
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

    def _starts(self, committed: Sequence[TopicPartition]) -> dict[Partition, int]:
        """Find where each partition begins, and commit the beginnings that are new."""
        starts = {Partition(place.topic, place.partition): place.offset for place in committed}
        first_partitions = self._first_partitions()
        fresh = [partition for partition, offset in starts.items() if offset < 0]
        beginnings = self._beginnings(fresh, first_partitions)
        self._commit_beginnings(beginnings)
        return starts | beginnings

    def _beginnings(self, fresh: Collection[Partition], first_partitions: int | None) -> dict[Partition, int]:
        """Find the first offsets of partitions of which nothing is committed."""
        start = self._config.start
        found: dict[Partition, int] = {}
        timed: list[TopicPartition] = []
        for partition in fresh:
            low, high = self._bounds(TopicPartition(*partition))
            if start == "earliest" or is_new(partition, first_partitions):
                found[partition] = low
                continue
            found[partition] = high
            if isinstance(start, datetime):
                timed.append(TopicPartition(*partition, milliseconds(start)))
        # The ends are older than this answer, so that a record which comes in between is behind them and is read.
        for place in self._client.offsets_at(timed):
            if place.offset >= 0:
                found[Partition(place.topic, place.partition)] = place.offset
        return found

    def _commit_beginnings(self, starts: Mapping[Partition, int]) -> None:
        """Commit first offsets, or fail: read without them, a second start would be a first one and skip again."""
        if not starts:
            return
        confirmed = set()
        for place in self._commit_now([self._commitable(partition, offset) for partition, offset in starts.items()]):
            if place.error is not None:
                raise KafkaException(place.error)
            confirmed.add(Partition(place.topic, place.partition))
        if confirmed != starts.keys():
            raise KafkaException(KafkaError(KafkaError._NO_OFFSET))  # noqa: SLF001 - as above

    def _first_partitions(self) -> int | None:
        """Find how many partitions the topic had on the first start, which may be this one."""
        count = self._partitions
        everywhere = [TopicPartition(self._config.topic, number) for number in range(count)]
        committed = [place for place in self._client.committed(everywhere) if place.offset >= 0]
        first = read_note([place.metadata for place in committed]) if committed else count
        self._note = write_note(first) if first is not None else ""
        return first

    def _on_revoke(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        if self._owner is not None:
            self.commit(self._owner.revoked(_partitions(places)), wait=True)
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
