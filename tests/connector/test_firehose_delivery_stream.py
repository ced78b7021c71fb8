"""Whether a delivery stream takes what a route would send is known before anything is read."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.stub import Stubber

from connector.config import FirehoseSink
from connector.errors import ConnectorError, NotAuthenticated
from connector.firehose.delivery_stream import require_ready


class StubbedAccount:
    """An account whose Firehose answers as told: the stand-in makes no delivery stream that is not ready."""

    region = "eu-west-1"

    def __init__(self) -> None:
        session = botocore.session.Session()
        self.firehose = session.create_client(
            "firehose", region_name=self.region, aws_access_key_id="a", aws_secret_access_key="s"
        )
        self.stubber = Stubber(self.firehose)
        self.stubber.activate()

    def way_out(self, error: Exception) -> str:
        return str(error)

    def client(self, service: str) -> Any:
        assert service == "firehose"
        return self.firehose


BUCKET = {
    "RoleARN": "arn:aws:iam::111122223333:role/firehose",
    "BucketARN": "arn:aws:s3:::archive",
    "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 300},
    "CompressionFormat": "UNCOMPRESSED",
    "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
}


def ask(kind: str = "DirectPut", status: str = "ACTIVE", destination: Any = None, **sink: Any) -> str:
    account: Any = StubbedAccount()
    described = {
        "DeliveryStreamName": "local-archive",
        "DeliveryStreamARN": "arn:aws:firehose:eu-west-1:111122223333:deliverystream/local-archive",
        "DeliveryStreamStatus": status,
        "DeliveryStreamType": kind,
        "VersionId": "1",
        "HasMoreDestinations": False,
        "Destinations": [{"DestinationId": "d-1", **(destination or {"ExtendedS3DestinationDescription": BUCKET})}],
    }
    account.stubber.add_response("describe_delivery_stream", {"DeliveryStreamDescription": described})
    return require_ready(account, FirehoseSink(kind="firehose", delivery_stream="local-archive", **sink))


def partitioned(*processors: str, enabled: bool = True) -> dict[str, Any]:
    return {
        "ExtendedS3DestinationDescription": {
            **BUCKET,
            "DynamicPartitioningConfiguration": {"Enabled": enabled},
            "ProcessingConfiguration": {"Enabled": enabled, "Processors": [{"Type": each} for each in processors]},
        }
    }


@pytest.mark.parametrize("packing", ["none", "newline"])
def test_one_into_s3_that_is_active_takes_everything(packing: str):
    assert ask(packing=packing) == "ACTIVE"


@pytest.mark.parametrize("status", ["CREATING", "CREATING_FAILED", "DELETING"])
def test_one_that_is_not_active_is_refused(status: str):
    with pytest.raises(ConnectorError, match=f"is {status}; it takes records when it is ACTIVE"):
        ask(status=status)


@pytest.mark.parametrize("kind", ["KinesisStreamAsSource", "MSKAsSource", "DatabaseAsSource"])
def test_one_with_a_source_of_its_own_is_refused(kind: str):
    with pytest.raises(ConnectorError, match=rf"source of its own \({kind}\)"):
        ask(kind=kind)


@pytest.mark.parametrize(
    "member", ["AmazonopensearchserviceDestinationDescription", "AmazonOpenSearchServerlessDestinationDescription"]
)
def test_opensearch_takes_records_but_no_packed_ones(member: str):
    destination = {member: {"RoleARN": BUCKET["RoleARN"]}}
    assert ask(destination=destination) == "ACTIVE"
    with pytest.raises(ConnectorError, match=r"one document a record; remove sink\.packing"):
        ask(destination=destination, packing="newline")


@pytest.mark.parametrize(("messages", "taken"), [(None, False), (501, False), (500, True), (1, True)])
def test_one_that_takes_records_apart_wants_at_most_500_messages_in_each(messages: int | None, taken: bool):
    asked: dict[str, Any] = {"destination": partitioned("RecordDeAggregation"), "limits": {"messages": messages}}
    assert ask(**asked) == "ACTIVE"
    if taken:
        assert ask(**asked, packing="newline") == "ACTIVE"
    else:
        with pytest.raises(ConnectorError, match=r"sink\.limits\.messages allows .*; set it to 500 or less"):
            ask(**asked, packing="newline")


def test_one_that_partitions_by_content_wants_packed_records_taken_apart():
    with pytest.raises(ConnectorError, match="add the processor RecordDeAggregation"):
        ask(destination=partitioned("MetadataExtraction"), packing="newline")
    assert ask(destination=partitioned("MetadataExtraction")) == "ACTIVE"
    assert ask(destination=partitioned("RecordDeAggregation", enabled=False), packing="newline") == "ACTIVE"


def failing(code: str) -> Any:
    account: Any = StubbedAccount()
    account.stubber.add_client_error("describe_delivery_stream", code, "not this one.")
    return account


def test_what_is_wrong_is_said_in_one_line_that_names_the_delivery_stream():
    sink = FirehoseSink(kind="firehose", delivery_stream="local-archive")
    with pytest.raises(ConnectorError, match=r"^delivery stream 'local-archive' in eu-west-1: does not exist; create"):
        require_ready(failing("ResourceNotFoundException"), sink)
    with pytest.raises(NotAuthenticated, match="renew or correct the credentials"):
        require_ready(failing("ExpiredTokenException"), sink)
