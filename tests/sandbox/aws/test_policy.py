"""What policies say: wildcards, denials, conditions."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.aws.authorization.policy import Decision, UnknownConditionError, decide

STREAM = "arn:aws:kinesis:eu-west-1:111122223333:stream/orders"


def said(*statements: dict[str, Any], action: str = "kinesis:PutRecords", **context: str) -> Decision:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return decide([document], action, STREAM, {name.replace("_", ":"): value for name, value in context.items()})


def statement(effect: str = "Allow", action: Any = "kinesis:PutRecords", resource: Any = STREAM, **rest: Any) -> Any:
    return {"Effect": effect, "Action": action, "Resource": resource, **rest}


@pytest.mark.parametrize(
    ("one", "decision"),
    [
        (statement(), Decision.ALLOWED),
        (statement(action=["kinesis:ListShards", "Kinesis:putrecords"]), Decision.ALLOWED),
        (statement(action="kinesis:Put*"), Decision.ALLOWED),
        (statement(action="kinesis:PutRecord"), Decision.NOT_ALLOWED),
        (statement(action="kinesis:PutRecord?"), Decision.ALLOWED),
        (statement(resource=f"{STREAM}-2"), Decision.NOT_ALLOWED),
        (statement(resource=["*"]), Decision.ALLOWED),
        (statement(resource="arn:aws:kinesis:*:111122223333:stream/ord*"), Decision.ALLOWED),
        (statement("Deny"), Decision.DENIED),
        ({"Effect": "Allow", "NotAction": "kinesis:PutRecords", "Resource": "*"}, Decision.NOT_ALLOWED),
        ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, Decision.ALLOWED),
        ({"Effect": "Allow", "Action": "*", "NotResource": STREAM}, Decision.NOT_ALLOWED),
        ({"Effect": "Allow", "Action": "*", "NotResource": f"{STREAM}-2"}, Decision.ALLOWED),
    ],
)
def test_a_statement_speaks_of_the_actions_and_resources_that_it_names(one: dict[str, Any], decision: Decision) -> None:
    assert said(one) is decision


def test_a_denial_goes_before_every_permission_wherever_it_stands() -> None:
    assert said(statement(), statement("Deny", action="*", resource="*")) is Decision.DENIED
    assert said(statement("Deny", action="*", resource="*"), statement()) is Decision.DENIED


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"StringEquals": {"kms:ViaService": "kinesis"}}, True),
        ({"StringEquals": {"kms:ViaService": ["s3", "kinesis"]}}, True),
        ({"StringEquals": {"kms:viaservice": "Kinesis"}}, False),
        ({"StringEqualsIgnoreCase": {"kms:ViaService": "Kinesis"}}, True),
        ({"StringNotEquals": {"kms:ViaService": "kinesis"}}, False),
        ({"StringNotEquals": {"aws:Absent": "kinesis"}}, True),
        ({"StringLike": {"kms:ViaService": "kin*"}}, True),
        ({"StringLike": {"aws:Absent": "*"}}, False),
        ({"StringLikeIfExists": {"aws:Absent": "*"}}, True),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/connector"}}, True),
        ({"Bool": {"aws:SecureTransport": "false"}}, False),
        ({"Bool": {"aws:SecureTransport": True}}, True),
        ({"Null": {"aws:Absent": "true"}}, True),
        ({"Null": {"kms:ViaService": "true"}}, False),
        ({"StringEquals": {"kms:ViaService": "kinesis"}, "Bool": {"aws:SecureTransport": "false"}}, False),
    ],
)
def test_a_statement_counts_only_while_its_conditions_hold(condition: dict[str, Any], holds: bool) -> None:
    context = {
        "kms_viaservice": "kinesis",
        "aws_securetransport": "true",
        "aws_principalarn": "arn:aws:iam::111122223333:role/connector",
    }
    assert said(statement(Condition=condition), **context) is (Decision.ALLOWED if holds else Decision.NOT_ALLOWED)


def test_a_condition_that_cannot_be_judged_is_named_instead_of_guessed() -> None:
    with pytest.raises(UnknownConditionError, match="IpAddress of aws:sourceip"):
        said(statement(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))
