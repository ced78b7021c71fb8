"""What a delivery reads, and what its role may do there."""

from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from environments import Environment, GivenNetwork
from stacks.checks import add_checks
from stacks.deliveries.stack import DeliveriesStack
from tests.stacks.conftest import Describe
from tests.stacks.synthesis import GIVEN_NETWORK, OWN_KEY, PLAIN, Templates, new_app
from tests.stacks.test_deliveries_roles import allowed, made

STREAM = "arn:aws:kinesis:eu-west-1:111122223333:stream/gathered-orders"
CLUSTER = "arn:aws:kafka:eu-west-1:111122223333:cluster/streamops-topics/7d0f8c5e-1111-2222-3333-444455556666-7"
MSK: dict[str, Any] = {
    "kafka": {"kind": "msk-serverless"},
    "topics": {"orders": {"partitions": 6, "name": "shop.orders"}},
    "routes": None,
    "network": GIVEN_NETWORK,
}


def test_a_stream_is_read_by_the_name_that_is_ours(templates: Templates):
    stream = made(templates, "gathered", "lake")
    assert stream["DeliveryStreamType"] == "KinesisStreamAsSource"
    assert stream["KinesisStreamSourceConfiguration"]["KinesisStreamARN"] == STREAM
    assert "DeliveryStreamEncryptionConfigurationInput" not in stream


def test_what_writers_bring_is_encrypted_with_the_environments_key(templates: Templates):
    brought = made(templates, "gathered", "clean")["DeliveryStreamEncryptionConfigurationInput"]
    assert brought["KeyType"] == "CUSTOMER_MANAGED_CMK"
    assert "Fn::GetStackOutput" in brought["KeyARN"]
    given = made(templates, "given", "archive")["DeliveryStreamEncryptionConfigurationInput"]
    assert given == {"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": OWN_KEY}


def test_reading_a_stream_takes_four_actions_on_it_and_its_key_for_it_alone(templates: Templates):
    role = allowed(templates, "gathered", "lake")
    for action in ("DescribeStream", "GetRecords", "GetShardIterator", "ListShards"):
        assert role.pop(f"kinesis:{action}") == [(STREAM, None)]
    assert not [action for action in role if action.startswith("kinesis:")]
    conditions = [condition for _, condition in role["kms:Decrypt"]]
    assert {
        "StringEquals": {
            "kms:ViaService": "kinesis.eu-west-1.amazonaws.com",
            "kms:EncryptionContext:aws:kinesis:arn": STREAM,
        }
    } in conditions


def test_a_delivery_comes_after_the_stream_that_it_reads(templates: Templates):
    assert "gatheredstreams" in " ".join(templates.settings["gathered", "deliveries"]["dependencies"])


def network_of(environment: Environment) -> GivenNetwork:
    """The network of an environment that is given one."""
    assert isinstance(environment.network, GivenNetwork)
    return environment.network


def reading_a_topic(described: Describe, folder: Path, start: str, *, check: bool = False) -> dict[str, Any]:
    """The template of a delivery from a topic, beside a cluster of which only the ARN is known."""
    deliveries = {"lake": {"to": "s3", "prefix": "data/", "source": {"topic": "orders", "start": start}}}
    environment = described("topics", deliveries=deliveries, **MSK)
    app = new_app(folder)
    if check:
        add_checks(app)
    stage = cdk.Stage(app, "topics", env=cdk.Environment(account=environment.account, region=environment.region))
    DeliveriesStack(stage, environment, network=network_of(environment), key=None, cluster_arn=CLUSTER)
    template: dict[str, Any] = stage.synth().get_stack_by_name("topics-deliveries").template
    return template


@pytest.mark.parametrize(
    ("start", "timestamp"),
    [
        ("earliest", "1970-01-01T00:00:00Z"),
        ("2026-01-31T02:00:00+02:00", "2026-01-31T00:00:00Z"),
        ("latest", None),
    ],
)
def test_a_topic_is_read_privately_from_where_the_file_says(
    described: Describe, tmp_path: Path, start: str, timestamp: str | None
):
    resources = reading_a_topic(described, tmp_path / "out", start)["Resources"].values()
    (stream,) = (each["Properties"] for each in resources if each["Type"] == "AWS::KinesisFirehose::DeliveryStream")
    assert stream["DeliveryStreamType"] == "MSKAsSource"
    source = stream["MSKSourceConfiguration"]
    assert (source["MSKClusterARN"], source["TopicName"]) == (CLUSTER, "shop.orders")
    assert source["AuthenticationConfiguration"]["Connectivity"] == "PRIVATE"
    assert source.get("ReadFromTimestamp") == timestamp


def test_reading_a_topic_takes_that_topic_and_describing_groups(described: Describe, tmp_path: Path):
    resources = reading_a_topic(described, tmp_path / "out", "earliest", check=True)["Resources"].values()
    (role,) = (each["Properties"] for each in resources if each["Type"] == "AWS::IAM::Role")
    statements = role["Policies"][0]["PolicyDocument"]["Statement"]
    kafka = {
        action: each["Resource"]
        for each in statements
        for action in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])
        if action.startswith("kafka")
    }
    topic = f"{CLUSTER.replace(':cluster/', ':topic/')}/shop.orders"
    assert kafka == {
        "kafka:DescribeCluster": CLUSTER,
        "kafka:DescribeClusterV2": CLUSTER,
        "kafka:GetBootstrapBrokers": CLUSTER,
        "kafka-cluster:Connect": CLUSTER,
        "kafka-cluster:DescribeTopic": topic,
        "kafka-cluster:DescribeTopicDynamicConfiguration": topic,
        "kafka-cluster:ReadData": topic,
        "kafka-cluster:DescribeGroup": "arn:aws:kafka:eu-west-1:111122223333:group/streamops-topics/*",
    }


def test_a_topic_is_not_read_where_no_cluster_of_msk_is_known(described: Describe, tmp_path: Path):
    deliveries = {"lake": {"to": "s3", "source": {"topic": "orders", "start": "latest"}}}
    environment = described("topics", deliveries=deliveries, **MSK)
    stage = cdk.Stage(new_app(tmp_path / "out"), "topics")
    with pytest.raises(TypeError, match="cluster on MSK"):
        DeliveriesStack(stage, environment, network=network_of(environment), key=None, cluster_arn=None)


def test_a_delivery_without_a_source_reads_nothing(templates: Templates):
    assert PLAIN["deliveries"]["archive"].get("source") is None
    assert not [action for action in allowed(templates, "plain", "archive") if action.startswith(("kinesis:", "kafka"))]
