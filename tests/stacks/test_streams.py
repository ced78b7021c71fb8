from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk.assertions import Template

from stacks.streams.stack import StreamsStack
from tests.stacks.conftest import Describe, Synthesize
from tests.stacks.synthesis import OWN_KEY, PLAIN, Templates, new_app
from tests.stacks.variants import SHARED_STREAMS


def stream(templates: Templates, environment: str, name: str) -> dict[str, object]:
    found = [each for each in templates.properties(environment, "streams", "Kinesis::Stream") if each["Name"] == name]
    assert len(found) == 1
    properties: dict[str, object] = found[0]
    return properties


def test_a_provisioned_stream_has_its_shards_and_retention(templates: Templates):
    orders = stream(templates, "plain", "plain-orders")
    assert orders["StreamModeDetails"] == {"StreamMode": "PROVISIONED"}
    assert orders["ShardCount"] == 3
    assert orders["RetentionPeriodHours"] == 48


def test_an_on_demand_stream_has_no_shard_count_and_may_bring_its_own_name(templates: Templates):
    clicks = stream(templates, "plain", "ClickStream")
    assert clicks["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    assert "ShardCount" not in clicks


def test_encryption_is_spelled_out_and_never_a_condition(templates: Templates):
    managed = {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}
    assert stream(templates, "plain", "plain-orders")["StreamEncryption"] == managed
    own = {"EncryptionType": "KMS", "KeyId": OWN_KEY}
    assert stream(templates, "prod", "prod-orders")["StreamEncryption"] == own


def test_in_production_data_is_behind_two_keys(templates: Templates):
    assert templates.settings["prod", "streams"]["terminationProtection"] is True
    for each in templates.resources("prod", "streams", "Kinesis::Stream").values():
        assert each["DeletionPolicy"] == "RetainExceptOnCreate"
        assert each["UpdateReplacePolicy"] == "Retain"


def test_elsewhere_what_leaves_the_file_is_deleted(templates: Templates):
    assert templates.settings["plain", "streams"]["terminationProtection"] is False
    for each in templates.resources("plain", "streams", "Kinesis::Stream").values():
        assert each["DeletionPolicy"] == "Delete"


def test_stacks_without_state_can_always_be_deleted(templates: Templates):
    for stack in ("network", "connectors"):
        assert templates.settings["prod", stack]["terminationProtection"] is False


def test_an_environment_without_streams_has_no_streams_stack(described: Describe, synthesized: Synthesize):
    only_network = synthesized(described(streams=None, deliveries=None, routes=None))
    assert only_network.stacks("changed") == {"network"}


def test_a_changed_retention_changes_nothing_else(templates: Templates, described: Describe, synthesized: Synthesize):
    longer = {**PLAIN["streams"], "orders": {**PLAIN["streams"]["orders"], "retention": "72h"}}
    before = templates.resources("plain", "streams")
    after = synthesized(described("plain", streams=longer, routes=None)).resources("plain", "streams")
    changed = [key for key in before if before[key] != after[key]]
    assert len(changed) == 1
    after[changed[0]]["Properties"]["RetentionPeriodHours"] = 48
    assert before == after


def test_what_the_file_says_of_records_metrics_and_capacity_is_in_the_template(templates: Templates):
    orders, clicks = stream(templates, "given", "given-orders"), stream(templates, "given", "given-clicks")
    assert orders["MaxRecordSizeInKiB"] == 10240
    assert orders["DesiredShardLevelMetrics"] == ["IncomingBytes", "IteratorAgeMilliseconds"]
    assert (clicks["WarmThroughputMiBps"], clicks["RecordDistributionStrategy"]) == (200, "AUTO")


def test_what_the_file_leaves_to_kinesis_is_not_in_the_template(templates: Templates):
    for name in ("plain-orders", "ClickStream"):
        assert not stream(templates, "plain", name).keys() & {
            "MaxRecordSizeInKiB",
            "DesiredShardLevelMetrics",
            "WarmThroughputMiBps",
            "RecordDistributionStrategy",
        }


def test_a_value_that_is_written_is_set_also_where_it_is_the_default(described: Describe, synthesized: Synthesize):
    written = {"clicks": {"mode": "on-demand", "max_record_size": "1MiB", "distribution": "partition-key"}}
    made = stream(synthesized(described(streams=written, routes=None, deliveries=None)), "changed", "changed-clicks")
    assert (made["MaxRecordSizeInKiB"], made["RecordDistributionStrategy"]) == (1024, "USER_PARTITION_KEY")


def test_a_stream_borrows_the_key_of_its_environment(templates: Templates):
    encryption = stream(templates, "given", "given-orders")["StreamEncryption"]
    assert encryption == {"EncryptionType": "KMS", "KeyId": OWN_KEY}


def test_consumers_are_registered_by_their_own_names(templates: Templates):
    registered = templates.resources("given", "streams", "Kinesis::StreamConsumer")
    assert {each["Properties"]["ConsumerName"] for each in registered.values()} == {"dashboard", "Audit.v2"}


def statements(policy: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["Sid"]: each for each in policy["ResourcePolicy"]["Statement"]}


def test_a_stream_is_shared_with_those_who_are_named_for_what_is_named(templates: Templates):
    policies = templates.properties("given", "streams", "Kinesis::ResourcePolicy")
    (of_stream,) = [each for each in map(statements, policies) if "Read" in each]
    account, role = "arn:aws:iam::444455556666:root", "arn:aws:iam::444455556666:role/producer"
    arn = "arn:aws:kinesis:eu-west-1:111122223333:stream/given-orders"
    assert of_stream["Read"]["Principal"] == {"AWS": [account, role]}
    assert of_stream["Write"]["Principal"] == {"AWS": role}
    assert "kinesis:PutRecords" in of_stream["Write"]["Action"]
    assert not any("Put" in action for action in of_stream["Read"]["Action"])
    assert {each["Resource"] for each in of_stream.values()} == {arn}
    assert not any("*" in action for each in of_stream.values() for action in each["Action"])
    # Who only subscribes has to find the shards first.
    assert of_stream["FindShards"]["Principal"] == {"AWS": "arn:aws:iam::777788889999:root"}


def test_a_consumer_is_shared_by_a_policy_of_its_own(templates: Templates):
    policies = templates.properties("given", "streams", "Kinesis::ResourcePolicy")
    (of_consumer,) = [each["Subscribe"] for each in map(statements, policies) if "Subscribe" in each]
    assert of_consumer["Action"] == ["kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard"]
    (consumer,) = [
        key
        for key, each in templates.resources("given", "streams", "Kinesis::StreamConsumer").items()
        if each["Properties"]["ConsumerName"] == "dashboard"
    ]
    assert of_consumer["Resource"] == {"Fn::GetAtt": [consumer, "ConsumerARN"]}


def test_who_shares_a_stream_may_use_the_environments_key_for_it_through_kinesis_only(
    described: Describe, tmp_path: Path
):
    environment = described(security={"key": "create"}, streams=SHARED_STREAMS)
    app = new_app(tmp_path / "out")
    kept = cdk.Stack(app, "kept")
    StreamsStack(app, environment, key=kms.Key(kept, "Key", enable_key_rotation=True))
    (key,) = Template.from_stack(kept).find_resources("AWS::KMS::Key").values()
    lent = {each["Sid"]: each for each in key["Properties"]["KeyPolicy"]["Statement"] if "Sid" in each}
    assert {sid: each["Action"] for sid, each in lent.items()} == {
        "ReadOrders": "kms:Decrypt",
        "WriteOrders": "kms:GenerateDataKey",
    }
    for each in lent.values():
        assert each["Condition"]["StringEquals"] == {
            "kms:ViaService": "kinesis.eu-west-1.amazonaws.com",
            "kms:EncryptionContext:aws:kinesis:arn": "arn:aws:kinesis:eu-west-1:111122223333:stream/changed-orders",
        }


def test_a_policy_waits_until_what_it_shares_is_active(templates: Templates):
    policies = templates.resources("given", "streams", "Kinesis::ResourcePolicy").values()
    shared = {
        **templates.resources("given", "streams", "Kinesis::StreamConsumer"),
        **templates.resources("given", "streams", "Kinesis::Stream"),
    }
    assert {shared[each["DependsOn"][0]]["Type"] for each in policies} == {
        "AWS::Kinesis::Stream",
        "AWS::Kinesis::StreamConsumer",
    }
    for each in policies:
        assert each["DependsOn"] == [each["Properties"]["ResourceArn"]["Fn::GetAtt"][0]]


def most_at_a_time(resources: dict[str, Any]) -> int:
    """How many there are in the fullest turn, if each is made as soon as what it waits for stands."""
    turns: dict[int, int] = {}
    done: dict[str, int] = {}
    for key, each in resources.items():
        earlier = [done[other] for other in each.get("DependsOn", []) if other in resources]
        done[key] = 1 + max(earlier, default=0)
        turns[done[key]] = turns.get(done[key], 0) + 1
    return max(turns.values())


def test_kinesis_is_never_asked_for_more_than_five_at_a_time(described: Describe, synthesized: Synthesize):
    streams = {f"s{number}": {"mode": "provisioned", "shards": 1} for number in range(12)}
    streams["s0"]["consumers"] = {f"c{number}": {} for number in range(12)}
    made = synthesized(described(streams=streams, deliveries=None, routes=None))
    for kind in ("Stream", "StreamConsumer"):
        resources = made.resources("changed", "streams", f"Kinesis::{kind}")
        assert len(resources) == 12
        assert most_at_a_time(resources) == 5
