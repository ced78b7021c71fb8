"""Kinesis in CBOR, as the AWS SDK for Java speaks it, means what it means in JSON."""

from __future__ import annotations

import time
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any

import cbor2
import pytest

from tests.sandbox.aws.conftest import REGION, StandIn

Call = Callable[[str, dict[str, Any]], tuple[int, Any]]
DATA = bytes(range(256))


@pytest.fixture
def cbor(standin: StandIn) -> Call:
    def call(action: str, request: dict[str, Any]) -> tuple[int, Any]:
        connection = HTTPConnection("localhost", standin.port)
        scope = f"Credential=test/20260101/{REGION}/kinesis/aws4_request"
        headers = {
            "Content-Type": "application/x-amz-cbor-1.1",
            "X-Amz-Target": f"Kinesis_20131202.{action}",
            "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0",
        }
        connection.request("POST", "/", cbor2.dumps(request), headers)
        answer = connection.getresponse()
        assert answer.headers["Content-Type"] == "application/x-amz-cbor-1.1"
        raw = answer.read()
        connection.close()
        return answer.status, cbor2.loads(raw, semantic_decoders={1: lambda number, _: number}) if raw else None

    return call


def test_what_cbor_puts_json_reads_and_the_other_way_round(standin: StandIn, cbor: Call) -> None:
    kinesis = standin.client("kinesis")
    kinesis.create_stream(StreamName="wire", ShardCount=1)
    status, put = cbor("PutRecords", {"StreamName": "wire", "Records": [{"Data": DATA, "PartitionKey": "ä"}]})
    assert (status, put["FailedRecordCount"]) == (200, 0)
    kinesis.put_record(StreamName="wire", Data=DATA[::-1], PartitionKey="k")
    asked = {"StreamName": "wire", "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
    iterator = kinesis.get_shard_iterator(**asked)["ShardIterator"]
    in_json = kinesis.get_records(ShardIterator=iterator)["Records"]
    _, in_cbor = cbor("GetRecords", {"ShardIterator": iterator})
    assert [record["Data"] for record in in_json] == [DATA, DATA[::-1]]
    assert [record["Data"] for record in in_cbor["Records"]] == [DATA, DATA[::-1]]
    stamps = [record["ApproximateArrivalTimestamp"] for record in in_cbor["Records"]]
    assert stamps == [round(record["ApproximateArrivalTimestamp"].timestamp() * 1000) for record in in_json]


def test_a_timestamp_is_taken_in_tagged_milliseconds_and_in_seconds(standin: StandIn, cbor: Call) -> None:
    kinesis = standin.client("kinesis")
    kinesis.create_stream(StreamName="stamps", ShardCount=1)
    kinesis.put_record(StreamName="stamps", Data=b"x", PartitionKey="k")
    for shift, found in ((-60, 1), (60, 0)):
        for stamp in (cbor2.CBORTag(1, int((time.time() + shift) * 1000)), time.time() + shift):
            asked = {"StreamName": "stamps", "ShardId": "shardId-000000000000", "ShardIteratorType": "AT_TIMESTAMP"}
            _, answer = cbor("GetShardIterator", {**asked, "Timestamp": stamp})
            _, records = cbor("GetRecords", answer)
            assert len(records["Records"]) == found


def test_calls_that_carry_no_records_are_translated_with_their_timestamps(cbor: Call) -> None:
    assert cbor("CreateStream", {"StreamName": "translated", "ShardCount": 2}) == (200, {})
    _, answer = cbor("DescribeStreamSummary", {"StreamName": "translated"})
    summary = answer["StreamDescriptionSummary"]
    assert summary["OpenShardCount"] == 2
    assert abs(summary["StreamCreationTimestamp"] / 1000 - time.time()) < 60
    _, listed = cbor("ListShards", {"StreamName": "translated"})
    assert len(listed["Shards"]) == 2


@pytest.mark.parametrize(
    ("action", "request_", "error"),
    [
        ("PutRecords", {"StreamName": "none", "Records": []}, "ResourceNotFoundException"),
        ("DescribeStreamSummary", {"StreamName": "none"}, "ResourceNotFoundException"),
        ("PutRecords", {"StreamName": "none"}, "ResourceNotFoundException"),
        ("GetRecords", {}, "SerializationException"),
    ],
)
def test_errors_come_back_in_cbor_with_their_type(
    cbor: Call, action: str, request_: dict[str, Any], error: str
) -> None:
    status, answer = cbor(action, request_)
    assert status == 400
    assert answer["__type"].rpartition("#")[2] == error
