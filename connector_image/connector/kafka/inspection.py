"""What a member of the group would meet: whether it may read, and whether what it has to read is there.

No group is joined and nothing is committed.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Final, Protocol

from confluent_kafka import KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin._acl import AclOperation

from connector.batch import Partition
from connector.config import KafkaSource
from connector.errors import ConnectorError, OffsetGap
from connector.kafka.admin import Admin
from connector.kafka.client import Client, patiently
from connector.kafka.diagnosis import Diagnosis
from connector.kafka.security import security_settings

_REFUSED: Final = frozenset({KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED})
# Brokers before Kafka 2.3 do not tell what a user may do (KIP-430).
_UNKNOWN: Final = frozenset({KafkaError._UNSUPPORTED_FEATURE, KafkaError.UNSUPPORTED_VERSION})  # noqa: SLF001 - librdkafka's own codes begin with an underscore


class _Described(Protocol):
    authorized_operations: Sequence[AclOperation] | None


class Inspection:
    """Asks the brokers of one source."""

    def __init__(self, config: KafkaSource, bootstrap: str) -> None:
        """Get ready to ask.

        Raises:
            ConnectorError: the settings of a client make no sense.
        """
        self._config = config
        self._bootstrap = bootstrap
        self._client = Client(config, bootstrap)
        settings = {"bootstrap.servers": bootstrap, **security_settings(config.security)}
        self._admin = Admin(settings, Diagnosis(bootstrap, config.security))

    def may_read_topic(self) -> bool | None:
        """Tell whether the topic may be read, None where the brokers do not tell.

        Raises:
            ConnectorError: the brokers do not answer.
        """
        topic = self._config.topic
        asked = TopicCollection([topic])
        describe = self._admin.client.describe_topics
        return self._may_read(f"topic {topic!r}", lambda: describe(asked, include_authorized_operations=True)[topic])

    def may_read_group(self) -> bool | None:
        """Tell whether the group may be joined and its offsets committed, None where the brokers do not tell.

        Raises:
            ConnectorError: the brokers do not answer.
        """
        group = self._config.group
        describe = self._admin.client.describe_consumer_groups
        return self._may_read(f"group {group!r}", lambda: describe([group], include_authorized_operations=True)[group])

    def _may_read(self, what: str, ask: Callable[[], "Future[_Described]"]) -> bool | None:
        try:
            allowed = patiently(lambda: self._admin.answer(ask())).authorized_operations
        except KafkaException as error:
            code = error.args[0].code()
            if code in _REFUSED:
                return False
            if code in _UNKNOWN:
                return None
            raise ConnectorError(f"{what}: {self._admin.explain(error.args[0])}") from None
        return None if allowed is None else AclOperation.READ in allowed

    def positions(self) -> tuple[str, list[OffsetGap]]:
        """Describe where the group would go on, and list the partitions where it could not.

        Raises:
            ConnectorError: the brokers do not tell.
        """
        group, topic = self._config.group, self._config.topic
        partitions = self._client.partitions(topic)
        try:
            committed = self._client.committed([TopicPartition(topic, number) for number in range(partitions)])
            known = [(place, *self._client.bounds(place)) for place in committed if place.offset >= 0]
        except KafkaException as error:
            raise ConnectorError(
                f"group {group!r}: where it goes on in {topic!r} cannot be read ({error.args[0].str()}); restore the"
                " brokers or the permission"
            ) from None
        gaps = [
            OffsetGap(Partition(topic, place.partition), group, self._bootstrap, place.offset, low, high)
            for place, low, high in known
            if not low <= place.offset <= high
        ]
        if not known:
            return f"{group} has none; it begins as source.start says", gaps
        behind = sum(max(0, high - place.offset) for place, _, high in known)
        return f"{group} has committed {len(known)} of {partitions} partitions and is {behind} records behind", gaps

    def close(self) -> None:
        """Ask nothing more."""
        self._client.consumer.close()
