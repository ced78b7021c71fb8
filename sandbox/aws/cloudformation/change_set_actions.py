"""The actions of the API that make, show, execute and delete change sets."""

from __future__ import annotations

from typing import Any

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.responses import CloudFormationResponse as Api
from moto.core.responses import ActionResult, EmptyResult

from sandbox.aws.cloudformation import change_sets
from sandbox.aws.cloudformation.requests import (
    body_of,
    deploying,
    existing,
    make_stack,
    parameters_of,
    stack_of,
    tags_of,
)
from sandbox.aws.cloudformation.stack import parse, stacks_of
from sandbox.aws.mending import Mends

mends = Mends()


def change_set_of(self: Api) -> change_sets.ChangeSet:
    """Return the change set that a request names."""
    return change_sets.find(self.cloudformation_backend, self._get_param("ChangeSetName"), self._get_param("StackName"))


@mends.method(Api)
def create_change_set(self: Api) -> ActionResult:
    """CreateChangeSet: of a new stack, or of one that stands."""
    name = self._get_param("StackName")
    stack = existing(self, name)
    if self._get_param("ChangeSetType", "UPDATE") == "CREATE":
        if stack is not None and stack.status != "REVIEW_IN_PROGRESS":
            asked = self._get_param("ChangeSetName")
            text = f"Stack [{name}] already exists and cannot be created again with the changeSet [{asked}]."
            raise ValidationError(message=text)
    elif stack is None:
        raise ValidationError(name)
    elif stack.status == "ROLLBACK_COMPLETE":
        text = f"Stack:{stack.stack_id} is in ROLLBACK_COMPLETE state and can not be updated."
        raise ValidationError(message=text)
    body = body_of(self, stack)
    made = stack is None
    if stack is None:
        parse(body)
        stack = make_stack(self, name)
    try:
        change_set = change_sets.create(
            self.cloudformation_backend,
            stack,
            self._get_param("ChangeSetName"),
            body,
            parameters_of(self, stack),
            tags_of(self),
        )
    except Exception:
        if made:
            del stacks_of(stack.account_id, stack.region_name)[stack.stack_id]
        raise
    if made:
        stack.become("REVIEW_IN_PROGRESS", "User Initiated")
    change_set.description = self._get_param("Description")
    return ActionResult({"Id": change_set.id, "StackId": stack.stack_id})


@mends.method(Api)
def describe_change_set(self: Api) -> ActionResult:
    """DescribeChangeSet."""
    found = change_set_of(self)
    return ActionResult(
        {
            "ChangeSetName": found.name,
            "ChangeSetId": found.id,
            "StackId": found.stack.stack_id,
            "StackName": found.stack.name,
            "Description": found.description,
            "Parameters": found.parameters,
            "CreationTime": found.created,
            "ExecutionStatus": found.execution_status,
            "Status": found.status,
            "StatusReason": found.status_reason,
            "NotificationARNs": found.stack.notification_arns,
            "Tags": [{"Key": key, "Value": value} for key, value in found.tags.items()],
            "Changes": found.changes,
            "IncludeNestedStacks": False,
        }
    )


@mends.method(Api)
def execute_change_set(self: Api) -> ActionResult:
    """ExecuteChangeSet; returns when the deployment has ended, well or not."""
    with deploying:
        change_set_of(self).execute(rollback=not self._get_bool_param("DisableRollback", if_none=False))
    return EmptyResult()


@mends.method(Api)
def delete_change_set(self: Api) -> ActionResult:
    """DeleteChangeSet; a change set that is gone already is no error of the service."""
    try:
        found = change_set_of(self)
    except change_sets.ChangeSetNotFoundError:
        return EmptyResult()
    self.cloudformation_backend.change_sets.pop(found.id)
    return EmptyResult()


@mends.method(Api)
def list_change_sets(self: Api) -> ActionResult:
    """ListChangeSets, of the one stack."""
    stack = stack_of(self.cloudformation_backend, self._get_param("StackName"))
    held: dict[str, Any] = self.cloudformation_backend.change_sets
    summaries = [
        {
            "StackId": stack.stack_id,
            "StackName": stack.name,
            "ChangeSetId": found.id,
            "ChangeSetName": found.name,
            "ExecutionStatus": found.execution_status,
            "Status": found.status,
            "StatusReason": found.status_reason,
            "CreationTime": found.created,
        }
        for found in held.values()
        if found.stack is stack
    ]
    return ActionResult({"Summaries": summaries})
