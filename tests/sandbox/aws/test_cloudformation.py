"""CloudFormation: change sets, references between stacks, what a deployment does and undoes."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.sandbox.aws.properties import compare
from tests.sandbox.aws.stacks import deploy, failures, parameter, stream, template


def test_change_sets_of_one_name_belong_to_their_stacks(session: boto3.Session) -> None:
    cloudformation = session.client("cloudformation")
    for name in ("one", "two"):
        body = template(S=stream(f"stream-{name}"))
        cloudformation.create_change_set(
            StackName=name, ChangeSetName="same", ChangeSetType="CREATE", TemplateBody=body
        )
    cloudformation.execute_change_set(StackName="one", ChangeSetName="same")
    assert session.client("kinesis").list_streams()["StreamNames"] == ["stream-one"]
    two = cloudformation.describe_change_set(StackName="two", ChangeSetName="same")
    assert (two["StackName"], two["ExecutionStatus"]) == ("two", "AVAILABLE")
    assert [change["ResourceChange"]["Action"] for change in two["Changes"]] == ["Add"]


def test_a_change_set_that_is_not_there_is_said_to_be_missing(session: boto3.Session) -> None:
    cloudformation = session.client("cloudformation")
    with pytest.raises(cloudformation.exceptions.ChangeSetNotFoundException):
        cloudformation.describe_change_set(StackName="none", ChangeSetName="none")
    cloudformation.delete_change_set(StackName="none", ChangeSetName="none")


def test_a_change_set_without_changes_fails_with_the_words_that_tools_look_for(session: boto3.Session) -> None:
    cloudformation = session.client("cloudformation")
    body = template(S=stream("same"))
    deploy(session, "stack", body)
    cloudformation.create_change_set(StackName="stack", ChangeSetName="again", TemplateBody=body)
    again = cloudformation.describe_change_set(StackName="stack", ChangeSetName="again")
    assert (again["Status"], again["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert "didn't contain changes" in again["StatusReason"]


def test_an_export_is_imported_and_holds_its_stack(session: boto3.Session) -> None:
    cloudformation = session.client("cloudformation")
    exported = {"Arn": {"Value": {"Fn::GetAtt": ["S", "Arn"]}, "Export": {"Name": "the-arn"}}}
    deploy(session, "giver", template(exported, S=stream("given")))
    deploy(session, "taker", template(P=parameter({"Fn::ImportValue": "the-arn"})))
    assert compare("taker", session) == []
    cloudformation.delete_stack(StackName="giver")
    described = cloudformation.describe_stacks(StackName="giver")["Stacks"][0]
    assert described["StackStatus"] == "DELETE_FAILED"
    assert "in use by taker" in described["StackStatusReason"]
    cloudformation.delete_stack(StackName="taker")
    cloudformation.delete_stack(StackName="giver")
    assert session.client("kinesis").list_streams()["StreamNames"] == []


def test_a_weak_reference_follows_the_other_stacks_output_and_does_not_hold_it(session: boto3.Session) -> None:
    def giver(value: str) -> str:
        return template({"Value": {"Value": {"Fn::GetAtt": ["P", "Value"]}}}, P=parameter(value))

    weak = {"Fn::GetStackOutput": {"StackName": "giver", "Region": "eu-west-1", "OutputName": "Value"}}
    taker = template(P=parameter(weak))
    deploy(session, "giver", giver("first"))
    deploy(session, "taker", taker)
    deploy(session, "giver", giver("second"))
    # The taker's template is the same; what it takes is not.
    deploy(session, "taker", taker)
    found = session.client("cloudformation").describe_stack_resource(StackName="taker", LogicalResourceId="P")
    name = found["StackResourceDetail"]["PhysicalResourceId"]
    assert session.client("ssm").get_parameter(Name=name)["Parameter"]["Value"] == "second"
    session.client("cloudformation").delete_stack(StackName="giver")
    with pytest.raises(ClientError, match="giver"):
        session.client("cloudformation").describe_stacks(StackName="giver")


@pytest.mark.parametrize(
    ("stack", "said"),
    [("giver", "stack giver in eu-west-1 has no output Value"), ("nobody", "there is no stack nobody in eu-west-1")],
)
def test_a_weak_reference_to_what_is_not_there_fails_with_its_name(
    session: boto3.Session, stack: str, said: str
) -> None:
    deploy(session, "giver", template({"Another": {"Value": "x"}}, P=parameter("x")))
    weak = {"Fn::GetStackOutput": {"StackName": stack, "OutputName": "Value"}}
    failed = deploy(session, "taker", template(P=parameter(weak)))
    assert failed["StackStatus"] == "ROLLBACK_COMPLETE"
    assert said in " ".join(failures(session, failed["StackId"]).values()) + failed.get("StackStatusReason", "")


def test_a_stored_parameter_keeps_its_name_through_an_update(session: boto3.Session) -> None:
    session.client("ssm").put_parameter(Name="/bootstrap/version", Type="String", Value="32")
    declared = {"Version": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/bootstrap/version"}}

    def body(value: str) -> str:
        return json.dumps(
            {"Parameters": declared, "Resources": {"P": parameter(value), "V": parameter({"Ref": "Version"})}}
        )

    deploy(session, "stack", body("first"))
    kept: Any = [{"ParameterKey": "Version", "UsePreviousValue": True}]
    updated = deploy(session, "stack", body("second"), Parameters=kept)
    assert updated["StackStatus"] == "UPDATE_COMPLETE"
    (shown,) = updated["Parameters"]
    assert (shown["ParameterValue"], shown["ResolvedValue"]) == ("/bootstrap/version", "32")
    assert compare("stack", session) == []


def test_a_type_that_cannot_be_created_fails_the_stack_and_undoes_what_was_done(session: boto3.Session) -> None:
    body = template(S=stream("undone"), U={"Type": "AWS::Nowhere::Thing", "DependsOn": "S"})
    failed = deploy(session, "stack", body)
    assert failed["StackStatus"] == "ROLLBACK_COMPLETE"
    reasons = failures(session, failed["StackId"])
    assert reasons.keys() == {"U"}
    assert "AWS::Nowhere::Thing" in reasons["U"]
    assert session.client("kinesis").list_streams()["StreamNames"] == []


def test_a_failed_update_leaves_every_resource_as_it_was(session: boto3.Session) -> None:
    before = template(S=stream("kept", RetentionPeriodHours=48), Gone=parameter("still here"))
    deploy(session, "stack", before)
    after = template(
        S=stream("kept", RetentionPeriodHours=72),
        New=stream("new"),
        Bad={**stream("kept"), "DependsOn": ["S", "New"]},
    )
    failed = deploy(session, "stack", after)
    assert failed["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "kept" in failures(session, failed["StackId"])["Bad"]
    assert session.client("kinesis").list_streams()["StreamNames"] == ["kept"]
    assert compare("stack", session, json.loads(before)) == []


def test_a_replaced_resource_reaches_those_that_refer_to_it_and_goes_last(session: boto3.Session) -> None:
    def body(name: str) -> str:
        return template(S=stream(name), P=parameter({"Fn::GetAtt": ["S", "Arn"]}))

    deploy(session, "stack", body("old"))
    updated = deploy(session, "stack", body("new"))
    assert compare("stack", session) == []
    assert session.client("kinesis").list_streams()["StreamNames"] == ["new"]
    events = session.client("cloudformation").describe_stack_events(StackName=updated["StackId"])["StackEvents"]
    order = [(event["LogicalResourceId"], event["ResourceStatus"]) for event in reversed(events)]
    assert order.index(("P", "UPDATE_COMPLETE")) < order.index(("S", "DELETE_COMPLETE"))
    stamps = [event["Timestamp"] for event in reversed(events)]
    assert stamps == sorted(set(stamps))


def test_deleting_a_stack_keeps_what_its_policy_keeps(session: boto3.Session) -> None:
    kept = {**stream("kept"), "DeletionPolicy": "Retain"}
    deploy(session, "stack", template(Kept=kept, Gone=stream("gone")))
    session.client("cloudformation").delete_stack(StackName="stack")
    assert session.client("kinesis").list_streams()["StreamNames"] == ["kept"]


def test_a_protected_stack_is_not_deleted(session: boto3.Session) -> None:
    cloudformation = session.client("cloudformation")
    deploy(session, "stack", template(S=stream("safe")))
    cloudformation.update_termination_protection(StackName="stack", EnableTerminationProtection=True)
    with pytest.raises(ClientError, match="TerminationProtection is enabled"):
        cloudformation.delete_stack(StackName="stack")
    cloudformation.update_termination_protection(StackName="stack", EnableTerminationProtection=False)
    cloudformation.delete_stack(StackName="stack")
    assert session.client("kinesis").list_streams()["StreamNames"] == []


def test_a_circle_of_references_is_named(session: boto3.Session) -> None:
    body = template(A=parameter({"Ref": "B"}), B=parameter({"Ref": "A"}))
    failed = deploy(session, "stack", body)
    assert failed["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "Circular dependency" in failed["StackStatusReason"]
