"""The connector's own keys, one function each: it writes what the key means, or says why it does not.

Defaults and behaviour are those of the connector's last commit (2023-03), not those of its README.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from cli.connector.awslabs.draft import Draft, LeftOutKey, RefusedKeyError, bounded, switch, whole_number
from environments.quantities import format_duration, format_size

_METRICS = "every connector serves all its metrics; connectors.metrics: cloudwatch sends them there"

Handler = Callable[[Draft, str], str]

MOST_LINGER = 10_000
MOST_CONNECTIONS = 256
MOST_BATCH = 500
LEAST_BATCH_BYTES = 1000 << 10
"""What one record may have. The connector sent a batch once it was past its size, so never less than a record."""
MOST_BATCH_BYTES = 4 << 20
METRICS_LEVELS = ("none", "summary", "detailed")
_ROLE = re.compile(r"arn:[a-z-]+:iam::(?P<account>[0-9]{12}):role/.+")
_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"https?://({_LABEL}\.)*{_LABEL}(:[0-9]{{1,5}})?/?")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]+")


def _region(draft: Draft, value: str) -> str:
    if not _REGION.fullmatch(value):
        raise RefusedKeyError("is not a region; write its code, as in eu-west-1")
    if draft.standalone:
        draft.sink["region"] = value
        return f"sink.region: {value}"
    if draft.environment is None:
        raise LeftOutKey(f"the route belongs into an environment with region: {value}")
    if draft.environment.region != value:
        raise RefusedKeyError(
            f"is not the region of {draft.environment.name} ({draft.environment.region}); "
            f"name an environment of {value}, or use --standalone"
        )
    raise LeftOutKey("it is the environment's own")


def _endpoint(draft: Draft, value: str) -> str:
    if not draft.standalone:
        raise LeftOutKey(f"the network of the environment has a way to {draft.service}; --standalone keeps the address")
    url = value if value.startswith(("http://", "https://")) else f"https://{value}"
    if not _ADDRESS.fullmatch(url):
        raise RefusedKeyError("is not the address of a service; write its host, with https:// before it or without")
    draft.sink["endpoint"] = url
    return f"sink.endpoint: {url}"


def _role(draft: Draft, value: str) -> str:
    role = _ROLE.fullmatch(value)
    if role is None:
        raise RefusedKeyError("is not the ARN of a role; write it whole, as in arn:aws:iam::111122223333:role/writer")
    if draft.standalone:
        draft.sink.setdefault("role", {})["arn"] = value
        return f"sink.role.arn: {value}"
    account = role["account"]
    if draft.environment is not None and draft.environment.account != account:
        raise RefusedKeyError(
            f"is a role of account {account}, and routes of {draft.environment.name} write into account "
            f"{draft.environment.account}; name an environment of that account, or use --standalone"
        )
    raise LeftOutKey(f"the deployment makes a role for each route, in the environment's account (here {account})")


def _external_id(draft: Draft, value: str) -> str:
    return _of_role(draft, "external_id", value)


def _session(draft: Draft, value: str) -> str:
    return _of_role(draft, "session", value)


def _of_role(draft: Draft, name: str, value: str) -> str:
    if "roleARN" not in draft.properties:
        raise LeftOutKey("it has no effect without roleARN")
    if not draft.standalone:
        raise LeftOutKey("the deployment makes a role for each route; nothing is assumed")
    draft.sink.setdefault("role", {})[name] = value
    return f"sink.role.{name}: {value}"


def _buffered_time(draft: Draft, value: str) -> str:
    milliseconds, remark = bounded(value, 1, MOST_LINGER)
    draft.source["linger"] = linger = format_duration(timedelta(milliseconds=milliseconds))
    return f"linger: {linger}{remark}"


def _connections(draft: Draft, value: str) -> str:
    count, remark = bounded(value, 1, MOST_CONNECTIONS)
    if not draft.standalone:
        raise LeftOutKey("a connector has 16, which one thread serves; --standalone keeps the number")
    draft.sink["connections"] = count
    return f"sink.connections: {count}{remark}"


def _aggregation(draft: Draft, value: str) -> str:
    on, remark = switch(value)
    if not on:
        return f"aggregation: none, the default{remark}"
    draft.sink["aggregation"] = "kpl"
    return "aggregation: kpl"


def _partition_as_hash_key(draft: Draft, value: str) -> str:
    on, remark = switch(value)
    if not on:
        return f"partition_key: key, the default{remark}"
    draft.sink["partition_key"] = "partition"
    return (
        "partition_key: partition, which is what was meant: partition numbers as hash keys all lie at the very "
        "beginning of the key space, so every record went to the first shard"
    )


def _metrics_level(draft: Draft, value: str) -> str:
    if value not in METRICS_LEVELS:
        raise RefusedKeyError(f"is none of {', '.join(METRICS_LEVELS)}; correct it")
    if not draft.standalone or value == "none":
        raise LeftOutKey(_METRICS)
    namespace = draft.properties.get("metricsNameSpace", "KinesisProducer")
    draft.top["emf"] = {"namespace": namespace}
    return f"emf.namespace: {namespace}; the metrics themselves have other names"


def _metrics_namespace(draft: Draft, value: str) -> str:
    if draft.standalone and draft.properties.get("metricsLevel", "none") != "none":
        return f"emf.namespace: {value}"
    raise LeftOutKey(_METRICS)


def _batch_size(draft: Draft, value: str) -> str:
    count, remark = bounded(value, 1, MOST_BATCH)
    return _limit(draft, "records", count, count == MOST_BATCH, remark)


def _batch_bytes(draft: Draft, value: str) -> str:
    size, remark = bounded(value, LEAST_BATCH_BYTES, MOST_BATCH_BYTES)
    return _limit(draft, "request", format_size(size), size == MOST_BATCH_BYTES, remark)


def _limit(draft: Draft, name: str, value: int | str, is_default: bool, remark: str) -> str:  # noqa: FBT001 - private
    if not draft.standalone:
        raise LeftOutKey("calls are filled up to what Firehose takes: 500 records, 4 MiB")
    if is_default:
        return f"sink.limits.{name}, the default{remark}"
    draft.sink.setdefault("limits", {})[name] = value
    return f"sink.limits.{name}: {value}{remark}"


def _batch(draft: Draft, value: str) -> str:  # noqa: ARG001 - all handlers are called alike
    on, remark = switch(value)
    raise LeftOutKey(f"records always go in batches{'' if on else ', never one by one'}{remark}")


def _tasks(draft: Draft, value: str) -> str:
    count = max(1, whole_number(value))
    if draft.standalone:
        raise LeftOutKey("run the image as often as tasks are wanted, or set processes: together they are one group")
    draft.top["tasks"] = {"min": 1, "max": count}
    return f"tasks: {{min: 1, max: {count}}}: load decides"


BOTH: dict[str, Handler] = {
    "tasks.max": _tasks,
    "region": _region,
    "kinesisEndpoint": _endpoint,
    "roleARN": _role,
    "roleExternalID": _external_id,
    "roleSessionName": _session,
}
KINESIS: dict[str, Handler] = {
    "maxBufferedTime": _buffered_time,
    "maxConnections": _connections,
    "aggregation": _aggregation,
    "aggregration": _aggregation,  # as some releases and their sample file spell it
    "usePartitionAsHashKey": _partition_as_hash_key,
    "metricsLevel": _metrics_level,
    "metricsNameSpace": _metrics_namespace,
}
FIREHOSE: dict[str, Handler] = {"batch": _batch, "batchSize": _batch_size, "batchSizeInBytes": _batch_bytes}

_BOUNDED = "memory is bounded as a whole, and reading pauses before it is full"
LEFT_OUT: dict[str, str] = {
    "roleDurationSeconds": "sessions are renewed before they end",
    "rateLimit": "each shard's pace is learned from its throttles, below the service's limit",
    "ttl": "records do not expire: what failed is sent again until Kinesis has it",
    "metricsGranuality": "metrics have the labels they have",
    "flushSync": "only what Kinesis has acknowledged is ever committed",
    "singleKinesisProducerPerPartition": "there is no producer daemon; the order of each key holds anyway",
    "pauseConsumption": _BOUNDED,
    "outstandingRecordsThreshold": _BOUNDED,
    "sleepPeriod": _BOUNDED,
    "sleepCycles": _BOUNDED,
}
"""Keys of the connector that have no counterpart, with the reason why none is needed."""
