"""The ends of a route: streams, deliveries, buckets and topics as a rollout needs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from sandbox.kafka import Broker
from tests.cli.conftest import ACCOUNT, REGION
from tests.cli.connector.checks.conftest import ROUTE, Scene

Deployed = Callable[..., Scene]
TO_ARCHIVE: Any = {
    "streams": {},
    "deliveries": {"archive": {"to": "s3", "prefix": "a/", "errors": "e/!{firehose:error-output-type}/"}},
    "routes": {ROUTE: {"from": {"topic": "orders"}, "to": {"delivery": "archive"}}},
}


@pytest.fixture
def admin(broker: Broker) -> Iterator[KafkaAdminClient]:
    with KafkaAdminClient(bootstrap_servers=broker.bootstrap) as client:
        yield client


def deliver(scene: Scene, **kind: Any) -> None:
    scene.client("s3").create_bucket(
        Bucket=f"{scene.name}-archive", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    role = f"arn:aws:iam::{ACCOUNT}:role/{scene.role('task')}"
    scene.client("firehose").create_delivery_stream(
        DeliveryStreamName=f"{scene.name}-archive",
        ExtendedS3DestinationConfiguration={"RoleARN": role, "BucketARN": f"arn:aws:s3:::{scene.name}-archive"},
        **kind,
    )


def test_a_stream_that_is_there_is_ok_and_one_that_is_not_fails(scene: Scene) -> None:
    assert scene.check("stream orders")["detail"] == f"{scene.stream} is ACTIVE, with 1 shards"
    scene.client("kinesis").delete_stream(StreamName=scene.stream)
    found = scene.check("stream orders")
    assert found["result"] == "failed"
    assert f"npx cdk deploy '{scene.name}/streams'" in found["way_out"]


def test_a_delivery_takes_records_when_it_is_active(deployed: Deployed) -> None:
    scene = deployed(**TO_ARCHIVE)
    found = scene.check("delivery archive")
    assert found["result"] == "failed"
    assert "does not exist" in found["detail"]
    deliver(scene)
    assert scene.result("delivery archive") == "ok"


def test_a_delivery_that_reads_a_stream_takes_no_records_of_a_route(deployed: Deployed) -> None:
    scene = deployed(**TO_ARCHIVE)
    source = {
        "KinesisStreamARN": scene.arn("kinesis", f"stream/{scene.stream}"),
        "RoleARN": f"arn:aws:iam::{ACCOUNT}:role/{scene.role('task')}",
    }
    deliver(scene, DeliveryStreamType="KinesisStreamAsSource", KinesisStreamSourceConfiguration=source)
    found = scene.check("delivery archive")
    assert found["result"] == "failed"
    assert "KinesisStreamAsSource" in found["detail"]


def test_the_bucket_of_dead_letters_has_to_be_there(deployed: Deployed) -> None:
    end = {"from": {"topic": "orders"}, "to": {"stream": "orders"}, "dead_letters": {"bucket": "letters-of-the-dead"}}
    scene = deployed(routes={ROUTE: end})
    assert scene.result("dead-letters") == "failed"
    assert (
        "s3:PutObject on arn:aws:s3:::letters-of-the-dead/dead-letters/*" in scene.check("task-permissions")["detail"]
    )
    scene.client("s3").create_bucket(
        Bucket="letters-of-the-dead", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    assert scene.result("dead-letters") == "ok"


def test_a_topic_with_the_declared_partitions_is_ok(scene: Scene, admin: KafkaAdminClient) -> None:
    assert scene.check("topic orders")["detail"] == f"{scene.topic} with 2 partitions"
    admin.create_partitions({scene.topic: 3})
    found = scene.check("topic orders")
    assert found["result"] == "failed"
    assert "write partitions: 3" in found["way_out"]


def test_a_topic_that_is_missing_fails_with_what_creates_it(deployed: Deployed) -> None:
    scene = deployed(topics={"orders": {"partitions": 2, "replication": 1, "name": "never-created"}})
    found = scene.check("topic orders")
    assert found["result"] == "failed"
    assert "streamops topic sync orders" in found["way_out"]
    assert scene.result("offsets") == "unknown"


def test_a_cluster_out_of_reach_is_unknown_and_hides_nothing_else(deployed: Deployed) -> None:
    scene = deployed(kafka={"kind": "external", "bootstrap": "127.0.0.1:1", "tls": False})
    outcome = scene.verify()
    found = {item["check"]: item["result"] for item in outcome.items}
    assert [found[name] for name in ("topic orders", "consumer-group", "offsets")] == ["unknown"] * 3
    assert (found["cluster"], outcome.exit_code) == ("ok", 0)


def test_offsets_of_records_that_are_gone_fail(scene: Scene, admin: KafkaAdminClient, broker: Broker) -> None:
    assert "has committed none yet, and begins at earliest" in scene.check("offsets")["detail"]
    first = TopicPartition(scene.topic, 0)
    with KafkaProducer(bootstrap_servers=broker.bootstrap) as producer:
        for _ in range(5):
            producer.send(scene.topic, b"value", partition=0)
    admin.alter_group_offsets(scene.group, {first: OffsetAndMetadata(1, "", -1)})
    assert scene.check("offsets")["detail"].endswith("4 records")
    admin.delete_records({first: 3})
    found = scene.check("offsets")
    assert found["result"] == "failed"
    assert "in partitions 0 (2)" in found["detail"]
    assert f"streamops group seek {ROUTE} --to earliest" in found["way_out"]


def test_offsets_beyond_the_end_tell_of_a_topic_that_was_made_anew(scene: Scene, admin: KafkaAdminClient) -> None:
    admin.alter_group_offsets(scene.group, {TopicPartition(scene.topic, 1): OffsetAndMetadata(7, "", -1)})
    found = scene.check("offsets")
    assert found["result"] == "failed"
    assert "beyond the end of partitions 1" in found["detail"]
