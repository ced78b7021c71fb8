"""The server properties that MSK lets its users set, with the type and the bounds of each.

https://docs.aws.amazon.com/msk/latest/developerguide/msk-configuration-properties.html
A property that is not among them is refused by MSK when the configuration is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, StrictStr, WithJsonSchema

from environments.rules.findings import Finding, meant, refusal
from environments.rules.topic_settings import Flag, Kind, Plain, Ratio, Text, Whole, Words, kind_schema, written

_INT = 2**31 - 1

SERVER_SETTINGS: dict[str, Kind] = {
    "allow.everyone.if.no.acl.found": Flag(),
    "auto.create.topics.enable": Flag(),
    "compression.type": Words(("producer", "uncompressed", "gzip", "snappy", "lz4", "zstd")),
    "connections.max.idle.ms": Whole(-1),
    "default.replication.factor": Whole(1, _INT),
    "delete.topic.enable": Flag(),
    "group.initial.rebalance.delay.ms": Whole(0, _INT),
    "group.max.session.timeout.ms": Whole(1, _INT),
    "group.min.session.timeout.ms": Whole(1, _INT),
    "leader.imbalance.per.broker.percentage": Whole(0, _INT),
    "log.cleaner.delete.retention.ms": Whole(),
    "log.cleaner.min.cleanable.ratio": Ratio(),
    "log.cleanup.policy": Words(("compact", "delete"), many=True),
    "log.flush.interval.messages": Whole(1),
    "log.flush.interval.ms": Whole(),
    "log.local.retention.bytes": Whole(-2),
    "log.local.retention.ms": Whole(-2),
    "log.message.timestamp.after.max.ms": Whole(),
    "log.message.timestamp.before.max.ms": Whole(),
    "log.message.timestamp.type": Words(("CreateTime", "LogAppendTime")),
    "log.retention.bytes": Whole(-1),
    "log.retention.hours": Whole(-1, _INT),
    "log.retention.minutes": Whole(-1, _INT),
    "log.retention.ms": Whole(-1),
    "log.roll.ms": Whole(1),
    "log.segment.bytes": Whole(1 << 20, _INT),
    "max.incremental.fetch.session.cache.slots": Whole(0, _INT),
    "message.max.bytes": Whole(0, _INT),
    "min.insync.replicas": Whole(1, _INT),
    "num.io.threads": Whole(1, _INT),
    "num.network.threads": Whole(1, _INT),
    "num.partitions": Whole(1, _INT),
    "num.recovery.threads.per.data.dir": Whole(1, _INT),
    "num.replica.fetchers": Whole(1, _INT),
    "offsets.retention.minutes": Whole(1, _INT),
    "offsets.topic.replication.factor": Whole(1, 32767),
    "replica.fetch.max.bytes": Whole(0, _INT),
    "replica.fetch.response.max.bytes": Whole(0, _INT),
    "replica.lag.time.max.ms": Whole(1),
    "replica.selector.class": Text(),
    "replica.socket.receive.buffer.bytes": Whole(-1, _INT),
    "socket.receive.buffer.bytes": Whole(-1, _INT),
    "socket.request.max.bytes": Whole(1, _INT),
    "socket.send.buffer.bytes": Whole(-1, _INT),
    "transaction.max.timeout.ms": Whole(1, _INT),
    "transaction.state.log.min.isr": Whole(1, _INT),
    "transaction.state.log.replication.factor": Whole(1, 32767),
    "transactional.id.expiration.ms": Whole(1, _INT),
    "unclean.leader.election.enable": Flag(),
}


def _as_text(value: object) -> object:
    return written(value) if isinstance(value, bool | int | float) else value


def _settings(settings: dict[str, str]) -> dict[str, str]:
    if found := tuple(_findings(settings)):
        raise refusal(found)
    return {name: written(SERVER_SETTINGS[name].read(text)) for name, text in settings.items()}


def _findings(settings: Mapping[str, str]) -> Iterator[Finding]:
    for name, text in settings.items():
        if name not in SERVER_SETTINGS:
            near = meant(name, SERVER_SETTINGS)
            remedy = f"did you mean {near}?" if near else "see Custom MSK configurations in the MSK Developer Guide"
            yield Finding("is not a server property that MSK lets be set", remedy, (name,), name)
            continue
        try:
            SERVER_SETTINGS[name].read(text)
        except ValueError as error:
            rule, remedy = error.args
            yield Finding(rule, remedy, (name,), text)


def _write(settings: dict[str, str]) -> dict[str, Plain]:
    return {name: SERVER_SETTINGS[name].read(text) for name, text in settings.items()}


def _schema() -> dict[str, Any]:
    properties = {name: kind_schema(kind) for name, kind in SERVER_SETTINGS.items()}
    return {"type": "object", "properties": properties, "additionalProperties": False}


ServerSettings = Annotated[
    dict[str, Annotated[StrictStr, BeforeValidator(_as_text)]],
    AfterValidator(_settings),
    PlainSerializer(_write),
    WithJsonSchema(_schema()),
]
