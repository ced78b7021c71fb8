from typing import Any

import pytest

from stacks.deliveries.bucket import object_prefixes
from tests.stacks.conftest import Describe, Synthesize
from tests.stacks.synthesis import PLAIN, Resource, Templates


def delivery_stream(templates: Templates, environment: str) -> Resource:
    (found,) = templates.resources(environment, "deliveries", "KinesisFirehose::DeliveryStream").values()
    return found


def destination(templates: Templates, environment: str) -> dict[str, Any]:
    described: dict[str, Any] = delivery_stream(templates, environment)["Properties"][
        "ExtendedS3DestinationConfiguration"
    ]
    return described


def test_a_delivery_takes_records_from_writers_and_is_encrypted(templates: Templates):
    made = delivery_stream(templates, "plain")["Properties"]
    assert made["DeliveryStreamName"] == "plain-archive"
    assert made["DeliveryStreamType"] == "DirectPut"
    assert made["DeliveryStreamEncryptionConfigurationInput"] == {"KeyType": "AWS_OWNED_CMK"}
    assert {"Key": "team", "Value": "data-platform"} in made["Tags"]


def test_objects_are_as_the_file_says(templates: Templates):
    made = destination(templates, "plain")
    assert made["Prefix"] == "orders/!{timestamp:yyyy/MM/dd}/"
    assert made["ErrorOutputPrefix"] == "errors/!{firehose:error-output-type}/"
    assert made["BufferingHints"] == {"SizeInMBs": 64, "IntervalInSeconds": 90}
    assert made["CompressionFormat"] == "UNCOMPRESSED"


def test_compression_has_the_name_that_firehose_gives_it(described: Describe, synthesized: Synthesize):
    named = {"gzip": "GZIP", "zip": "ZIP", "snappy": "Snappy", "hadoop-snappy": "HADOOP_SNAPPY"}
    deliveries = {name: {**PLAIN["deliveries"]["archive"], "compression": name} for name in named}
    made = synthesized(described(deliveries=deliveries, routes=None))
    assert {
        each["DeliveryStreamName"].removeprefix("changed-"): each["ExtendedS3DestinationConfiguration"][
            "CompressionFormat"
        ]
        for each in made.properties("changed", "deliveries", "KinesisFirehose::DeliveryStream")
    } == named


def test_a_delivery_without_a_bucket_gets_one_that_only_it_and_its_owner_can_reach(templates: Templates):
    ((key, bucket),) = templates.resources("plain", "deliveries", "S3::Bucket").items()
    assert destination(templates, "plain")["BucketARN"] == {"Fn::GetAtt": [key, "Arn"]}
    properties = bucket["Properties"]
    assert "BucketName" not in properties
    (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    (policy,) = templates.properties("plain", "deliveries", "S3::BucketPolicy")
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_bucket_that_the_file_names_is_used_and_left_alone(templates: Templates):
    assert destination(templates, "given")["BucketARN"] == "arn:aws:s3:::team-archive"
    for kind in ("S3::Bucket", "S3::BucketPolicy"):
        assert templates.resources("given", "deliveries", kind) == {}


def test_why_something_was_not_delivered_is_logged_where_firehose_may_write(templates: Templates):
    name = "/streamops/plain/deliveries/archive"
    options = destination(templates, "plain")["CloudWatchLoggingOptions"]
    assert options == {"Enabled": True, "LogGroupName": name, "LogStreamName": "destination"}
    ((group, made),) = templates.resources("plain", "deliveries", "Logs::LogGroup").items()
    assert (made["Properties"]["LogGroupName"], made["Properties"]["RetentionInDays"]) == (name, 14)
    (stream,) = templates.properties("plain", "deliveries", "Logs::LogStream")
    assert stream == {"LogGroupName": {"Ref": group}, "LogStreamName": "destination"}


def test_a_delivery_is_made_last_when_its_bucket_is_closed_and_its_log_is_there(templates: Templates):
    kinds = {
        templates.resources("plain", "deliveries")[key]["Type"]
        for key in delivery_stream(templates, "plain")["DependsOn"]
    }
    assert kinds >= {"AWS::S3::BucketPolicy", "AWS::Logs::LogStream"}


def test_in_production_a_bucket_is_behind_two_keys_and_keeps_what_is_deleted_in_it(templates: Templates):
    assert templates.settings["prod", "deliveries"]["terminationProtection"] is True
    (bucket,) = templates.resources("prod", "deliveries", "S3::Bucket").values()
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert bucket["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}


def test_elsewhere_a_bucket_leaves_with_its_delivery(templates: Templates):
    assert templates.settings["plain", "deliveries"]["terminationProtection"] is False
    (bucket,) = templates.resources("plain", "deliveries", "S3::Bucket").values()
    assert bucket["DeletionPolicy"] == "Delete"


def test_an_environment_without_deliveries_has_no_stack_of_them(templates: Templates):
    assert "deliveries" not in templates.stacks("express")


def test_another_buffer_changes_nothing_else(templates: Templates, described: Describe, synthesized: Synthesize):
    before = templates.resources("plain", "deliveries")
    smaller = {"archive": {**PLAIN["deliveries"]["archive"], "buffer": {"size": "1MiB"}}}
    after = synthesized(described("plain", deliveries=smaller)).resources("plain", "deliveries")
    assert [before[key]["Type"] for key in before if before[key] != after[key]] == [
        "AWS::KinesisFirehose::DeliveryStream"
    ]


@pytest.mark.parametrize(
    ("prefix", "errors", "heads"),
    [
        ("orders/!{timestamp:yyyy}/", "errors/!{firehose:error-output-type}/", ["errors/", "orders/"]),
        ("orders/", "orders/errors/", ["orders/"]),
        ("", "errors/", [""]),
        ("!{timestamp:yyyy}/", "errors/!{firehose:error-output-type}/", [""]),
        ("orders/", "orders/", ["orders/"]),
    ],
)
def test_firehose_may_write_below_what_names_begin_with(prefix: str, errors: str, heads: list[str]):
    assert object_prefixes([prefix, errors]) == heads
