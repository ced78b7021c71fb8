"""Whether a topic is fit for dead letters, found out before there are any."""

from typing import Final

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin._acl import AclOperation
from confluent_kafka.admin._config import ConfigEntry, ConfigResource

from connector.dead_letters.cluster import Cluster
from connector.dead_letters.target import Probed
from connector.errors import ConnectorError
from connector.kafka.admin import Admin
from connector.units import format_size

# What the headers and the framing of a letter may come to.
_ROOM: Final = 8192


def probe_topic(topic: str, cluster: Cluster, source_topic: str | None) -> Probed:
    """Describe a topic that takes dead letters.

    Raises:
        ConnectorError: it is not there, may not be written, or loses letters by compaction.
        NotAuthenticated: the brokers do not accept who we are.
    """
    return _Probe(topic, cluster).run(source_topic)


class _Probe:
    def __init__(self, topic: str, cluster: Cluster) -> None:
        self._topic = topic
        self._what = f"dead-letter topic {topic!r}"
        self._admin = Admin(cluster.settings(), cluster.diagnosis())

    def run(self, source_topic: str | None) -> Probed:
        asked = TopicCollection([self._topic])
        futures = self._admin.client.describe_topics(asked, include_authorized_operations=True)
        try:
            description = self._admin.answer(futures[self._topic])
        except KafkaException as error:
            raise self._explained(error.args[0]) from None
        allowed = description.authorized_operations
        if allowed is not None and AclOperation.WRITE not in allowed:
            raise ConnectorError(f"{self._what}: the user may not write to it; allow WRITE on the topic")
        settings = self._settings(self._topic)
        if "compact" in settings.get("cleanup.policy", ""):
            raise ConnectorError(
                f"{self._what}: is compacted, which removes all letters but the last of a key; set cleanup.policy to"
                " delete"
            )
        count = len(description.partitions)
        found = f"{self._topic} has {count} partition{'s' if count != 1 else ''}"
        limit = int(settings.get("max.message.bytes", 0))
        if not limit:
            return Probed(found)
        return Probed(f"{found} and takes batches up to {format_size(limit)}", self._tightness(limit, source_topic))

    def _tightness(self, limit: int, source_topic: str | None) -> str | None:
        """Say what follows when the source's records may be too large with a letter's headers."""
        largest = int(self._settings(source_topic).get("max.message.bytes", 0)) if source_topic else 0
        if not largest or largest + _ROOM <= limit:
            return None
        return (
            f"{source_topic} holds batches up to {format_size(largest)}, which may not fit with a letter's headers:"
            f" raise max.message.bytes of {self._topic} to {largest + _ROOM}, or the route stops at such a record"
        )

    def _settings(self, topic: str) -> dict[str, str]:
        """Read a topic's settings, none where that is not allowed."""
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
        try:
            answer = self._admin.client.describe_configs([resource])[resource]
            entries: dict[str, ConfigEntry] = self._admin.answer(answer)
        except KafkaException:
            return {}
        return {name: str(entry.value) for name, entry in entries.items()}

    def _explained(self, error: KafkaError) -> ConnectorError:
        if error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            return ConnectorError(f"{self._what}: does not exist; create it or correct dead_letters.topic")
        if error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
            return ConnectorError(f"{self._what}: {error.str()}; allow WRITE and DESCRIBE on the topic")
        return self._admin.explain(error)
