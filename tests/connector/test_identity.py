"""As whom and where AWS is called, and what it says of a stream, asked of stand-ins."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import botocore.endpoint
import pytest
from botocore.awsrequest import AWSResponse

from connector.aws.account import Account
from connector.aws.identity import Identity
from connector.config import FirehoseSink, KinesisSink
from connector.errors import ConnectorError, NotAuthenticated
from connector.kinesis.stream import require_ready
from tests.connector.aws_stub import AwsStub, Content, RefusedError
from tests.connector.processes import until

ROLE = {"arn": "arn:aws:iam::111122223333:role/writer", "external_id": "tenant-7", "session": "orders"}


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No AWS setting but keys."""
    for name in os.environ:
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/none")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/none")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDOWN")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsStub]:
    """Every service of AWS."""
    with AwsStub() as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL", running.url)
        yield running


def kinesis(**settings: Any) -> KinesisSink:
    return KinesisSink.model_validate({"kind": "kinesis", "stream": "flights", "region": "us-east-1", **settings})


def firehose(**settings: Any) -> FirehoseSink:
    sink = {"kind": "firehose", "delivery_stream": "archive", "region": "us-east-1"}
    return FirehoseSink.model_validate({**sink, **settings})


def described(**more: object) -> Content:
    return {"StreamDescriptionSummary": {"StreamStatus": "ACTIVE", **more}}


def test_the_role_of_the_sink_is_assumed_with_its_external_id(stub: AwsStub):
    # Peers: kinesis-kafka-connector #19, #85.
    stub.answers["DescribeStreamSummary"] = lambda _: described()
    account = Account.of(kinesis(role=ROLE))
    assert account.credentials().access_key.startswith("ASIAROLE")
    account.stream("flights")
    for assumed in stub.of("AssumeRole"):
        wanted = {"RoleArn": ROLE["arn"], "ExternalId": "tenant-7", "RoleSessionName": "orders"}
        assert wanted.items() <= assumed.content.items()
        assert assumed.access_key == "AKIDOWN"
    assert stub.of("DescribeStreamSummary")[0].access_key.startswith("ASIAROLE")


def test_without_a_role_the_environment_itself_calls(stub: AwsStub):
    stub.answers["DescribeStreamSummary"] = lambda _: described()
    Account.of(kinesis()).stream("flights")
    assert not stub.of("AssumeRole")
    assert stub.of("DescribeStreamSummary")[0].access_key == "AKIDOWN"


def test_a_role_without_credentials_to_assume_it_says_so(stub: AwsStub, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(NotAuthenticated, match="no AWS credentials found"):
        Account.of(kinesis(role=ROLE)).stream("flights")
    assert not stub.calls


def test_the_parameter_is_read_as_the_environment_and_not_as_the_role(stub: AwsStub):
    stub.answers["GetParameter"] = lambda _: {"Parameter": {"Value": "kafka:9092"}}
    assert Account.of(kinesis(role=ROLE)).parameter("/team/kafka") == "kafka:9092"
    assert stub.of("GetParameter")[0].access_key == "AKIDOWN"
    assert not stub.of("AssumeRole")


def test_a_new_session_of_the_role_has_the_same_name(stub: AwsStub):
    identity = Identity("us-east-1", kinesis(role=ROLE).role)
    first = identity.credentials().access_key
    identity._chain._resolved_at -= 60
    identity.renew()
    assert identity.credentials().access_key != first
    assert {call.content["RoleSessionName"] for call in stub.of("AssumeRole")} == {"orders"}


def test_credentials_of_a_task_are_fetched_again_before_they_expire(stub: AwsStub, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{stub.url}/credentials")
    stub.lifetime = timedelta(minutes=16)
    identity = Identity("us-east-1")
    assert identity.credentials().access_key == "ASIATASK1"
    identity._chain._asked_at -= 60
    assert identity.credentials().access_key == "ASIATASK1"
    source: Any = identity._chain._source
    source._expiry_time -= timedelta(minutes=3)
    until(lambda: identity.credentials().access_key == "ASIATASK2")


@pytest.mark.parametrize(
    ("sink", "url"),
    [
        (kinesis(), "https://kinesis.us-east-1.amazonaws.com"),
        (kinesis(fips=True), "https://kinesis-fips.us-east-1.amazonaws.com"),
        (firehose(), "https://firehose.us-east-1.amazonaws.com"),
        (firehose(fips=True), "https://firehose-fips.us-east-1.amazonaws.com"),
        (kinesis(endpoint="https://vpce-1.example.org/"), "https://vpce-1.example.org"),
    ],
)
def test_the_service_is_where_the_sink_says(sink: KinesisSink | FirehoseSink, url):
    # Peers: kinesis-kafka-connector #60.
    account = Account.of(sink)
    assert account.endpoint_url == url
    assert account.client(sink.kind).meta.endpoint_url == url


def test_the_aws_settings_may_name_an_address_for_each_service(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_FIREHOSE", "https://vpce-2.example.org")
    assert Account.of(firehose()).endpoint_url == "https://vpce-2.example.org"
    assert Account.of(kinesis()).endpoint_url == "https://kinesis.us-east-1.amazonaws.com"
    with pytest.raises(ConnectorError, match=r"sink\.fips: the AWS settings name the endpoint https://vpce-2"):
        Account.of(firehose(fips=True))


class Raw:
    """The body of an answer as botocore reads it."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def stream(self) -> Iterator[bytes]:
        yield self.body


def answer(request: Any, code: str) -> AWSResponse:
    """Refuse a request as AWS itself would, which the tests do not reach."""
    headers: Any = {"Content-Type": "application/x-amz-json-1.1"}
    return AWSResponse(request.url, 400, headers, Raw(b'{"__type": "%s", "message": "said"}' % code.encode()))


def test_a_stream_that_ignores_keys_is_refused_where_order_is_wanted(stub: AwsStub):
    stub.answers["DescribeStreamSummary"] = lambda _: described(RecordDistributionStrategy="AUTO")
    account = Account.of(kinesis())
    with pytest.raises(ConnectorError, match=r"record distribution AUTO\), so ordering: key cannot hold"):
        require_ready(account, kinesis())
    assert require_ready(account, kinesis(), ordered=False).status == "ACTIVE"
    stub.answers["DescribeStreamSummary"] = lambda _: described(RecordDistributionStrategy="USER_PARTITION_KEY")
    assert require_ready(account, kinesis()).status == "ACTIVE"


def test_all_pages_of_the_shards_are_read(stub: AwsStub):
    # Peers: bento #920.
    def page(asked: Content) -> Content:
        number = int(asked.get("NextToken", "0"))
        assert ("StreamName" in asked) == (number == 0)
        shard = {
            "ShardId": f"shardId-{number:012d}",
            "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": "1"},
            "SequenceNumberRange": {"StartingSequenceNumber": "1"},
        }
        return {"Shards": [shard], **({"NextToken": str(number + 1)} if number < 2 else {})}

    stub.answers["ListShards"] = page
    shards = Account.of(kinesis()).shards("flights")
    assert [shard["ShardId"] for shard in shards] == [f"shardId-{number:012d}" for number in range(3)]


def test_a_missing_permission_to_list_shards_is_one_line(stub: AwsStub):
    def refuse(_: Content) -> Content:
        raise RefusedError("AccessDeniedException")

    stub.answers["ListShards"] = refuse
    with pytest.raises(ConnectorError, match=r"stream 'flights' in us-east-1: .*AccessDeniedException.*ListShards"):
        Account.of(kinesis()).shards("flights")


def test_an_endpoint_that_may_not_know_a_dry_run_is_never_tried(stub: AwsStub):
    stub.answers["PutRecords"] = lambda _: {"FailedRecordCount": 0, "Records": []}
    permission = Account.of(kinesis()).may_put("flights")
    assert permission.allowed is None
    assert "may not know DryRun" in permission.detail
    assert not stub.calls


@pytest.mark.parametrize(
    ("code", "allowed"),
    [("DryRunOperationException", True), ("AccessDeniedException", False), ("KMSAccessDeniedException", False)],
)
def test_a_dry_run_tells_whether_records_may_be_put(monkeypatch: pytest.MonkeyPatch, code, allowed):
    sent: list[bytes] = []

    def send(_: object, request: Any) -> AWSResponse:
        sent.append(request.body)
        return answer(request, code)

    monkeypatch.setattr(botocore.endpoint.Endpoint, "_send", send)
    permission = Account.of(kinesis()).may_put("flights")
    assert permission.allowed is allowed
    assert len(sent) == 1
    assert b'"DryRun": true' in sent[0]


def test_a_stream_that_is_not_there_is_no_matter_of_permission(monkeypatch: pytest.MonkeyPatch):
    code = "ResourceNotFoundException"
    monkeypatch.setattr(botocore.endpoint.Endpoint, "_send", lambda _, request: answer(request, code))
    with pytest.raises(ConnectorError, match="does not exist"):
        Account.of(kinesis()).may_put("flights")


def test_a_bundle_is_known_to_who_opens_connections_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    assert Identity("us-east-1").ca_bundle == str(tmp_path / "ca.pem")
