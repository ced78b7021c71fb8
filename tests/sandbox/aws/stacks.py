"""Small templates, and a deployment of one as the CDK makes it."""

from __future__ import annotations

import json
from typing import Any

import boto3
from botocore.exceptions import ClientError

Template = dict[str, Any]


def stream(name: str, **properties: Any) -> Template:
    return {"Type": "AWS::Kinesis::Stream", "Properties": {"Name": name, "ShardCount": 1, **properties}}


def parameter(value: Any, **rest: Any) -> Template:
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value}, **rest}


def template(outputs: Template | None = None, **resources: Template) -> str:
    return json.dumps({"Resources": resources, **({"Outputs": outputs} if outputs else {})})


def deploy(session: boto3.Session, stack: str, body: str, **named: Any) -> dict[str, Any]:
    """Deploy as the CDK does, by a change set; return the stack as it is then."""
    cloudformation = session.client("cloudformation")
    try:
        known = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"] != "REVIEW_IN_PROGRESS"
    except ClientError:
        known = False
    kind: Any = "UPDATE" if known else "CREATE"
    made = cloudformation.create_change_set(
        StackName=stack, ChangeSetName="cdk-deploy", ChangeSetType=kind, TemplateBody=body, **named
    )
    change_set = cloudformation.describe_change_set(ChangeSetName=made["Id"])
    assert change_set["Status"] == "CREATE_COMPLETE", change_set.get("StatusReason")
    cloudformation.execute_change_set(StackName=stack, ChangeSetName="cdk-deploy")
    found: Any = cloudformation.describe_stacks(StackName=made["StackId"])["Stacks"][0]
    cloudformation.delete_change_set(StackName=stack, ChangeSetName="cdk-deploy")
    return dict(found)


def failures(session: boto3.Session, stack_id: str) -> dict[str, str]:
    events = session.client("cloudformation").describe_stack_events(StackName=stack_id)["StackEvents"]
    return {
        event["LogicalResourceId"]: event.get("ResourceStatusReason", "")
        for event in events
        if event["ResourceStatus"].endswith("_FAILED")
    }
