"""Sessions of roles are held to their policies, each service refusing in its own words; users are not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.exceptions import ClientError

from sandbox.aws import api
from sandbox.aws.authorization import gate
from sandbox.aws.authorization.asked import Asked

REGION = "eu-west-1"
TASKS = {"Service": "ecs-tasks.amazonaws.com"}
Assume = Callable[..., boto3.Session]


def trust(principal: dict[str, str]) -> str:
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}],
        }
    )


def policy(*statements: tuple[str, str, str]) -> str:
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": effect, "Action": action, "Resource": on} for effect, action, on in statements],
        }
    )


@pytest.fixture
def account(session: boto3.Session) -> str:
    return str(session.client("sts").get_caller_identity()["Account"])


@pytest.fixture
def assume(session: boto3.Session) -> Assume:
    """Make a role with the statements given and open a session of it."""
    iam, sts = session.client("iam"), session.client("sts")

    def made(*statements: tuple[str, str, str], principal: dict[str, str] = TASKS, **rest: Any) -> boto3.Session:
        arn = iam.create_role(RoleName="connector", AssumeRolePolicyDocument=trust(principal), **rest)["Role"]["Arn"]
        if statements:
            iam.put_role_policy(RoleName="connector", PolicyName="Route", PolicyDocument=policy(*statements))
        given = sts.assume_role(RoleArn=arn, RoleSessionName="task")["Credentials"]
        core = botocore.session.Session()
        handler: Any = api.answer
        core.register("before-send", handler)
        return boto3.Session(
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
            region_name=REGION,
            botocore_session=core,
        )

    return made


def refusal(call: Callable[..., Any], **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return str(error["Code"]), str(error["Message"])


def put(session: boto3.Session, stream: str) -> Any:
    records: Any = [{"Data": b"x", "PartitionKey": "k"}]
    return session.client("kinesis").put_records(StreamName=stream, Records=records)


def test_what_a_role_allows_is_done_and_the_rest_refused_with_names(
    session: boto3.Session, account: str, assume: Assume
) -> None:
    for name in ("orders", "clicks"):
        session.client("kinesis").create_stream(StreamName=name, ShardCount=1)
    orders, clicks = (f"arn:aws:kinesis:{REGION}:{account}:stream/{name}" for name in ("orders", "clicks"))
    connector = assume(("Allow", "kinesis:PutRecords", orders))
    assert put(connector, "orders")["FailedRecordCount"] == 0
    refused = (
        f"User: arn:aws:sts::{account}:assumed-role/connector/task is not authorized to perform: {{0}}"
        " on resource: {1} because no identity-based policy allows the {0} action"
    )
    assert refusal(lambda: put(connector, "clicks")) == (
        "AccessDeniedException",
        refused.format("kinesis:PutRecords", clicks),
    )
    # ListShards is answered by moto, PutRecords by the stand-in itself.
    assert refusal(connector.client("kinesis").list_shards, StreamName="orders") == (
        "AccessDeniedException",
        refused.format("kinesis:ListShards", orders),
    )
    assert put(session, "clicks")["FailedRecordCount"] == 0


def test_each_service_refuses_in_its_own_words(session: boto3.Session, account: str, assume: Assume) -> None:
    session.client("s3").create_bucket(Bucket="letters", CreateBucketConfiguration={"LocationConstraint": REGION})
    session.client("secretsmanager").create_secret(Name="login", SecretString="{}")
    nobody = assume()
    refused = {
        "firehose": refusal(
            nobody.client("firehose").put_record_batch, DeliveryStreamName="archive", Records=[{"Data": b"x"}]
        ),
        "ssm": refusal(nobody.client("ssm").get_parameter, Name="/a/b"),
        "secret": refusal(nobody.client("secretsmanager").get_secret_value, SecretId="login"),
        "logs": refusal(nobody.client("logs").create_log_stream, logGroupName="group", logStreamName="one"),
        "s3": refusal(nobody.client("s3").put_object, Bucket="letters", Key="a/b", Body=b"x"),
        "sts": refusal(nobody.client("sts").assume_role, RoleArn="arn:aws:iam::1:role/r", RoleSessionName="session"),
        "iam": refusal(nobody.client("iam").list_roles),
    }
    codes = {name: code for name, (code, _) in refused.items()}
    assert codes == dict.fromkeys(("firehose", "ssm", "secret", "logs"), "AccessDeniedException") | dict.fromkeys(
        ("s3", "sts", "iam"), "AccessDenied"
    )
    told = {name: text.partition("perform: ")[2].partition(" because")[0] for name, (_, text) in refused.items()}
    here = f"{REGION}:{account}"
    secret = session.client("secretsmanager").describe_secret(SecretId="login")["ARN"]
    assert told == {
        "firehose": f"firehose:PutRecordBatch on resource: arn:aws:firehose:{here}:deliverystream/archive",
        "ssm": f"ssm:GetParameter on resource: arn:aws:ssm:{here}:parameter/a/b",
        "secret": f"secretsmanager:GetSecretValue on resource: {secret}",
        "logs": f"logs:CreateLogStream on resource: arn:aws:logs:{here}:log-group:group:log-stream:one",
        "s3": "s3:PutObject on resource: arn:aws:s3:::letters/a/b",
        "sts": "sts:AssumeRole on resource: arn:aws:iam::1:role/r",
        "iam": "iam:ListRoles on resource: *",
    }
    assert nobody.client("sts").get_caller_identity()["Arn"].endswith(":assumed-role/connector/task")


def test_a_changed_policy_holds_from_the_next_call(session: boto3.Session, account: str, assume: Assume) -> None:
    session.client("kinesis").create_stream(StreamName="orders", ShardCount=1)
    stream = f"arn:aws:kinesis:{REGION}:{account}:stream/orders"
    connector = assume(("Allow", "kinesis:PutRecords", stream))
    put(connector, "orders")
    session.client("iam").put_role_policy(
        RoleName="connector", PolicyName="Route", PolicyDocument=policy(("Allow", "kinesis:ListShards", stream))
    )
    assert refusal(lambda: put(connector, "orders"))[0] == "AccessDeniedException"
    assert connector.client("kinesis").list_shards(StreamName="orders")["Shards"]


def test_a_decision_is_kept_while_no_policy_changes(session: boto3.Session, account: str, assume: Assume) -> None:
    session.client("kinesis").create_stream(StreamName="orders", ShardCount=1)
    stream = f"arn:aws:kinesis:{REGION}:{account}:stream/orders"
    connector = assume(("Allow", "kinesis:PutRecords", stream))
    put(connector, "orders")
    ((case, decided),) = gate._kept.decisions.items()
    assert (case[1], decided) == (Asked("kinesis:PutRecords", stream), None)
    put(connector, "orders")
    assert list(gate._kept.decisions) == [case]
    session.client("iam").list_roles()
    assert gate._kept.decisions == {}


def test_a_permissions_boundary_has_to_allow_it_too(session: boto3.Session, account: str, assume: Assume) -> None:
    session.client("kinesis").create_stream(StreamName="orders", ShardCount=1)
    stream = f"arn:aws:kinesis:{REGION}:{account}:stream/orders"
    boundary = session.client("iam").create_policy(
        PolicyName="boundary", PolicyDocument=policy(("Allow", "kinesis:List*", "*"))
    )["Policy"]["Arn"]
    connector = assume(("Allow", "kinesis:*", stream), PermissionsBoundary=boundary)
    assert connector.client("kinesis").list_shards(StreamName="orders")["Shards"]
    _, text = refusal(lambda: put(connector, "orders"))
    assert "no permissions boundary allows the kinesis:PutRecords action" in text


def test_an_explicit_denial_says_so(session: boto3.Session, assume: Assume) -> None:
    session.client("kinesis").create_stream(StreamName="orders", ShardCount=1)
    connector = assume(("Allow", "kinesis:*", "*"), ("Deny", "kinesis:PutRecords", "*"))
    _, text = refusal(lambda: put(connector, "orders"))
    assert text.endswith("with an explicit deny in an identity-based policy")


def test_a_stream_with_a_key_of_ones_own_needs_the_key_as_well(
    session: boto3.Session, account: str, assume: Assume
) -> None:
    kinesis = session.client("kinesis")
    kinesis.create_stream(StreamName="orders", ShardCount=1)
    key = session.client("kms").create_key()["KeyMetadata"]["Arn"]
    stream = f"arn:aws:kinesis:{REGION}:{account}:stream/orders"
    connector = assume(("Allow", "kinesis:PutRecords", stream))
    put(connector, "orders")
    kinesis.start_stream_encryption(StreamName="orders", EncryptionType="KMS", KeyId=key)
    code, text = refusal(lambda: put(connector, "orders"))
    assert code == "KMSAccessDeniedException"
    assert f"kms:GenerateDataKey on resource: {key}" in text
    via = {"StringEquals": {"kms:ViaService": f"kinesis.{REGION}.amazonaws.com"}}
    grant = {"Effect": "Allow", "Action": "kms:GenerateDataKey", "Resource": key, "Condition": via}
    session.client("iam").put_role_policy(
        RoleName="connector",
        PolicyName="Key",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [grant]}),
    )
    assert put(connector, "orders")["EncryptionType"] == "KMS"
    kinesis.start_stream_encryption(StreamName="orders", EncryptionType="KMS", KeyId="alias/aws/kinesis")
    session.client("iam").delete_role_policy(RoleName="connector", PolicyName="Key")
    put(connector, "orders")


def test_the_role_of_a_person_may_do_everything(account: str, assume: Assume) -> None:
    person = assume(principal={"AWS": f"arn:aws:iam::{account}:root"})
    person.client("kinesis").create_stream(StreamName="orders", ShardCount=1)
    assert put(person, "orders")["FailedRecordCount"] == 0


def test_a_bucket_that_does_not_exist_is_said_to_be_missing(assume: Assume) -> None:
    code, _ = refusal(assume().client("s3").head_bucket, Bucket="nowhere")
    assert code == "404"


def test_credentials_that_are_no_sessions_or_no_longer_are_refused(
    session: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = "arn:aws:iam::1:role/gone"
    given = session.client("sts").assume_role(RoleArn=arn, RoleSessionName="task", DurationSeconds=900)["Credentials"]

    def call(key: str, token: str) -> str:
        kinesis = session.client("kinesis", aws_access_key_id=key, aws_secret_access_key="x", aws_session_token=token)
        return refusal(kinesis.list_streams)[0]

    assert call(given["AccessKeyId"], given["SessionToken"]) == "AccessDeniedException"
    assert call(given["AccessKeyId"], "another") == "UnrecognizedClientException"
    assert call("ASIAUNKNOWN", given["SessionToken"]) == "UnrecognizedClientException"

    class Later(gate.datetime):  # type: ignore[misc, name-defined]
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return given["Expiration"].astimezone(tz)

    monkeypatch.setattr(gate, "datetime", Later)
    assert call(given["AccessKeyId"], given["SessionToken"]) == "ExpiredTokenException"
