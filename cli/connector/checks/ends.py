"""What a route leads from and to, in AWS: streams, deliveries and the bucket of dead letters."""

from __future__ import annotations

from collections.abc import Iterator

from botocore.exceptions import ClientError

from cli.connector.checks.check import Check, failed, ok
from cli.connector.checks.subject import Subject
from environments import DeadLetterBucket, DeliveryEnd, StreamEnd, naming

WORKING = {"ACTIVE": "is ACTIVE", "UPDATING": "is UPDATING, and takes records meanwhile"}
"""https://docs.aws.amazon.com/kinesis/latest/APIReference/API_StreamDescriptionSummary.html"""


def end_checks(subject: Subject) -> Iterator[Check]:
    """The ends that are in AWS."""
    declared = subject.declared
    for end in (declared.source, declared.target, declared.dead_letters):
        match end:
            case StreamEnd(stream=name):
                yield _stream(subject, name)
            case DeliveryEnd(delivery=name):
                yield _delivery(subject, name)
            case DeadLetterBucket(bucket=name):
                yield _bucket(subject, name)


def _stream(subject: Subject, name: str) -> Check:
    environment, kinesis = subject.environment, subject.aws.kinesis
    physical, check = naming.stream_name(environment, name), f"stream {name}"
    way_out = f"deploy it: npx cdk deploy '{environment.name}/streams'"
    try:
        told = kinesis.describe_stream_summary(StreamName=physical)["StreamDescriptionSummary"]
    except kinesis.exceptions.ResourceNotFoundException:
        return failed(check, f"{physical} does not exist", way_out)
    status = told["StreamStatus"]
    if status in WORKING:
        return ok(check, f"{physical} {WORKING[status]}, with {told['OpenShardCount']} shards")
    return failed(check, f"{physical} is {status}", "wait until it is ACTIVE" if status == "CREATING" else way_out)


def _delivery(subject: Subject, name: str) -> Check:
    environment, firehose = subject.environment, subject.aws.firehose
    physical, check = naming.delivery_name(environment, name), f"delivery {name}"
    way_out = f"deploy it: npx cdk deploy '{environment.name}/deliveries'"
    try:
        told = firehose.describe_delivery_stream(DeliveryStreamName=physical)["DeliveryStreamDescription"]
    except firehose.exceptions.ResourceNotFoundException:
        return failed(check, f"{physical} does not exist", way_out)
    status = told["DeliveryStreamStatus"]
    if status != "ACTIVE":
        return failed(check, f"{physical} is {status}", "wait until it is ACTIVE" if status == "CREATING" else way_out)
    if told["DeliveryStreamType"] != "DirectPut":
        kind = told["DeliveryStreamType"]
        return failed(
            check, f"{physical} takes its records by itself ({kind}): none can be put into it", "declare another"
        )
    return ok(check, f"{physical} is ACTIVE")


def _bucket(subject: Subject, name: str) -> Check:
    try:
        subject.aws.s3.head_bucket(Bucket=name)
    except ClientError as error:
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 404:  # noqa: PLR2004 - not found
            return failed("dead-letters", f"bucket {name} does not exist", f"create it: aws s3 mb s3://{name}")
        raise
    return ok("dead-letters", f"bucket {name}")
