"""librdkafka's settings and its errors, said so that a person can act on them."""

import json
import logging
import time
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin._metadata import ClusterMetadata

from connector.config import KafkaSource as KafkaConfig
from connector.config import Sasl
from connector.errors import ConnectorError
from connector.kafka.diagnosis import Diagnosis, is_refusal
from connector.kafka.security import read_login, security_settings
from connector.log import RateLimited

PROBE_TIMEOUT: Final = 10.0
_PROBE_STEP: Final = 1.0
_KIBIBYTE: Final = 1024
_MEBIBYTE: Final = 1 << 20
# librdkafka's default, in milliseconds.
_POLL_INTERVAL: Final = 300_000
# Records of each partition; bytes count, unless the records are tiny.
_QUEUED: Final = 5_000
# Milliseconds until the queue is looked at again that had enough: what it holds must last as long.
_FETCH_BACKOFF: Final = 2
# How often librdkafka tells how it stands with the group, in milliseconds.
_STATISTICS: Final = 1_000
_MOVING: Final = frozenset(
    {
        KafkaError.NOT_COORDINATOR,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_LEADER_FOR_PARTITION,
    }
)
_PAUSE: Final = 0.1

Answer = TypeVar("Answer")
CommitCallback = Callable[[KafkaError | None, Sequence[TopicPartition]], None]
GroupCallback = Callable[[str, str], None]

log = RateLimited(__name__)


class _Seldom(logging.Filter):
    """Lets librdkafka say the same kind of thing once in a while: it repeats each failure for each attempt."""

    def __init__(self, interval: float = 60.0) -> None:
        super().__init__()
        self._interval = interval
        self._said: dict[object, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        # Its messages come as facility, client and text.
        kind = (record.levelno, record.args[0] if isinstance(record.args, tuple) and record.args else record.msg)
        now = time.monotonic()
        if now - self._said.get(kind, -self._interval) < self._interval:
            return False
        self._said[kind] = now
        return True


_library_log = logging.getLogger("connector.librdkafka")
_library_log.addFilter(_Seldom())


def patiently(ask: Callable[[], Answer]) -> Answer:
    """Ask a group's coordinator or a partition's leader again while it only moves, as it does when brokers come and go.

    Raises:
        KafkaException: another reason, or it takes too long.
    """
    deadline = time.monotonic() + PROBE_TIMEOUT
    while True:
        try:
            return ask()
        except KafkaException as error:
            if error.args[0].code() not in _MOVING or time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE)


def _group_states(hear: GroupCallback) -> Callable[[str], None]:
    """Pass on the states of coordinator and membership, of all that librdkafka's statistics hold."""

    def take(text: str) -> None:
        group = json.loads(text).get("cgrp", {})
        hear(group.get("state", ""), group.get("join_state", ""))

    return take


def _membership(config: KafkaConfig) -> dict[str, object]:
    session = int(config.session_timeout.total_seconds() * 1000)
    settings: dict[str, object] = {
        "group.id": config.group,
        # librdkafka wants it no shorter than the session.
        "max.poll.interval.ms": max(_POLL_INTERVAL, session),
    }
    if config.instance is not None:
        settings["group.instance.id"] = config.instance
    if config.protocol == "consumer":
        # The broker assigns and knows the time-outs; librdkafka refuses the settings of the classic protocol with it.
        return {**settings, "group.protocol": "consumer"}
    return {**settings, "partition.assignment.strategy": "cooperative-sticky", "session.timeout.ms": session}


class Client:
    """A consumer that remembers why the brokers refused it."""

    def __init__(
        self,
        config: KafkaConfig,
        bootstrap: str,
        on_commit: CommitCallback | None = None,
        on_group: GroupCallback | None = None,
    ) -> None:
        self._bootstrap = bootstrap
        self._security = config.security
        self._login = read_login(self._security) if isinstance(self._security, Sasl) else None
        self._refused = False
        self._diagnosis = Diagnosis(bootstrap, config.security)
        fetch = config.fetch
        settings: dict[str, object] = {
            "bootstrap.servers": bootstrap,
            "client.id": "streamops-connector",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            # Its other values skip records in silence when committed offsets are gone.
            "auto.offset.reset": "error",
            # A fetch is asked for while the queue holds less of either, so the last one of each broker comes on top.
            "queued.max.messages.kbytes": fetch // _KIBIBYTE,
            "queued.min.messages": _QUEUED,
            "fetch.max.bytes": fetch,
            "max.partition.fetch.bytes": min(_MEBIBYTE, fetch),
            # The default of 1,000 ms caps the rate at about 150,000 records/s once the queue was full.
            "fetch.queue.backoff.ms": _FETCH_BACKOFF,
            "error_cb": self._on_error,
            **({"on_commit": on_commit} if on_commit else {}),
            **({"stats_cb": _group_states(on_group), "statistics.interval.ms": _STATISTICS} if on_group else {}),
            **_membership(config),
            **security_settings(config.security),
        }
        try:
            self.consumer = Consumer(settings, logger=_library_log)
        except KafkaException as error:
            raise ConnectorError(
                f"source: the Kafka client refuses its settings ({error.args[0].str()}); correct source, above all"
                " the files and variables that source.security names, which must hold PEM"
            ) from None

    def partitions(self, topic: str) -> int:
        """Ask the brokers for the topic; return its number of partitions.

        Not from within a callback: confluent-kafka forgets there whose call it is in, and the next callback of that
        call, a line of the log for instance, aborts the process (`CallState_get: Assertion cs != NULL`).

        Raises:
            ConnectorError: the brokers cannot be reached or the topic is not there.
            NotAuthenticated: the brokers do not accept the user name or the password.
        """
        found = self._metadata(topic).topics[topic]
        if found.error is not None:
            if found.error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise ConnectorError(
                    f"topic {topic!r} at {self._bootstrap}: does not exist; create it or correct source.topic"
                )
            raise ConnectorError(f"topic {topic!r} at {self._bootstrap}: {found.error.str()}")
        return len(found.partitions)

    def committed(self, places: Sequence[TopicPartition]) -> list[TopicPartition]:
        """Ask the group's coordinator for committed offsets.

        Raises:
            KafkaException: it does not give them, nor after a while. An error for one partition counts too: taken for
                "never committed" it would skip what lies between.
        """
        answer: list[TopicPartition] = patiently(lambda: self.consumer.committed(list(places), timeout=PROBE_TIMEOUT))
        for place in answer:
            if place.error is not None:
                raise KafkaException(place.error)
        return answer

    def bounds(self, place: TopicPartition) -> tuple[int, int]:
        """Ask the leader of a partition for its first offset and for the one after its last.

        Raises:
            KafkaException: it does not tell.
        """
        bounds = patiently(lambda: self.consumer.get_watermark_offsets(place, timeout=PROBE_TIMEOUT))
        if bounds is None:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))  # noqa: SLF001 - librdkafka's own codes begin with an underscore
        low, high = bounds
        return low, high

    def offsets_at(self, places: Sequence[TopicPartition]) -> list[TopicPartition]:
        """Find the first offset at or after a time, given in each place's offset in milliseconds since the epoch.

        An offset below 0 in the answer: the partition holds nothing as late as that.

        Raises:
            KafkaException: the brokers do not tell.
        """
        if not places:
            return []
        answer: list[TopicPartition] = patiently(
            lambda: self.consumer.offsets_for_times(list(places), timeout=PROBE_TIMEOUT)
        )
        for place in answer:
            if place.error is not None:
                raise KafkaException(place.error)
        return answer

    def _metadata(self, topic: str) -> ClusterMetadata:
        started = time.monotonic()
        while True:
            try:
                metadata: ClusterMetadata = self.consumer.list_topics(topic, timeout=_PROBE_STEP)
            except KafkaException as error:
                # The reason comes by a callback, which only a poll serves.
                self.consumer.poll(0)
                self.attend()
                took = time.monotonic() - started
                if self._diagnosis.is_hopeless(took) or took > PROBE_TIMEOUT:
                    raise self._diagnosis.explain(error.args[0]) from None
            else:
                self._diagnosis.reached()
                return metadata

    def attend(self) -> None:
        """Look after a login that was refused: give librdkafka the user name and password that are there now.

        Not from within a callback, see `partitions`.
        """
        if not self._refused:
            return
        self._refused = False
        security = self._security
        if not isinstance(security, Sasl):
            return
        try:
            found = read_login(security)
        except ConnectorError as error:
            log.warning("the Kafka login cannot be read again", reason=str(error))
            return
        if found != self._login:
            self._login = found
            self.consumer.set_sasl_credentials(found[0].get_secret_value(), found[1].get_secret_value())
            log.info("the Kafka login has changed where it is found, logging in with the new one")
            self._diagnosis.changed()

    def _on_error(self, error: KafkaError) -> None:
        self._refused = self._refused or is_refusal(error)
        self._diagnosis.hear(error)
