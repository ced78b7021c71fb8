"""Environments whose every resource is watched, and everything that watches them."""

from collections.abc import Iterator
from typing import Any

from environments import Environment
from stacks.observability.alarms import Alarm
from stacks.observability.metrics import Expression, Measurement, Metric
from stacks.observability.monitoring import monitorings
from tests.stacks.synthesis import OPENSEARCH, OWN_KEY, PARTITIONED, PLAIN, REDSHIFT

_ZONES = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
_NETWORK = {"cidr": "10.1.0.0/20", "zones": _ZONES}

CLUSTERS: dict[str, dict[str, Any]] = {
    "msk": {"network": _NETWORK, "kafka": {"kind": "msk", "brokers": 3}},
    "free": {"network": _NETWORK, "kafka": {"kind": "msk", "brokers": 3, "monitoring": "default"}},
    "burstable": {
        "network": _NETWORK,
        "kafka": {"kind": "msk", "brokers": 3, "instance": "kafka.t3.small", "version": "3.9.x"},
    },
    "express": {"network": _NETWORK, "kafka": {"kind": "msk-express", "brokers": 3}},
    "machines": {
        "network": _NETWORK,
        "kafka": {
            "kind": "ec2",
            "brokers": 3,
            "distribution": {
                "url": "s3://team-artifacts/kafka_2.13-4.1.1.tgz",
                "sha512": 128 * "a",
            },
        },
    },
    "serverless": {"network": _NETWORK, "kafka": {"kind": "msk-serverless"}},
}

DELIVERIES: dict[str, Any] = {
    "archive": PLAIN["deliveries"]["archive"],
    "from-stream": {**PARTITIONED, "source": {"stream": "orders"}},
    "from-topic": {"to": "s3", "source": {"topic": "orders", "start": "latest"}},
    "rows": REDSHIFT,
    "documents": OPENSEARCH,
    "collected": {
        "to": "opensearch",
        "collection": "arn:aws:aoss:eu-west-1:111122223333:collection/abcdefghij0123456789",
        "collection_name": "search",
        "index": "orders",
    },
    "columns": {
        "to": "s3",
        "convert": {"to": "parquet", "columns": {"id": "string"}},
        "buffer": {"size": "64MiB"},
        "transform": {"function": "arn:aws:lambda:eu-west-1:111122223333:function:clean:1"},
    },
}

EVERYTHING: dict[str, dict[str, Any]] = {
    "plain": {},
    **CLUSTERS,
    "everything": {
        "network": _NETWORK,
        "kafka": {"kind": "msk", "brokers": 3, "multi_vpc": True},
        "security": {"key": OWN_KEY},
        "connectors": {"metrics": "cloudwatch"},
        "deliveries": DELIVERIES,
        "streams": {
            **PLAIN["streams"],
            "orders": {**PLAIN["streams"]["orders"], "consumers": {"reports": {}, "audit": {}}},
        },
    },
}
"""What each has in place of the sections of the plain one: together they have everything that brings an alarm."""


def alarms(environment: Environment) -> list[Alarm]:
    return [alarm for each in monitorings(environment) for alarm in each.alarms]


def measurements(environment: Environment) -> Iterator[Measurement]:
    for each in monitorings(environment):
        yield from (alarm.measurement for alarm in each.alarms)
        yield from (line for graph in each.graphs for line in graph.lines)


def metrics(environment: Environment) -> Iterator[Metric]:
    for each in measurements(environment):
        yield from each.metrics.values() if isinstance(each, Expression) else [each]
