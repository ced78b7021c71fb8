"""Topics: reading them, and every change that Kafka makes to them at once."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import AlterConfigOp, ConfigResource, ConfigResourceType
from kafka.errors import AuthorizationError, TopicAuthorizationFailedError, for_code

from cli.cluster.asking import TOPICS_PER_REQUEST, batches, portions, retrying
from cli.cluster.live import LiveTopic, NewTopic, Partition, Setting

HOURS, MINUTES = 3_600_000, 60_000
IN_OTHER_UNITS = {
    "retention.ms": {"log.retention.ms": 1, "log.retention.minutes": MINUTES, "log.retention.hours": HOURS},
    "segment.ms": {"log.roll.ms": 1, "log.roll.hours": HOURS},
    "segment.jitter.ms": {"log.roll.jitter.ms": 1, "log.roll.jitter.hours": HOURS},
}
"""Settings that brokers take in several units, the first that is set of these with its milliseconds; of those but
milliseconds they tell no topic that it inherits them (``org.apache.kafka.server.config.ServerTopicConfigSynonyms``)."""


class Topics:
    """What is asked of a cluster about its topics."""

    admin: KafkaAdminClient

    def topic_names(self) -> list[str]:
        """All topics except the cluster's own."""
        topics = retrying(lambda: self.admin.describe_topics(None))
        return sorted(topic["name"] for topic in topics if not topic["is_internal"])

    def topics(self, names: Collection[str], *, settings: bool = True) -> dict[str, LiveTopic]:
        """The topics among ``names`` that exist; one request for many, and one for their settings.

        Raises:
            kafka.errors.TopicAuthorizationFailedError: one may not be described, or its settings may not. Kafka answers
                as it does for a topic that is not there, or that has no settings, and both would be acted upon.
        """
        found: dict[str, LiveTopic] = {}
        for some in batches(list(names), TOPICS_PER_REQUEST):
            described = retrying(partial(self.admin.describe_topics, list(some)))
            found |= self._live(described, settings=settings)
        return found

    def topics_and_others(self, names: Collection[str]) -> tuple[dict[str, LiveTopic], list[str]]:
        """The topics among ``names`` that exist, and the names of all others that are not the cluster's own.

        The list of all topics brings their partitions with it, so that nothing has to be asked twice.
        """
        described = retrying(lambda: self.admin.describe_topics(None))
        wanted = set(names)
        others = sorted(t["name"] for t in described if not t["is_internal"] and t["name"] not in wanted)
        return self._live([topic for topic in described if topic["name"] in wanted], settings=True), others

    def inherited(self, topic: str, names: Collection[str]) -> dict[str, str]:
        """What settings of a topic would be if they were not set on it; without those that the brokers do not tell."""
        resources = [ConfigResource(ConfigResourceType.TOPIC, topic, list(names))]
        answer = retrying(lambda: self.admin.describe_configs(resources, include_synonyms=True, config_filter="all"))
        found: dict[str, str] = {}
        for name, entry in answer["topic"][topic].items():
            others = [each for each in entry["synonyms"] if each["source"] != "DYNAMIC_TOPIC_CONFIG"]
            if others and others[0]["value"] is not None:
                found[name] = others[0]["value"]
        return found | self._in_other_units([name for name in names if name in IN_OTHER_UNITS])

    def _in_other_units(self, names: Collection[str]) -> dict[str, str]:
        if not names:
            return {}
        broker = str(self.admin.describe_cluster()["brokers"][0]["broker_id"])
        resource = ConfigResource(ConfigResourceType.BROKER, broker)
        try:
            answer = retrying(lambda: self.admin.describe_configs([resource], config_filter="all"))
        except AuthorizationError:
            return {}
        entries = answer["broker"][broker]
        values = {
            name: [str(int(entries[key]["value"]) * unit) for key, unit in units.items() if entries[key]["value"]]
            for name, units in IN_OTHER_UNITS.items()
            if name in names
        }
        return {name: found[0] for name, found in values.items() if found}

    def create(self, topics: Sequence[NewTopic], *, validate_only: bool = False) -> dict[str, str]:
        """Create topics, or only ask whether the cluster would.

        Returns:
            the reason of the cluster for each topic that it refused.
        """
        refused: dict[str, str] = {}
        for some in portions(topics, lambda topic: 1 + topic.partitions + len(topic.config)):
            wanted = {
                topic.name: {
                    "num_partitions": topic.partitions,
                    "replication_factor": topic.replication,
                    "configs": dict(topic.config),
                }
                for topic in some
            }
            answer = self.admin.create_topics(wanted, validate_only=validate_only, raise_errors=False)
            refused |= _refused((t["name"], t["error_code"], t["error_message"]) for t in answer["topics"])
        return refused

    def alter_settings(
        self, settings: Mapping[str, Mapping[str, str | None]], *, validate_only: bool = False
    ) -> dict[str, str]:
        """Set or, with None, unset settings of topics, and no others of them (KIP-339).

        The older AlterConfigs, which takes away what it does not name, is never used.

        Args:
            settings: by topic, its settings with the values that they shall have.
            validate_only: only ask whether the cluster would.

        Returns:
            the reason of the cluster for each topic that it refused; nothing of a refused topic is changed.
        """
        refused: dict[str, str] = {}
        for some in portions(settings.items(), lambda entry: len(entry[1])):
            resources = [
                ConfigResource(ConfigResourceType.TOPIC, topic, dict(map(_altered, entries.items())))
                for topic, entries in some
            ]
            answer = self.admin.alter_configs(
                resources, validate_only=validate_only, raise_on_unknown=False, incremental=True
            )
            refused |= {topic: _reason(said) for topic, said in answer["topic"].items() if said != "OK"}
        return refused

    def add_partitions(self, counts: Mapping[str, int], *, validate_only: bool = False) -> dict[str, str]:
        """Let topics have this many partitions each.

        Returns:
            the reason of the cluster for each topic that it refused.
        """
        refused: dict[str, str] = {}
        for some in portions(counts.items(), lambda entry: entry[1]):
            answer = self.admin.create_partitions(dict(some), validate_only=validate_only, raise_errors=False)
            refused |= _refused((r.name, r.error_code, r.error_message) for r in answer.results)
        return refused

    def delete(self, names: Sequence[str]) -> dict[str, str]:
        """Delete topics with all their records.

        Returns:
            the reason of the cluster for each topic that it refused.
        """
        if not names:
            return {}
        answer = self.admin.delete_topics(list(names), raise_errors=False)
        return _refused((t["name"], t["error_code"], t.get("error_message")) for t in answer["topics"])

    def wait_until_ready(self, names: Sequence[str], *, seconds: float = 30.0) -> None:
        """Wait until every partition of the topics has a leader; KafkaTimeoutError when it takes longer."""
        self.admin.wait_for_topics(list(names), timeout_ms=int(seconds * 1000))

    def _live(self, described: Iterable[Mapping[str, Any]], *, settings: bool) -> dict[str, LiveTopic]:
        described = list(described)
        if denied := [
            topic["name"] for topic in described if topic["error_code"] == TopicAuthorizationFailedError.errno
        ]:
            raise TopicAuthorizationFailedError(f"to describe topic {', '.join(denied)}")
        there = {topic["name"]: topic for topic in described if topic["partitions"]}
        known: dict[str, dict[str, Setting]] = {}
        if settings:
            for some in batches(list(there), TOPICS_PER_REQUEST):
                known |= self._settings(some)
        return {name: _topic(topic, known.get(name, {})) for name, topic in there.items()}

    def _settings(self, names: Sequence[str]) -> dict[str, dict[str, Setting]]:
        resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        answer = retrying(lambda: self.admin.describe_configs(resources, config_filter="all"))
        return {
            topic: {name: setting(name, entry) for name, entry in sorted(entries.items())}
            for topic, entries in answer["topic"].items()
        }


def setting(name: str, entry: Mapping[str, Any]) -> Setting:
    """An entry of kafka-python's description of a topic or broker."""
    return Setting(
        name=name,
        value=entry["value"],
        source=str(entry["config_source"]).lower().replace("_", "-"),
        type=str(entry.get("config_type", "STRING")),
        read_only=bool(entry.get("read_only", False)),
    )


def _topic(described: Mapping[str, Any], settings: Mapping[str, Setting]) -> LiveTopic:
    return LiveTopic(
        name=described["name"],
        partitions=tuple(sorted(map(_partition, described["partitions"]), key=lambda p: p.index)),
        settings=settings,
        internal=bool(described["is_internal"]),
    )


def _partition(described: Mapping[str, Any]) -> Partition:
    leader = described["leader_id"]
    return Partition(
        index=described["partition_index"],
        leader=leader if leader >= 0 else None,
        replicas=tuple(described["replica_nodes"]),
        in_sync=tuple(described["isr_nodes"]),
    )


def _altered(entry: tuple[str, str | None]) -> tuple[str, tuple[AlterConfigOp, str | None]]:
    name, value = entry
    return name, (AlterConfigOp.DELETE if value is None else AlterConfigOp.SET, value)


def _reason(text: str) -> str:
    """``[Error 40] InvalidConfigurationError: Invalid value …`` without kafka-python's own words."""
    return re.sub(r"^\[Error \d+\] \w+: ", "", text)


def _refused(answers: Iterable[tuple[str, int, str | None]]) -> dict[str, str]:
    return {name: text or _named(code) for name, code, text in answers if code}


def _named(code: int) -> str:
    error = for_code(code)
    return f"{error.__name__.removesuffix('Error')}: {error.description}" if error.description else error.__name__
