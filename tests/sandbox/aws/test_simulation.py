"""SimulatePrincipalPolicy says of a role what the gate would say to its sessions."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

ORDERS = "arn:aws:kinesis:eu-west-1:1:stream/orders"
CLICKS = "arn:aws:kinesis:eu-west-1:1:stream/clicks"
KEY = "arn:aws:kms:eu-west-1:1:key/k"
VIA: Any = {"StringEquals": {"kms:ViaService": "kinesis.eu-west-1.amazonaws.com"}}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(action: str, resource: str, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


class Role:
    """A role with one inline policy, and the question what it may do."""

    def __init__(self, session: boto3.Session, *statements: dict[str, Any], **rest: Any) -> None:
        self.iam: Any = session.client("iam")
        trust = document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "x.amazonaws.com"}})
        role = self.iam.create_role(RoleName="connector", AssumeRolePolicyDocument=trust, **rest)["Role"]
        self.arn = str(role["Arn"])
        if statements:
            self.iam.put_role_policy(RoleName="connector", PolicyName="Route", PolicyDocument=document(*statements))

    def results(self, *actions: str, on: tuple[str, ...] = (ORDERS,), **context: str) -> list[dict[str, Any]]:
        entries = [
            {"ContextKeyName": name.replace("__", ":"), "ContextKeyValues": [value], "ContextKeyType": "string"}
            for name, value in context.items()
        ]
        answer = self.iam.simulate_principal_policy(
            PolicySourceArn=self.arn, ActionNames=list(actions), ResourceArns=list(on), ContextEntries=entries
        )
        return list(answer["EvaluationResults"])

    def decisions(self, *actions: str, on: tuple[str, ...] = (ORDERS,), **context: str) -> list[str]:
        return [result["EvalDecision"] for result in self.results(*actions, on=on, **context)]


def test_each_action_is_judged_on_each_resource(session: boto3.Session) -> None:
    role = Role(session, statement("kinesis:Put*", ORDERS))
    put, listed = role.results("kinesis:PutRecords", "kinesis:ListShards", on=(ORDERS, CLICKS))

    def by_resource(result: dict[str, Any]) -> dict[str, str]:
        return {each["EvalResourceName"]: each["EvalResourceDecision"] for each in result["ResourceSpecificResults"]}

    assert by_resource(put) == {ORDERS: "allowed", CLICKS: "implicitDeny"}
    assert by_resource(listed) == {ORDERS: "implicitDeny", CLICKS: "implicitDeny"}
    assert (put["EvalActionName"], put["EvalDecision"]) == ("kinesis:PutRecords", "implicitDeny")
    (anything,) = role.results("kinesis:PutRecords", on=("*",))
    assert (anything["EvalDecision"], "ResourceSpecificResults" in anything) == ("implicitDeny", False)


def test_a_denial_goes_before_what_is_allowed(session: boto3.Session) -> None:
    role = Role(session, statement("*", "*"), statement("kinesis:PutRecords", ORDERS, "Deny"))
    assert role.decisions("kinesis:PutRecords", "kinesis:ListShards") == ["explicitDeny", "allowed"]


def test_the_permissions_boundary_counts_and_is_named(session: boto3.Session) -> None:
    boundary = session.client("iam").create_policy(
        PolicyName="bound", PolicyDocument=document(statement("kinesis:ListShards", "*"))
    )["Policy"]["Arn"]
    role = Role(session, statement("kinesis:*", ORDERS), PermissionsBoundary=boundary)
    put, listed = role.results("kinesis:PutRecords", "kinesis:ListShards")
    assert put["EvalDecision"] == "implicitDeny"
    assert put["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    assert listed["EvalDecision"] == "allowed"
    assert listed["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": True}


def test_conditions_hold_by_what_is_given_and_what_is_missing_is_named(session: boto3.Session) -> None:
    role = Role(session, statement("kms:GenerateDataKey", KEY, Condition=VIA))
    (given,) = role.results("kms:GenerateDataKey", on=(KEY,), kms__ViaService="kinesis.eu-west-1.amazonaws.com")
    assert (given["EvalDecision"], given["MissingContextValues"]) == ("allowed", [])
    (missing,) = role.results("kms:GenerateDataKey", on=(KEY,))
    assert (missing["EvalDecision"], missing["MissingContextValues"]) == ("implicitDeny", ["kms:viaservice"])


def test_a_role_that_does_not_exist_is_named(session: boto3.Session) -> None:
    role = Role(session)
    role.iam.delete_role(RoleName="connector")
    with pytest.raises(ClientError, match="NoSuchEntity"):
        role.decisions("kinesis:PutRecords")
