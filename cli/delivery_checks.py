"""What Firehose refuses to change of a delivery that is there. No I/O.

CloudFormation would make a second delivery under the same name, and fail, or Firehose refuses the update; either way
the deploy is rolled back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cli.deployed import DeployedResource
from cli.preflight import DELIVERY, Check, Verdict
from environments import Environment, OpenSearchDelivery, S3Delivery, StreamEnd, TopicEnd, naming
from environments.deliveries import Delivery

BACKUPS = {"FailedDocumentsOnly": "failed", "AllDocuments": "all"}
WAY_OUT = "write it as it was, or declare a new delivery beside this one and remove this one afterwards"


def delivery_checks(environment: Environment, deployed: Sequence[DeployedResource]) -> Iterator[Check]:
    """The declared deliveries against the deployed ones of the same names."""
    streams = {each.physical_id: each.properties for each in deployed if each.type == DELIVERY}
    for name, delivery in environment.deliveries.items():
        live = streams.get(naming.delivery_name(environment, name))
        if live is None:
            continue
        for what, before, after, reason in _fixed(environment, delivery, live):
            if before != after:
                yield Check(f"delivery/{name}", Verdict.BLOCKED, what, before, after, reason, WAY_OUT)


def _fixed(
    environment: Environment, delivery: Delivery, live: Mapping[str, Any]
) -> Iterator[tuple[str, str, str, str]]:
    """What is for good: its name, the deployed and the declared value, and why."""
    yield "source", _live_source(live), _source(environment, delivery), "Firehose changes the source of no delivery"
    if isinstance(delivery, S3Delivery) and (s3 := live.get("ExtendedS3DestinationConfiguration")):
        # https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-enable.html
        enabled = bool(s3.get("DynamicPartitioningConfiguration", {}).get("Enabled"))
        yield (
            "partition_by",
            _switch(on=enabled),
            _switch(on=delivery.partitioned),
            "dynamic partitioning is switched on when a delivery is made, and then for good",
        )
    for kind in (
        "AmazonopensearchserviceDestinationConfiguration",
        "AmazonOpenSearchServerlessDestinationConfiguration",
    ):
        if isinstance(delivery, OpenSearchDelivery) and (search := live.get(kind)):
            mode = str(search.get("S3BackupMode", "FailedDocumentsOnly"))
            # Firehose API Reference, AmazonopensearchserviceDestinationConfiguration, S3BackupMode.
            reason = "Firehose changes which documents are backed up of no delivery"
            yield "backup", BACKUPS.get(mode, mode), delivery.backup, reason


def _source(environment: Environment, delivery: Delivery) -> str:
    match delivery.source:
        case StreamEnd(stream=name):
            return f"stream {naming.stream_name(environment, name)}"
        case TopicEnd(topic=name):
            return f"topic {naming.topic_name(environment, name)}"
    return "routes"


def _live_source(live: Mapping[str, Any]) -> str:
    if stream := live.get("KinesisStreamSourceConfiguration"):
        return f"stream {str(stream['KinesisStreamARN']).rpartition('/')[2]}"
    if topic := live.get("MSKSourceConfiguration"):
        return f"topic {topic['TopicName']}"
    return "routes"


def _switch(*, on: bool) -> str:
    return "on" if on else "off"
