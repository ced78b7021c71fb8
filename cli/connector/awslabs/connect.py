"""Keys of Kafka Connect itself: of its sinks, its consumers and its workers."""

from __future__ import annotations

from cli.connector.awslabs.draft import Draft, LeftOutKey, RefusedKeyError
from cli.connector.awslabs.keys import Handler
from cli.connector.awslabs.security import SECURITY, security

_TEXT = "org.apache.kafka.connect.storage.StringConverter"
_BYTES = "org.apache.kafka.connect.converters.ByteArrayConverter"
_JSON = "org.apache.kafka.connect.json.JsonConverter"


def _value_converter(draft: Draft, value: str) -> str:
    match value:
        case x if x in {_TEXT, _BYTES}:
            return "format: value, the default: the same bytes"
        # A switch of Connect's own (ConfigDef), which takes true and false only.
        case x if x == _JSON and draft.properties.get("value.converter.schemas.enable", "").strip().lower() == "false":
            raise LeftOutKey("the connector fails at JSON without schemas; now values are sent as they are")
    raise RefusedKeyError(
        "makes other bytes out of a value than Kafka holds, and streamops sends values as they are; where readers can "
        "take those, take the key out and import again"
    )


def _key_converter(draft: Draft, value: str) -> str:
    if draft.kind == "firehose":
        raise LeftOutKey("Firehose gets no keys")
    if value == _TEXT:
        return "partition_key: key, the default"
    if value == _BYTES:
        return (
            "partition_key: key, the default; so far the partition key was the address of the bytes in memory, "
            "another one for each record"
        )
    return "partition_key: key, the default: of the bytes as they are, so keys move to other shards once"


def _errors_tolerance(draft: Draft, value: str) -> str:
    if value == "none":
        return "without dead_letters a route stops at what it cannot deliver"
    if draft.properties.get("errors.deadletterqueue.topic.name"):
        return "dead_letters"
    raise RefusedKeyError(
        "drops records in silence; name a topic in errors.deadletterqueue.topic.name, or take the key out: the route "
        "then stops at what it cannot deliver"
    )


def _start(draft: Draft, value: str) -> str:
    if value not in {"earliest", "latest"}:
        raise RefusedKeyError("stops where nothing is committed; write earliest or latest")
    draft.source["start"] = value
    return f"start: {value}"


def _group(draft: Draft, value: str) -> str:
    if not draft.standalone:
        raise LeftOutKey("the group of a route is named for it; see the note on where it starts")
    return f"source.group: {value}"


def _instance(draft: Draft, value: str) -> str:
    if not draft.standalone:
        raise LeftOutKey("tasks of ECS come and go, and none keeps its name")
    draft.source["instance"] = value
    return f"source.instance: {value}"


def _bootstrap(draft: Draft, value: str) -> str:
    if not draft.standalone:
        raise LeftOutKey("the cluster is the environment's: kafka.bootstrap")
    # A list to Kafka: space around a comma and an empty place count for nothing (ConfigDef, ClientUtils).
    addresses = ",".join(filter(None, map(str.strip, value.split(","))))
    draft.source["bootstrap"] = addresses
    return f"source.bootstrap: {addresses}"


def _refused(what: str) -> Handler:
    def refuse(draft: Draft, value: str) -> str:  # noqa: ARG001 - all handlers are called alike
        raise RefusedKeyError(what)

    return refuse


_TRANSFORMS = _refused(
    "changes records on their way, which streamops does not; do it where they are written or read, then take the "
    "key out and import again"
)

HANDLERS: dict[str, Handler] = {
    "key.converter": _key_converter,
    "value.converter": _value_converter,
    "topics.regex": _refused("names topics by a pattern, and a route reads one; list them in topics"),
    "transforms": _TRANSFORMS,
    "predicates": _TRANSFORMS,
    "errors.tolerance": _errors_tolerance,
    "bootstrap.servers": _bootstrap,
    **dict.fromkeys(SECURITY, security),
}
"""Connect's keys, those of security also with ``consumer.`` or ``consumer.override.`` before them."""

OF_CONSUMERS: dict[str, Handler] = {
    "auto.offset.reset": _start,
    "group.instance.id": _instance,
    "group.id": _group,
}
"""Keys that mean something to a consumer only: with one of the two before them, and without effect otherwise."""

_ITS_OWN = "Connect's own, and streamops has no workers"
_READING = "the connector reads ahead as far as its memory allows"
LEFT_OUT: dict[str, str] = {
    "errors.deadletterqueue.context.headers.enable": "dead letters always tell where they are from and why",
    "errors.deadletterqueue.topic.replication.factor": "the topic is declared under topics, with its replication",
    "header.converter": "only the value is sent; format: envelope would keep headers",
    "key.converter.schemas.enable": "keys are taken as the bytes they are",
    "value.converter.schemas.enable": "values are sent as the bytes they are",
    "group.id": "the group of Connect's workers, not of the connector",
    "client.id": "clients are named for their route",
    "isolation.level": "only committed records are read",
    "enable.auto.commit": "only what was acknowledged is ever committed",
    "partition.assignment.strategy": "partitions move one by one (cooperative-sticky)",
    "schemas.enable": "values are sent as the bytes they are",
    "config.action.reload": _ITS_OWN,
    "plugin.path": _ITS_OWN,
    "exactly.once.source.support": _ITS_OWN,
    "metric.reporters": _ITS_OWN,
    "client.rack": "brokers are read from wherever their leaders are",
}
LEFT_OUT_PREFIXES: dict[str, str] = {
    "errors.": "errors of the connector are logged, and what cannot be delivered has its dead_letters",
    "offset.": _ITS_OWN,
    "config.": _ITS_OWN,
    "status.": _ITS_OWN,
    "internal.": _ITS_OWN,
    "rest.": _ITS_OWN,
    "admin.": _ITS_OWN,
    "producer.": _ITS_OWN,
    "plugin.": _ITS_OWN,
    "listeners": _ITS_OWN,
    "task.": _ITS_OWN,
    "tasks.max.": _ITS_OWN,
    "connector.client.": _ITS_OWN,
    "scheduled.rebalance.": _ITS_OWN,
    "worker.": _ITS_OWN,
    "access.control.": _ITS_OWN,
    "inter.worker.": _ITS_OWN,
    "metrics.": _ITS_OWN,
    "topic.creation": _ITS_OWN,
    "fetch.": _READING,
    "max.": _READING,
    "receive.buffer": _READING,
    "send.buffer": _READING,
    "session.": "a silent member loses its partitions after 10 s; its heartbeat does not wait for its work",
    "heartbeat.": "a silent member loses its partitions after 10 s; its heartbeat does not wait for its work",
    "rebalance.": "a silent member loses its partitions after 10 s; its heartbeat does not wait for its work",
    "reconnect.": "the client of Kafka has its own timing",
    "retry.": "the client of Kafka has its own timing",
    "request.": "the client of Kafka has its own timing",
    "metadata.": "the client of Kafka has its own timing",
    "connections.": "the client of Kafka has its own timing",
    "default.api.": "the client of Kafka has its own timing",
    "socket.": "the client of Kafka has its own timing",
    "interceptor": "there is nothing to intercept in",
    "key.converter.": "keys are taken as the bytes they are",
    "value.converter.": "values are sent as the bytes they are",
    "header.converter.": "only the value is sent",
}
