"""Environment files for tests: a valid one, changes of it, and any valid one."""

from __future__ import annotations

import io
import string
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from ruamel.yaml import YAML

from environments import EnvironmentFileError, Problem, load_environment
from environments.connectors import FARGATE_MEMORY
from environments.quantities import format_duration, format_size
from tests.environments.msk_documents import clusters
from tests.environments.stream_documents import fitting, retentions
from tests.environments.stream_documents import streams as any_stream

VALID = """\
account: "111122223333"
region: eu-west-1
network: {zones: [eu-west-1a, eu-west-1b]}
kafka: {kind: external, bootstrap: "ssm:/streamops/test/kafka/bootstrap"}
topics:
  orders: {partitions: 12}
  clicks: {partitions: 4}
streams:
  orders: {mode: provisioned, shards: 4}
  clicks: {mode: on-demand}
routes:
  orders-to-stream: {from: {topic: orders}, to: {stream: orders}}
"""

CLUSTER = "arn:aws:kafka:eu-west-1:111122223333:cluster/orders/6e1f2f6c-64b4-4e0e-b8c7-1b3e5f9a7d21-5"
NAMED = {"topics", "streams", "deliveries", "routes", "applications"}
MIB = 1 << 20
OWN_KEY = "arn:aws:kms:eu-west-1:111122223333:key/12345678-1234-1234-1234-123456789012"
GIB = 1 << 30


def cases(table: str) -> list[Any]:
    """Rows of a table beside this file: a change of the valid document, and what is told about it."""
    rows = YAML(typ="safe", pure=True).load(Path(__file__).with_name(f"{table}.yaml").read_text("utf-8"))
    return [
        pytest.param(row["change"], row["told"], id=f"{number} {row['told']}"[:70]) for number, row in enumerate(rows)
    ]


def changed(change: str | Mapping[str, Any]) -> dict[str, Any]:
    """The valid document with some keys replaced: whole sections, but topics, streams and the like one by one."""
    yaml = YAML(typ="safe", pure=True)
    document: dict[str, Any] = yaml.load(VALID)
    changes: Mapping[str, Any] = yaml.load(change) if isinstance(change, str) else change
    for key, value in changes.items():
        if key in NAMED:
            document[key] = {**document.get(key, {}), **value}
            document[key] = {name: part for name, part in document[key].items() if part is not None}
        else:
            document[key] = value
    return {key: value for key, value in document.items() if value is not None}


def write(folder: Path, document: Mapping[str, Any] | str, name: str = "test") -> Path:
    path = folder / f"{name}.yaml"
    if not isinstance(document, str):
        text = io.StringIO()
        YAML(typ="safe", pure=True).dump(dict(document), text)
        document = text.getvalue()
    path.write_text(document, "utf-8")
    return path


def problems(path: Path) -> tuple[Problem, ...]:
    """What is wrong with a file; nothing when it loads."""
    try:
        load_environment(path)
    except EnvironmentFileError as error:
        return error.problems
    return ()


def told(path: Path) -> list[str]:
    """What is wrong with a file, without file and line."""
    return [str(problem).split(": ", 1)[1] for problem in problems(path)]


short_names = st.from_regex(r"[a-z][a-z0-9]{0,6}(-[a-z0-9]{1,6})?", fullmatch=True)
zones = st.integers(2, 3).map(lambda count: [f"eu-west-1{letter}" for letter in "abc"[:count]])

networks: st.SearchStrategy[dict[str, Any]] = st.one_of(
    zones.flatmap(
        lambda three: st.fixed_dictionaries(
            {"zones": st.just(three)},
            optional={"nat": st.booleans(), "cidr": st.sampled_from(["10.0.0.0/16", "10.7.16.0/20", "192.168.0.0/18"])},
        )
    ),
    zones.map(
        lambda three: {
            "vpc_id": "vpc-0123456789abcdef0",
            "zones": three,
            "private_subnets": [f"subnet-0123456789abcdef{number}" for number in range(len(three))],
        }
    ),
)

settings = st.fixed_dictionaries(
    {},
    optional={
        "cleanup.policy": st.sampled_from(["compact", "delete", "compact,delete"]),
        "compression.type": st.sampled_from(["producer", "zstd"]),
        "max.message.bytes": st.one_of(st.integers(1, 8 * MIB), st.integers(1, 8 * MIB).map(str)),
        "retention.bytes": st.integers(-1, 10**15),
        "message.timestamp.type": st.sampled_from(["CreateTime", "LogAppendTime"]),
    },
)
broker_settings = st.fixed_dictionaries(
    {},
    optional={
        "min.insync.replicas": st.integers(1, 3),
        "min.cleanable.dirty.ratio": st.one_of(st.floats(0, 1), st.integers(0, 1)),
        "unclean.leader.election.enable": st.sampled_from([True, False, "true", "false"]),
        "segment.bytes": st.integers(MIB, 2**31 - 1),
    },
)

deliveries = st.one_of(
    st.fixed_dictionaries(
        {"to": st.just("s3")},
        optional={
            "prefix": st.sampled_from(["orders/", "orders/!{timestamp:yyyy/MM/dd}/"]),
            "bucket": st.just("a-bucket"),
            "compression": st.sampled_from(["none", "gzip"]),
            "buffer": st.fixed_dictionaries(
                {},
                optional={
                    "size": st.integers(1, 128).map(lambda mib: format_size(mib * MIB)),
                    "interval": st.integers(0, 900).map(lambda seconds: format_duration(timedelta(seconds=seconds))),
                },
            ),
        },
    ),
    st.just(
        {
            "to": "s3",
            "prefix": "!{partitionKeyFromQuery:customer}/",
            "partition_by": {"customer": ".customer"},
            "buffer": {"size": "64MiB"},
        }
    ),
    st.fixed_dictionaries(
        {"to": st.just("s3"), "buffer": st.just({"size": "128MiB", "interval": "60s"})},
        optional={
            "convert": st.sampled_from(
                [
                    {"to": "parquet", "columns": {"id": "bigint"}},
                    {"to": "orc", "table": "lake.orders", "compression": "zlib"},
                ]
            ),
            "transform": st.fixed_dictionaries(
                {"function": st.just("arn:aws:lambda:eu-west-1:111122223333:function:clean:$LATEST")},
                optional={"size": st.just("3MiB"), "interval": st.just("0s"), "retries": st.integers(0, 300)},
            ),
            "originals": st.sampled_from(["", "raw/"]),
            "extension": st.just(".json.gz"),
            "time_zone": st.sampled_from(["UTC", "Europe/Berlin"]),
        },
    ),
    st.fixed_dictionaries(
        {
            "to": st.just("opensearch"),
            "domain": st.just("arn:aws:es:eu-west-1:111122223333:domain/search"),
            "index": st.just("orders"),
        },
        optional={
            "rotation": st.sampled_from(["none", "hour", "month"]),
            "backup": st.sampled_from(["failed", "all"]),
            "document_ids": st.sampled_from(["firehose", "opensearch"]),
            "retry": st.sampled_from(["0s", "2h"]),
            "vpc": st.booleans(),
        },
    ),
    st.just(
        {
            "to": "opensearch",
            "collection": "arn:aws:aoss:eu-west-1:111122223333:collection/abc123",
            "collection_name": "orders",
            "index": "orders",
        }
    ),
    st.just(
        {
            "to": "redshift",
            "jdbc_url": "jdbc:redshift://cluster.example.com:5439/dev",
            "table": "orders",
            "secret": "secret:redshift",
        }
    ),
)

connectors = st.sampled_from(sorted(FARGATE_MEMORY)).flatmap(
    lambda cpu: st.fixed_dictionaries(
        {"cpu": st.just(cpu), "memory": st.sampled_from(FARGATE_MEMORY[cpu]).map(format_size)},
        optional={
            "image": st.sampled_from(["streamops/connector:1", f"repository@sha256:{'0' * 64}"]),
            "architecture": st.sampled_from(["arm64", "x86_64"]),
            "metrics": st.sampled_from(["none", "cloudwatch"]),
        },
    )
)

starts = st.one_of(
    st.sampled_from(["earliest", "latest"]),
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(datetime.isoformat),  # noqa: DTZ001  the bounds of hypothesis are naive
)


AUTHORITY = "arn:aws:acm-pca:eu-west-1:111122223333:certificate-authority/12345678-1234-1234-1234-123456789012"
msk_extras = st.fixed_dictionaries(
    {
        "auth": st.sampled_from(["iam", ["iam"]]),
    },
    optional={
        "storage_autoscaling": st.sampled_from([{"max": "2TiB"}, {"max": "16TiB", "target": 80}]),
        "tiered": st.booleans(),
        "settings": st.sampled_from([{}, {"message.max.bytes": 2097152}, {"auto.create.topics.enable": True}]),
        "monitoring": st.sampled_from(["default", "per-topic-per-partition"]),
        "open_monitoring": st.booleans(),
        "multi_vpc": st.booleans(),
    },
) | st.just({"auth": ["mtls", "iam"], "authorities": [AUTHORITY], "secret": "secret:kafka"})


LOGINS: list[dict[str, Any]] = [
    {},
    {"tls": False},
    {"auth": "plain", "secret": "secret:kafka"},
    {"auth": "mtls", "secret": "secret:kafka", "key_password": True, "ca": "ssm:/kafka/ca"},
    {
        "auth": "oauthbearer",
        "secret": "secret:kafka",
        "oauth": {"token_endpoint": "https://login.example.org/token", "scope": "a b", "extensions": {"a": "b"}},
    },
    {"auth": "iam", "cluster": CLUSTER},
    {"auth": "iam", "bootstrap": f"msk:{CLUSTER}"},
]
"""Every way of logging in to an external cluster."""


@st.composite
def kafkas(draw: st.DrawFn, zone_count: int) -> dict[str, Any]:
    brokers = zone_count * draw(st.integers(2, 4))
    match draw(st.sampled_from(["msk", "ec2", "external"])):
        case "msk":
            made: dict[str, Any] = draw(clusters(zone_count, own_key=False))
            return made
        case "ec2":
            return {
                "kind": "ec2",
                "distribution": {"url": "s3://team/kafka.tgz", "sha512": 128 * "a"},
                "brokers": brokers,
                "controllers": draw(st.sampled_from([1, 3, 5])),
            }
    addresses = st.sampled_from(["ssm:/a/b", "broker:9092", "one.example.com:9093, two.example.com:9093"])
    return {"kind": "external", "bootstrap": draw(addresses), **draw(st.sampled_from(LOGINS))}


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Any valid document."""
    network = draw(networks)
    kafka = draw(kafkas(len(network["zones"])))
    configs = settings if kafka["kind"] == "msk-serverless" else st.builds(dict.__or__, settings, broker_settings)
    topics: dict[str, Any] = draw(
        st.dictionaries(
            short_names,
            st.fixed_dictionaries(
                {"partitions": st.integers(1, 100)},
                optional={
                    "retention": st.one_of(st.just("infinite"), retentions, st.just("1500ms")),
                    "config": configs,
                },
            ),
            max_size=4,
        )
    )
    if kafka["kind"] == "msk-express":
        for topic in topics.values():
            topic.get("config", {}).pop("min.insync.replicas", None)
    streams: dict[str, Any] = draw(st.dictionaries(short_names, any_stream("environment", OWN_KEY), max_size=4))
    document: dict[str, Any] = {
        "account": draw(st.text(string.digits, min_size=12, max_size=12).filter(lambda account: int(account) > 0)),
        "region": "eu-west-1",
        "network": network,
        "kafka": kafka,
        "topics": topics,
        "streams": streams,
        "security": {"key": "create"}
        if any(each.get("encryption") == "environment" for each in streams.values())
        else {},
        "deliveries": draw(st.dictionaries(short_names, deliveries, max_size=2)),
        "routes": draw(routes(topics, streams)),
        "tags": draw(st.dictionaries(st.sampled_from(["team", "cost center", "a/b:c"]), st.sampled_from(["", "x@y"]))),
    }
    optional = {"production": st.booleans(), "connectors": connectors}
    return document | draw(st.fixed_dictionaries({}, optional=optional))


forms = st.fixed_dictionaries(
    {},
    optional={
        "linger": st.sampled_from(["1ms", "100ms", "10s"]),
        "format": st.just("envelope"),
        "compression": st.sampled_from(["none", "gzip", "zstd"]),
        "tombstones": st.sampled_from(["reject", "empty", "drop"]),
        "dead_letters": st.sampled_from([{"bucket": "rejected"}, {"bucket": "a.bucket", "prefix": ""}]),
    },
)
shards = st.fixed_dictionaries(
    {},
    optional={
        "partition_key": st.sampled_from(["key", "partition", {"header": "customer id"}, {"field": "customer.id"}]),
        "explicit_hash_key": st.one_of(st.integers(0, 2**128 - 1), st.integers(0, 2**128 - 1).map(str)),
        "aggregation": st.sampled_from(["none", "kpl"]),
    },
)


@st.composite
def routes(draw: st.DrawFn, topics: Mapping[str, Any], streams: Mapping[str, Any]) -> dict[str, Any]:
    """Routes all of one direction: they cannot form a loop."""
    if not topics or not streams:
        return {}
    ends = draw(st.sets(st.tuples(st.sampled_from(sorted(topics)), st.sampled_from(sorted(streams))), max_size=3))
    back = draw(st.booleans())
    made: dict[str, Any] = {}
    for number, (topic, stream) in enumerate(sorted(ends)):
        there, here = ({"stream": stream}, {"topic": topic}) if back else ({"topic": topic}, {"stream": stream})
        most = draw(st.integers(1, topics[topic]["partitions"]))
        route: dict[str, Any] = {
            "from": there,
            "to": here,
            "tasks": draw(st.sampled_from([{"max": most}, {"min": most}, {"min": 1, "max": most}])),
            "start": draw(starts),
            "ordering": draw(st.sampled_from(["key", "none"])),
            **draw(forms),
            **({} if back else draw(shards)),
        }
        made[f"route-{number}"] = route if back else fitting(route, streams[stream])
    return made
