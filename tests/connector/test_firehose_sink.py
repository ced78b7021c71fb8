"""Whole requests: signed as botocore signs them, taken by the stand-in, delivered byte for byte."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from unittest import mock

import boto3
import botocore.auth
import botocore.credentials
import pytest
from botocore.awsrequest import AWSRequest

from connector.aws.signing import Credentials
from connector.batch import records
from connector.feed import CallLimits
from connector.firehose.sink import FirehoseSink
from connector.http_response import Response, ResponseReader
from connector.outcome import Answer, CallFailure
from sandbox.aws.server import make

REGION = "eu-west-1"
LIMITS = CallLimits(500, 4 << 20)


@dataclass
class Access:
    """An account at one endpoint."""

    endpoint_url: str
    region: str = REGION
    ca_bundle: str | None = None
    renewed: int = 0

    def credentials(self) -> Credentials:
        return Credentials("AKIDEXAMPLE", "secret", "token")

    def renew(self) -> None:
        self.renewed += 1


@pytest.fixture(scope="module")
def access() -> Iterator[Access]:
    """The stand-in on a free port, in this process."""
    server = make("127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Access(f"http://localhost:{server.port}")
    server.shutdown()
    thread.join()
    server.server_close()


def client(access: Access, service: Any) -> Any:
    return boto3.client(
        service,
        endpoint_url=access.endpoint_url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def archive(access: Access, name: str) -> FirehoseSink:
    client(access, "s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    client(access, "firehose").create_delivery_stream(
        DeliveryStreamName=name,
        ExtendedS3DestinationConfiguration={"BucketARN": f"arn:aws:s3:::{name}", "RoleARN": "arn:aws:iam::1:role/r"},
    )
    return FirehoseSink(name, access, LIMITS)


def exchange(sink: FirehoseSink, data: list[bytes]) -> Response:
    request = b"".join(sink.request([records([b"key"] * len(data), data, range(len(data)))]))
    with socket.create_connection((sink.endpoint.host, sink.endpoint.port), timeout=10) as connection:
        connection.sendall(request)
        answer = ResponseReader()
        while (taken := answer.take()) is None:
            answer.feed(memoryview(connection.recv(1 << 16)))
    return taken[0]


def delivered(access: Access, name: str) -> bytes:
    """End the delivery stream, which delivers what it holds, and read all of it."""
    client(access, "firehose").delete_delivery_stream(DeliveryStreamName=name)
    s3 = client(access, "s3")
    names = [each["Key"] for each in s3.list_objects_v2(Bucket=name).get("Contents", [])]
    return b"".join(s3.get_object(Bucket=name, Key=each)["Body"].read() for each in names)


def test_what_is_sent_lies_in_the_bucket_byte_for_byte(access: Access):
    sink = archive(access, "bytes")
    data = [bytes([number, 0, 255 - number]) * number + b"\n" for number in range(256)]
    assert sink.outcome(exchange(sink, data), len(data)) == Answer()
    assert delivered(access, "bytes") == b"".join(data)


def test_a_call_of_four_full_records_is_taken(access: Access):
    sink = archive(access, "full")
    data = [bytes([number]) * 1_024_000 for number in b"abcd"]
    assert sink.outcome(exchange(sink, data), 4) == Answer()
    assert delivered(access, "full") == b"".join(data)


def test_a_record_that_is_too_long_is_told_from_a_delivery_stream_that_is_gone(access: Access):
    sink = archive(access, "refused")
    outcome = sink.outcome(exchange(sink, [b"a" * 1_024_001]), 1)
    assert isinstance(outcome, CallFailure)
    assert (outcome.code, outcome.refuses_content, outcome.permanent) == ("InvalidArgumentException", True, False)
    assert delivered(access, "refused") == b""
    outcome = sink.outcome(exchange(sink, [b"a"]), 1)
    assert isinstance(outcome, CallFailure)
    assert (outcome.code, outcome.refuses_content, outcome.permanent) == ("ResourceNotFoundException", False, True)


def test_the_signature_is_the_one_botocore_makes(access: Access):
    head, body = FirehoseSink("s", access, LIMITS).request([records([b"k"], [b"v"], [0])])
    line, *fields = head.decode().removesuffix("\r\n\r\n").split("\r\n")
    headers = dict(field.split(": ", 1) for field in fields)
    assert line == "POST / HTTP/1.1"
    assert int(headers["Content-Length"]) == len(body)
    signed = {name: headers[name] for name in ("Content-Type", "X-Amz-Target")}
    request = AWSRequest("POST", f"{access.endpoint_url}/", signed, body)
    credentials = botocore.credentials.ReadOnlyCredentials(*access.credentials())
    now = datetime.strptime(headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ")  # noqa: DTZ007 - as botocore wants it
    with mock.patch("botocore.auth.get_current_datetime", return_value=now):
        botocore.auth.SigV4Auth(credentials, "firehose", REGION).add_auth(request)
    assert headers["Authorization"] == request.headers["Authorization"]
    assert headers["X-Amz-Security-Token"] == "token"


def test_credentials_that_were_refused_are_resolved_anew():
    access = Access("https://firehose.eu-west-1.amazonaws.com")
    sink = FirehoseSink("s", access, LIMITS)
    assert (sink.endpoint.port, sink.tls is not None) == (443, True)
    sink.renew_credentials()
    assert access.renewed == 1
