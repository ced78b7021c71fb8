"""What a stream is set to besides its shards, its consumers and policies: on Kinesis' own API, and by templates."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox.aws import kinesis_consumers, kinesis_settings
from sandbox.aws.kinesis_settings import SHARD_LEVEL_METRICS
from tests.sandbox.aws.properties import compare
from tests.sandbox.aws.stacks import Template, deploy, failures, stream, template
from tests.sandbox.aws.test_resource_types import consumer, shared

MIB = 1 << 20


def on_demand(**properties: Any) -> Template:
    given = {"Name": "s", "StreamModeDetails": {"StreamMode": "ON_DEMAND"}, **properties}
    return {"Type": "AWS::Kinesis::Stream", "Properties": given}


@pytest.fixture
def kinesis(session: boto3.Session) -> Any:
    return session.client("kinesis")


def summary(kinesis: Any, name: str = "s") -> dict[str, Any]:
    found: dict[str, Any] = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    return found


def code(refused: Any) -> str:
    return str(refused.value.response["Error"]["Code"])


def test_a_record_of_ten_mebibytes_goes_where_the_stream_allows_it(kinesis: Any) -> None:
    kinesis.create_stream(StreamName="s", ShardCount=1, MaxRecordSizeInKiB=10240)
    data = bytes(10 * MIB - 1)
    put = kinesis.put_records(StreamName="s", Records=[{"Data": data, "PartitionKey": "k"}])
    assert put["FailedRecordCount"] == 0
    place = kinesis.get_shard_iterator(
        StreamName="s", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    (read,) = kinesis.get_records(ShardIterator=place)["Records"]
    assert read["Data"] == data

    kinesis.update_max_record_size(StreamARN=summary(kinesis)["StreamARN"], MaxRecordSizeInKiB=1024)
    with pytest.raises(ClientError) as refused:
        kinesis.put_record(StreamName="s", Data=data, PartitionKey="k")
    assert code(refused) == "ValidationException"


def test_with_auto_keys_decide_nothing(kinesis: Any) -> None:
    kinesis.create_stream(
        StreamName="s", StreamModeDetails={"StreamMode": "ON_DEMAND"}, RecordDistributionStrategy="AUTO"
    )
    records: list[Any] = [{"Data": b"x", "PartitionKey": "k", "ExplicitHashKey": "0"}] * 8

    def shards() -> set[str]:
        return {each["ShardId"] for each in kinesis.put_records(StreamName="s", Records=records)["Records"]}

    assert len(shards()) == 4
    arn = summary(kinesis)["StreamARN"]
    kinesis.update_stream_record_distribution_strategy(StreamARN=arn, RecordDistributionStrategy="USER_PARTITION_KEY")
    assert len(shards()) == 1


@pytest.mark.parametrize(
    "only_on_demand", [{"WarmThroughputMiBps": 100}, {"RecordDistributionStrategy": "AUTO"}], ids=str
)
def test_a_provisioned_stream_refuses_what_only_an_on_demand_one_has(
    kinesis: Any, only_on_demand: dict[str, Any]
) -> None:
    with pytest.raises(ClientError) as refused:
        kinesis.create_stream(StreamName="s", ShardCount=1, **only_on_demand)
    assert code(refused) == "InvalidArgumentException"
    assert kinesis.list_streams()["StreamNames"] == []


def test_a_stream_that_becomes_provisioned_loses_what_only_an_on_demand_one_has(kinesis: Any) -> None:
    kinesis.create_stream(
        StreamName="s",
        StreamModeDetails={"StreamMode": "ON_DEMAND"},
        RecordDistributionStrategy="AUTO",
        WarmThroughputMiBps=100,
    )
    assert summary(kinesis)["WarmThroughput"] == {"TargetMiBps": 100, "CurrentMiBps": 100}
    arn = summary(kinesis)["StreamARN"]
    kinesis.update_stream_mode(StreamARN=arn, StreamModeDetails={"StreamMode": "PROVISIONED"})
    assert not summary(kinesis).keys() & {"WarmThroughput", "RecordDistributionStrategy"}


def test_all_stands_for_every_metric(kinesis: Any) -> None:
    kinesis.create_stream(StreamName="s", ShardCount=1)
    enabled = kinesis.enable_enhanced_monitoring(StreamName="s", ShardLevelMetrics=["ALL"])
    assert enabled["DesiredShardLevelMetrics"] == sorted(SHARD_LEVEL_METRICS)
    left = kinesis.disable_enhanced_monitoring(StreamName="s", ShardLevelMetrics=["OutgoingBytes"])
    assert "OutgoingBytes" not in left["DesiredShardLevelMetrics"]
    assert len(summary(kinesis)["EnhancedMonitoring"][0]["ShardLevelMetrics"]) == len(SHARD_LEVEL_METRICS) - 1


def test_moto_itself_keeps_all_as_one_more_metric(kinesis: Any) -> None:
    kinesis.create_stream(StreamName="s", ShardCount=1)
    with kinesis_settings.mends.removed():
        kinesis.enable_enhanced_monitoring(StreamName="s", ShardLevelMetrics=["ALL"])
    assert summary(kinesis)["EnhancedMonitoring"][0]["ShardLevelMetrics"] == ["ALL"]


def test_only_the_consumer_that_is_named_is_deregistered(kinesis: Any) -> None:
    kinesis.create_stream(StreamName="s", ShardCount=1)
    arn = summary(kinesis)["StreamARN"]
    for name in ("one", "two"):
        kinesis.register_stream_consumer(StreamARN=arn, ConsumerName=name)
    with pytest.raises(ClientError) as refused:
        kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="one")
    assert code(refused) == "ResourceInUseException"
    kinesis.deregister_stream_consumer(StreamARN=arn, ConsumerName="one")
    (left,) = kinesis.list_stream_consumers(StreamARN=arn)["Consumers"]
    assert left["ConsumerName"] == "two"
    assert left["ConsumerARN"].rpartition(":")[2].isdecimal()


def test_moto_itself_deregisters_the_others(kinesis: Any) -> None:
    kinesis.create_stream(StreamName="s", ShardCount=1)
    arn = summary(kinesis)["StreamARN"]
    with kinesis_consumers.mends.removed():
        for name in ("one", "two"):
            kinesis.register_stream_consumer(StreamARN=arn, ConsumerName=name)
        kinesis.deregister_stream_consumer(StreamARN=arn, ConsumerName="one")
    (left,) = kinesis.list_stream_consumers(StreamARN=arn)["Consumers"]
    assert left["ConsumerName"] == "one"


def test_a_stream_has_at_most_twenty_consumers_and_more_when_it_is_warm(kinesis: Any) -> None:
    kinesis.create_stream(StreamName="s", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    arn = summary(kinesis)["StreamARN"]
    for number in range(20):
        kinesis.register_stream_consumer(StreamARN=arn, ConsumerName=f"c{number}")
    with pytest.raises(ClientError) as refused:
        kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="c20")
    assert code(refused) == "LimitExceededException"
    kinesis.update_stream_warm_throughput(StreamARN=arn, WarmThroughputMiBps=100)
    kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="c20")
    assert summary(kinesis)["ConsumerCount"] == 21


def test_a_policy_is_about_its_own_resource_and_goes_with_it(kinesis: Any) -> None:
    kinesis.create_stream(StreamName="s", ShardCount=1)
    arn = summary(kinesis)["StreamARN"]
    other = {
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kinesis:GetRecords", "Resource": f"{arn}2"}]
    }
    with pytest.raises(ClientError) as refused:
        kinesis.put_resource_policy(ResourceARN=arn, Policy=json.dumps(other))
    assert code(refused) == "InvalidArgumentException"
    other["Statement"][0]["Resource"] = arn
    kinesis.put_resource_policy(ResourceARN=arn, Policy=json.dumps(other))
    kinesis.delete_stream(StreamName="s")
    kinesis.create_stream(StreamName="s", ShardCount=1)
    with pytest.raises(ClientError) as gone:
        kinesis.get_resource_policy(ResourceARN=arn)
    assert code(gone) == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"WarmThroughputMiBps": 100}, {"WarmThroughputMiBps": 200, "RecordDistributionStrategy": "AUTO"}),
        ({"RecordDistributionStrategy": "AUTO"}, {"RecordDistributionStrategy": "USER_PARTITION_KEY"}),
    ],
)
def test_an_on_demand_stream_follows_its_template(session: boto3.Session, first: Template, second: Template) -> None:
    deploy(session, "stack", template(S=on_demand(**first)))
    assert compare("stack", session) == []
    assert deploy(session, "stack", template(S=on_demand(**second)))["StackStatus"] == "UPDATE_COMPLETE"
    assert compare("stack", session) == []


def test_distribution_that_leaves_the_template_is_by_key_again(session: boto3.Session, kinesis: Any) -> None:
    deploy(session, "stack", template(S=on_demand(RecordDistributionStrategy="AUTO")))
    deploy(session, "stack", template(S=on_demand()))
    assert summary(kinesis)["RecordDistributionStrategy"] == "USER_PARTITION_KEY"


def test_an_update_changes_what_the_templates_tell_apart_and_nothing_else(session: boto3.Session, kinesis: Any) -> None:
    deploy(
        session, "stack", template(S=stream("s", ShardCount=2), C=consumer("one"), P=shared("S", "Arn", "kinesis:A"))
    )
    (before,) = kinesis.list_stream_consumers(StreamARN=summary(kinesis)["StreamARN"])["Consumers"]
    kinesis.update_shard_count(StreamName="s", TargetShardCount=4, ScalingType="UNIFORM_SCALING")
    changed = template(
        S=stream("s", ShardCount=2, RetentionPeriodHours=48),
        C=consumer("one"),
        D=consumer("two"),
        P=shared("S", "Arn", "kinesis:B"),
    )
    assert deploy(session, "stack", changed)["StackStatus"] == "UPDATE_COMPLETE"
    assert (summary(kinesis)["OpenShardCount"], summary(kinesis)["RetentionPeriodHours"]) == (4, 48)
    after = kinesis.list_stream_consumers(StreamARN=summary(kinesis)["StreamARN"])["Consumers"]
    assert before in after
    assert len(after) == 2
    policy = kinesis.get_resource_policy(ResourceARN=summary(kinesis)["StreamARN"])["Policy"]
    assert json.loads(policy)["Statement"][0]["Action"] == "kinesis:B"


def test_what_kinesis_refuses_fails_the_stack_with_its_words(session: boto3.Session) -> None:
    deployed = deploy(session, "stack", template(S=stream("s", RecordDistributionStrategy="AUTO")))
    assert deployed["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "provisioned" in failures(session, deployed["StackId"])["S"]
