"""The environments of the one app that most tests read: each has what the others leave out."""

from typing import Any

from tests.stacks.synthesis import BOUNDARY, ECR_IMAGE, GIVEN_NETWORK, OPENSEARCH, OWN_KEY, PLAIN

DELIVERIES: dict[str, Any] = {
    "lake": {
        "to": "s3",
        "source": {"stream": "orders"},
        "prefix": "data/!{partitionKeyFromQuery:customer}/!{timestamp:yyyy}/",
        "partition_by": {"customer": ".customer"},
        "deaggregate": "json",
        "buffer": {"size": "64MiB"},
        "convert": {"to": "parquet", "columns": {"id": "bigint", "customer": "string"}},
        "time_zone": "Europe/Berlin",
        "originals": "raw/",
    },
    "clean": {
        "to": "s3",
        "bucket": "team-clean",
        "prefix": "clean/",
        "buffer": {"size": "64MiB"},
        "transform": {"function": "arn:aws:lambda:eu-west-1:111122223333:function:clean:3"},
        "convert": {"to": "orc", "table": "lake.clean", "compression": "zlib"},
        "extension": ".orc",
    },
    "warehouse": {
        "to": "redshift",
        "create": True,
        "table": "orders",
        "prefix": "staged/",
        "compression": "gzip",
        "columns": ["id", "at"],
    },
    "sales": {
        "to": "redshift",
        "workgroup": "sales",
        "database": "sales",
        "table": "orders",
        "secret": "secret:redshift",
        "prefix": "staged/",
        "originals": "raw/",
    },
    "search": {
        "to": "opensearch",
        "create": True,
        "index": "orders",
        "rotation": "day",
        "backup": "all",
        "prefix": "documents/",
        "new_domain": {"count": 1, "masters": 0},
    },
    "reached": {**OPENSEARCH, "vpc": True, "prefix": "failed/"},
    "serverless": {
        "to": "opensearch",
        "collection": "arn:aws:aoss:eu-west-1:111122223333:collection/abc123",
        "collection_name": "orders",
        "index": "orders",
        "prefix": "failed/",
    },
}
"""Every destination, given and made, with everything that Firehose can be asked for."""

SHARED_STREAMS: dict[str, Any] = {
    "orders": {
        "mode": "provisioned",
        "shards": 3,
        "encryption": "environment",
        "max_record_size": "10MiB",
        "shard_metrics": ["IncomingBytes", "IteratorAgeMilliseconds"],
        "consumers": {"dashboard": {"share": ["444455556666", "777788889999"]}, "Audit.v2": {}},
        "share": {"444455556666": "read", "arn:aws:iam::444455556666:role/producer": "read-write"},
    },
    "clicks": {"mode": "on-demand", "warm_throughput": "200MiB", "distribution": "auto"},
}

THREE_ZONES = {"cidr": "10.1.0.0/20", "zones": ["eu-west-1a", "eu-west-1b", "eu-west-1c"]}
AUTHORITY = "arn:aws:acm-pca:eu-west-1:111122223333:certificate-authority/12345678-1234-1234-1234-123456789012"
MSK: dict[str, Any] = {
    "kind": "msk",
    "brokers": 4,
    "auth": ["iam", "scram"],
    "instance": "kafka.m7g.4xlarge",
    "storage": "200GiB",
    "storage_autoscaling": {"max": "1TiB", "target": 70},
    "storage_throughput": "500MiB",
    "tiered": True,
    "settings": {"message.max.bytes": 2097152, "min.insync.replicas": 1},
    "open_monitoring": True,
    "multi_vpc": True,
}
"""Standard brokers with everything that they can be asked for."""

DISTRIBUTION = {"url": "s3://team-software/kafka_2.13-4.1.1.tgz", "sha512": 128 * "a"}

VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "prod": {
        "production": True,
        "security": {"key": "create"},
        "network": {**PLAIN["network"], "nat": True},
        "streams": {**PLAIN["streams"], "orders": {**PLAIN["streams"]["orders"], "encryption": OWN_KEY}},
    },
    "gathered": {
        "security": {"key": "create"},
        "network": {**PLAIN["network"], "zones": ["eu-west-1a", "eu-west-1b", "eu-west-1c"], "nat": True},
        "streams": {"orders": {"mode": "on-demand", "encryption": "environment"}},
        "deliveries": DELIVERIES,
        "routes": None,
    },
    "nat": {"network": {**PLAIN["network"], "nat": True}, "connectors": {"image": "team/connector:1"}},
    "given": {
        "network": GIVEN_NETWORK,
        "security": {"key": OWN_KEY, "permissions_boundary": BOUNDARY},
        "kafka": {"kind": "external", "bootstrap": "b-1:9092,b-2:9092", "tls": False},
        "streams": SHARED_STREAMS,
        "deliveries": {"archive": {"to": "s3", "bucket": "team-archive", "compression": "gzip"}},
        "connectors": {"image": ECR_IMAGE},
    },
    "nodes": {
        "production": True,
        "security": {"key": "create"},
        "kafka": {
            "kind": "ec2",
            "distribution": DISTRIBUTION,
            "brokers": 2,
            "controllers": 1,
            "settings": {"num.io.threads": 16},
        },
        "topics": {"orders": {"partitions": 6, "replication": 2}},
        "streams": {"orders": {"mode": "on-demand"}},
        "deliveries": None,
        "routes": {"orders-to-stream": {"from": {"topic": "orders"}, "to": {"stream": "orders"}}},
    },
    "msk": {
        "production": True,
        "security": {"key": OWN_KEY},
        "kafka": MSK,
        "topics": {
            "orders": {"partitions": 6, "manage": "cloudformation", "retention": "infinite"},
            "clicks": {"partitions": 4, "name": "web.clicks"},
        },
        "deliveries": {"copy": {"to": "s3", "source": {"topic": "orders", "start": "earliest"}, "prefix": "orders/"}},
        "routes": {
            "orders-to-stream": {
                **PLAIN["routes"]["orders-to-stream"],
                "dead_letters": {"topic": "clicks"},
            },
        },
    },
    "express": {
        "network": THREE_ZONES,
        "kafka": {"kind": "msk-express", "brokers": 3, "auth": ["iam", "mtls"], "authorities": [AUTHORITY]},
        "deliveries": None,
        "routes": None,
    },
    "serverless": {
        "network": GIVEN_NETWORK,
        "kafka": {"kind": "msk-serverless"},
        "deliveries": None,
        "routes": {"orders-to-stream": PLAIN["routes"]["orders-to-stream"]},
    },
}
"""What each test environment has in place of the sections of `PLAIN`."""
