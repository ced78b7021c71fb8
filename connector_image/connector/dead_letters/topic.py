"""A topic of the source's cluster as the place for dead letters, on librdkafka's idempotent producer.

Key, value and headers arrive byte for byte. The time of a record there is when it was rejected, not its
own, which a header keeps: retention goes by the time of records, and what was written weeks ago would
be removed as soon as it has arrived.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from connector.backoff import Backoff
from connector.batch import Partition
from connector.dead_letters.cluster import Cluster
from connector.dead_letters.headers import headers_of
from connector.dead_letters.ledger import Ledger
from connector.dead_letters.letter import Letter
from connector.dead_letters.target import Probed
from connector.dead_letters.topic_probe import probe_topic
from connector.errors import ConnectorError, Undeliverable
from connector.kafka.diagnosis import is_refusal
from connector.log import RateLimited

_SETTINGS: Final[Mapping[str, object]] = {
    "client.id": "streamops-connector-dead-letters",
    "acks": "all",
    "enable.idempotence": True,
    # 0 is for ever: a letter that timed out would only be sent again.
    "message.timeout.ms": 0,
    "linger.ms": 5,
    "batch.size": 65_536,
    # Only the topic knows its limit, and it goes by what is left after compression. So the client lets all through,
    # and compression makes room for the headers of a record that was as large as its own topic allows.
    "message.max.bytes": 1_000_000_000,
    "compression.type": "lz4",
    # The partition of a key that Java's producers choose.
    "partitioner": "murmur2_random",
}
_TOO_LARGE: Final = frozenset({KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE})
# librdkafka's own codes begin with an underscore.
_FATAL: Final = KafkaError._FATAL  # noqa: SLF001
_ALL_DOWN: Final = KafkaError._ALL_BROKERS_DOWN  # noqa: SLF001
# Letters are kept here and in the client's queue.
_COPIES: Final = 2
# Seconds without an acknowledgement after which a reported problem counts, and after which silence is one.
_GRACE: Final = 2.0
_SILENCE: Final = 15.0
_STEP: Final = 0.05

log = RateLimited(__name__)
_library_log = logging.getLogger("connector.librdkafka")


class TopicDeadLetters:
    """Dead letters in a topic; see `DeadLetters` for what each member means.

    A batch that is too large for the topic is refused as a whole, and it may be a neighbour's fault. So
    each letter of it is sent again alone, and only one that is refused alone is fatal.
    """

    def __init__(
        self,
        topic: str,
        route: str,
        cluster: Cluster,
        backoff: Backoff,
        *,
        source_topic: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make the producer; it connects by itself.

        Args:
            topic: Where letters go.
            route: Name of the route, for the letters' headers.
            cluster: The cluster of the topic.
            backoff: Waits before letters are sent again that the topic refused.
            source_topic: Topic of the route's records, to compare what both take.
            clock: Seconds that never go back.

        Raises:
            ConnectorError: the client refuses the settings.
        """
        self._topic = topic
        self._route = route
        self._cluster = cluster
        self._diagnosis = cluster.diagnosis()
        self._backoff = backoff
        self._source_topic = source_topic
        self._clock = clock
        self._ledger = Ledger()
        self._waiting: deque[Letter] = deque()
        self._suspects: deque[Letter] = deque()
        self._under_way: dict[int, Letter] = {}
        self._alone = False
        self._settled: list[tuple[Partition, int]] = []
        self._problem: str | None = None
        self._fatal: ConnectorError | None = None
        self._attempt = 0
        self._retry_at = 0.0
        self._quiet_since = clock()
        self._broken = False
        self._closed = False
        self._producer = self._new_producer()

    @property
    def pending(self) -> int:
        """See `DeadLetters`."""
        return len(self._ledger)

    @property
    def pending_bytes(self) -> int:
        """See `DeadLetters`."""
        return self._ledger.bytes * _COPIES

    @property
    def failing(self) -> str | None:
        """See `DeadLetters`."""
        if not self._ledger:
            return None
        quiet = self._clock() - self._quiet_since
        if self._problem is not None and quiet > _GRACE:
            return self._problem
        return f"topic {self._topic!r}: no acknowledgement for {quiet:.0f} s" if quiet > _SILENCE else None

    @property
    def fatal(self) -> ConnectorError | None:
        """See `DeadLetters`."""
        return self._fatal

    def probe(self) -> Probed:
        """See `DeadLetters`."""
        return probe_topic(self._topic, self._cluster, self._source_topic)

    def send(self, letter: Letter) -> None:
        """See `DeadLetters`."""
        if not self._ledger:
            self._quiet_since = self._clock()
        self._ledger.enter(letter)
        self._waiting.append(letter)
        self._pump()

    def settled(self) -> list[tuple[Partition, int]]:
        """See `DeadLetters`."""
        self._producer.poll(0)
        self._pump()
        settled, self._settled = self._settled, []
        return settled

    def flush(self) -> None:
        """See `DeadLetters`; nothing waits here longer than milliseconds."""

    def abandon(self, partitions: Collection[Partition]) -> None:
        """See `DeadLetters`."""
        self._ledger.forget(partitions)
        for queue in (self._waiting, self._suspects):
            unwanted = [letter for letter in queue if letter not in self._ledger]
            wanted = [letter for letter in queue if letter in self._ledger]
            queue.clear()
            queue.extend(wanted)
            for letter in unwanted:
                self._ledger.leave(letter)

    def close(self, timeout: float) -> int:
        """See `DeadLetters`."""
        deadline = self._clock() + timeout
        while (self._under_way or self._waiting or self._suspects) and self._clock() < deadline:
            self._producer.poll(_STEP)
            self._pump()
        self._closed = True
        self._producer.purge(blocking=False)
        return self.pending

    def _pump(self) -> None:
        """Hand over to the client what may go."""
        if self._closed or self._clock() < self._retry_at:
            return
        if self._broken:
            self._replace_producer()
        if self._broken:
            return
        if self._suspects and not self._under_way:
            self._alone = True
            self._produce(self._suspects.popleft())
        while self._waiting and not (self._alone or self._suspects) and self._clock() >= self._retry_at:
            if not self._produce(self._waiting.popleft()):
                return

    def _produce(self, letter: Letter) -> bool:
        """Hand a letter over; return whether the client has room for more."""
        self._under_way[id(letter)] = letter
        report = partial(self._on_delivery, letter)
        headers: list[tuple[str, str | bytes | None]] = [*headers_of(letter, self._route)]
        try:
            self._producer.produce(self._topic, letter.value, letter.key, headers=headers, on_delivery=report)
        except BufferError:
            del self._under_way[id(letter)]
            self._waiting.appendleft(letter)
            return False
        except KafkaException as error:
            self._reported(letter, error.args[0])
        return True

    def _on_delivery(self, letter: Letter, error: KafkaError | None, _: Message) -> None:
        # What closing has left is given back as purged.
        if not (self._closed and error):
            self._reported(letter, error)

    def _reported(self, letter: Letter, error: KafkaError | None) -> None:
        """Act on the fate of a letter."""
        del self._under_way[id(letter)]
        was_alone, self._alone = self._alone, False
        if error is None:
            self._attempt, self._problem, self._quiet_since = 0, None, self._clock()
            self._diagnosis.reached()
            if self._ledger.leave(letter):
                self._settled.append((letter.partition, letter.offset))
        elif letter not in self._ledger:
            self._ledger.leave(letter)
        elif error.code() not in _TOO_LARGE:
            self._waiting.append(letter)
            self._broken = self._broken or _is_fatal(error)
            self._refused(error.name(), f"topic {self._topic!r}: {error.str()}")
        elif was_alone:
            self._fatal = self._fatal or self._too_large(letter)
        else:
            self._suspects.append(letter)

    def _refused(self, code: str, problem: str) -> None:
        """Wait before anything is sent again; the refusals of one round count as one."""
        self._problem = problem
        now = self._clock()
        if now >= self._retry_at:
            self._retry_at = now + self._backoff.wait(self._attempt)
            self._attempt += 1
        log.warning("dead letters refused, they are sent again", code=code, reason=problem)

    def _too_large(self, letter: Letter) -> ConnectorError:
        size = len(letter.key or b"") + len(letter.value or b"")
        return Undeliverable(
            letter.partition,
            letter.offset,
            f"{letter.message}; and the dead-letter topic {self._topic!r} refuses it as too large ({size} bytes and"
            " its headers)",
            f"Raise max.message.bytes of {self._topic!r} above that of the source's topic, and start again.",
        )

    def _new_producer(self) -> Producer:
        try:
            return Producer({**_SETTINGS, **self._cluster.settings(), "error_cb": self._on_error}, logger=_library_log)
        except KafkaException as error:
            raise ConnectorError(
                f"dead_letters.topic: the Kafka client refuses its settings ({error.args[0].str()}); correct source,"
                " above all source.security"
            ) from None

    def _replace_producer(self) -> None:
        """Begin anew: a producer that lost track of its sequence numbers, or was refused its login, is of no more use.

        The new one logs in with the secrets that are found now. Nobody polls the old one any more, so it reports
        nothing that would count twice.
        """
        try:
            producer = self._new_producer()
        except ConnectorError as error:
            self._refused("LOGIN", str(error))
            return
        self._producer.purge(blocking=False)
        self._waiting.extendleft(reversed(self._under_way.values()))
        self._under_way.clear()
        self._alone = self._broken = False
        self._producer = producer
        self._diagnosis.changed()

    def _on_error(self, error: KafkaError) -> None:
        if _is_fatal(error):
            self._broken = True
            self._refused(error.name(), f"topic {self._topic!r}: {error.str()}")
            return
        self._diagnosis.hear(error)
        if is_refusal(error):
            self._broken = True
            self._refused(error.name(), str(self._diagnosis.explain(error)))
        elif error.code() == _ALL_DOWN:
            self._problem = str(self._diagnosis.explain(error))


def _is_fatal(error: KafkaError) -> bool:
    return bool(error.fatal()) or error.code() == _FATAL
