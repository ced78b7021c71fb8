"""The actions of CloudFormation's API that touch stacks, on our own stacks instead of moto's."""

from __future__ import annotations

import threading
from typing import Any

from moto.cloudformation.exceptions import AlreadyExistsException, ValidationError
from moto.cloudformation.models import CloudFormationBackend
from moto.cloudformation.responses import CloudFormationResponse as Api
from moto.core.responses import ActionResult, EmptyResult

from sandbox.aws.cloudformation import change_sets
from sandbox.aws.cloudformation.resources import Resource
from sandbox.aws.cloudformation.stack import Stack, parse, stacks_of
from sandbox.aws.mending import Mends

mends = Mends()

# One operation at a time keeps names, exports and events in order; the CLI deploys stacks one after another.
_deploying = threading.RLock()


def stack_of(backend: CloudFormationBackend, name: str, *, deleted: bool = False) -> Stack:
    """Return a living stack by name or id; a deleted one by id alone, where asked for.

    Raises:
        ValidationError: There is none.
    """
    for stack in stacks_of(backend.account_id, backend.region_name).values():
        if name in (stack.name, stack.stack_id):
            return stack
    gone: dict[str, Any] = backend.deleted_stacks
    if deleted and name in gone:
        found: Stack = gone[name]
        return found
    raise ValidationError(name)


def _tags(self: Api) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in self._get_param("Tags", [])}


def _parameters(self: Api, stack: Stack | None) -> dict[str, str]:
    previous = stack.parameters if stack else {}
    return {
        given["ParameterKey"]: previous[given["ParameterKey"]]
        if given.get("UsePreviousValue") and given["ParameterKey"] in previous
        else given["ParameterValue"]
        for given in self._get_param("Parameters", [])
        if "ParameterValue" in given or given["ParameterKey"] in previous
    }


def _body(self: Api, stack: Stack | None) -> str:
    if self._get_bool_param("UsePreviousTemplate", if_none=False) and stack is not None:
        return stack.body
    url = self._get_param("TemplateURL")
    body: str | None = self._get_stack_from_s3_url(url) if url else self._get_param("TemplateBody")
    if not body:
        text = "Either Template URL or Template Body must be specified."
        raise ValidationError(message=text)
    return body


def _make(self: Api, name: str) -> Stack:
    backend = self.cloudformation_backend
    stack = Stack(backend.account_id, backend.region_name, name, _tags(self))
    stack.role_arn = self._get_param("RoleARN")
    stack.notification_arns = self._get_param("NotificationARNs", [])
    stacks_of(backend.account_id, backend.region_name)[stack.stack_id] = stack
    return stack


def _existing(self: Api, name: str) -> Stack | None:
    try:
        return stack_of(self.cloudformation_backend, name)
    except ValidationError:
        return None


@mends.method(Api)
def create_change_set(self: Api) -> ActionResult:
    """CreateChangeSet: of a new stack, or of one that stands."""
    name = self._get_param("StackName")
    stack = _existing(self, name)
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
    body = _body(self, stack)
    made = stack is None
    if stack is None:
        parse(body)
        stack = _make(self, name)
    try:
        change_set = change_sets.create(
            self.cloudformation_backend,
            stack,
            self._get_param("ChangeSetName"),
            body,
            _parameters(self, stack),
            _tags(self),
        )
    except Exception:
        if made:
            del stacks_of(stack.account_id, stack.region_name)[stack.stack_id]
        raise
    if made:
        stack.become("REVIEW_IN_PROGRESS", "User Initiated")
    change_set.description = self._get_param("Description")
    return ActionResult({"Id": change_set.id, "StackId": stack.stack_id})


def _change_set(self: Api) -> change_sets.ChangeSet:
    return change_sets.find(self.cloudformation_backend, self._get_param("ChangeSetName"), self._get_param("StackName"))


@mends.method(Api)
def describe_change_set(self: Api) -> ActionResult:
    """DescribeChangeSet."""
    found = _change_set(self)
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
    with _deploying:
        _change_set(self).execute(rollback=not self._get_bool_param("DisableRollback", if_none=False))
    return EmptyResult()


@mends.method(Api)
def delete_change_set(self: Api) -> ActionResult:
    """DeleteChangeSet; a change set that is gone already is no error of the service."""
    try:
        found = _change_set(self)
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


@mends.method(Api)
def create_stack(self: Api) -> ActionResult:
    """CreateStack; returns when the deployment has ended, well or not."""
    name = self._get_param("StackName")
    if _existing(self, name) is not None:
        text = f"Stack [{name}] already exists"
        raise AlreadyExistsException(text)
    body = _body(self, None)
    parse(body)
    stack = _make(self, name)
    stack.termination_protection = bool(self._get_bool_param("EnableTerminationProtection"))
    with _deploying:
        stack.deploy(
            body,
            _parameters(self, None),
            _tags(self),
            rollback=not self._get_bool_param("DisableRollback", if_none=False),
        )
    return ActionResult({"StackId": stack.stack_id})


@mends.method(Api)
def update_stack(self: Api) -> ActionResult:
    """UpdateStack; returns when the deployment has ended, well or not."""
    stack = stack_of(self.cloudformation_backend, self._get_param("StackName"))
    if stack.status == "ROLLBACK_COMPLETE":
        text = f"Stack:{stack.stack_id} is in ROLLBACK_COMPLETE state and can not be updated."
        raise ValidationError(message=text)
    body, parameters = _body(self, stack), _parameters(self, stack)
    tags = _tags(self) or stack.tags
    with _deploying:
        found = change_sets.create(self.cloudformation_backend, stack, "update", body, parameters, tags)
        self.cloudformation_backend.change_sets.pop(found.id)
        if found.status == "FAILED":
            text = "No updates are to be performed."
            raise ValidationError(message=text)
        found.execute(rollback=not self._get_bool_param("DisableRollback", if_none=False))
    return ActionResult({"StackId": stack.stack_id})


@mends.method(Api)
def delete_stack(self: Api) -> ActionResult:
    """DeleteStack: nothing for a stack that is not there, a refusal where it is protected or used."""
    backend = self.cloudformation_backend
    stack = _existing(self, self._get_param("StackName"))
    if stack is None:
        return EmptyResult()
    if stack.termination_protection:
        text = f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
        raise ValidationError(message=text)
    with _deploying:
        for output in stack.outputs.values():
            for other in stacks_of(backend.account_id, backend.region_name).values():
                if output.get("ExportName") in other.imports:
                    text = f"Export {output['ExportName']} cannot be deleted as it is in use by {other.name}"
                    stack.become("DELETE_FAILED", text)
                    return EmptyResult()
        stack.delete()
        if stack.status == "DELETE_COMPLETE":
            del stacks_of(backend.account_id, backend.region_name)[stack.stack_id]
            gone: dict[str, Any] = backend.deleted_stacks
            gone[stack.stack_id] = stack
            held: dict[str, Any] = backend.change_sets
            for name in [name for name, found in held.items() if found.stack is stack]:
                del held[name]
    return EmptyResult()


@mends.method(Api)
def update_termination_protection(self: Api) -> ActionResult:
    """UpdateTerminationProtection, which moto does not have."""
    stack = stack_of(self.cloudformation_backend, self._get_param("StackName"))
    stack.termination_protection = bool(self._get_bool_param("EnableTerminationProtection"))
    return ActionResult({"StackId": stack.stack_id})


def _described(stack: Stack) -> dict[str, Any]:
    scope = stack.scope(stack.template, stack.parameters) if stack.resources else None
    parameters = []
    for name, declared in stack.template.get("Parameters", {}).items():
        raw = stack.parameters.get(name, declared.get("Default"))
        shown = {"ParameterKey": name, "ParameterValue": "****" if declared.get("NoEcho") else str(raw)}
        if scope is not None and declared.get("Type", "").startswith("AWS::SSM::"):
            shown["ResolvedValue"] = str(scope.reference(name))
        parameters.append(shown)
    return {
        "StackId": stack.stack_id,
        "StackName": stack.name,
        "ChangeSetId": stack.change_set_id,
        "Description": stack.template.get("Description"),
        "Parameters": parameters,
        "CreationTime": stack.creation_time,
        "LastUpdatedTime": stack.updated_time,
        "DeletionTime": stack.deletion_time,
        "StackStatus": stack.status,
        "StackStatusReason": stack.status_reason,
        "DisableRollback": False,
        "NotificationARNs": stack.notification_arns,
        "Outputs": list(stack.outputs.values()),
        "RoleARN": stack.role_arn,
        "Tags": stack.tags,
        "EnableTerminationProtection": stack.termination_protection,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
    }


@mends.method(Api)
def describe_stacks(self: Api) -> ActionResult:
    """DescribeStacks."""
    name = self._get_param("StackName")
    backend = self.cloudformation_backend
    if name:
        return ActionResult({"Stacks": [_described(stack_of(backend, name, deleted=True))]})
    return ActionResult(
        {"Stacks": [_described(stack) for stack in stacks_of(backend.account_id, backend.region_name).values()]}
    )


@mends.method(Api)
def list_stacks(self: Api) -> ActionResult:
    """ListStacks, with the deleted ones."""
    backend = self.cloudformation_backend
    wanted = self._get_param("StackStatusFilter", [])
    gone: dict[str, Any] = backend.deleted_stacks
    every = [*stacks_of(backend.account_id, backend.region_name).values(), *gone.values()]
    return ActionResult(
        {"StackSummaries": [_described(stack) for stack in every if not wanted or stack.status in wanted]}
    )


def _resource(stack: Stack, resource: Resource) -> dict[str, Any]:
    when = stack.updated_time or stack.creation_time
    return {
        "StackId": stack.stack_id,
        "StackName": stack.name,
        "LogicalResourceId": resource.logical_id,
        "PhysicalResourceId": resource.physical_id,
        "ResourceType": resource.type,
        "ResourceStatus": resource.status,
        "Timestamp": when,
        "LastUpdatedTimestamp": when,
        "DriftInformation": {
            "StackResourceDriftStatus": "NOT_CHECKED",
        },
    }


@mends.method(Api)
def describe_stack_resource(self: Api) -> ActionResult:
    """DescribeStackResource."""
    stack = stack_of(self.cloudformation_backend, self._get_param("StackName"), deleted=True)
    name = self._get_param("LogicalResourceId")
    if name not in stack.resources:
        text = f"Resource {name} does not exist for stack {stack.name}"
        raise ValidationError(message=text)
    return ActionResult({"StackResourceDetail": _resource(stack, stack.resources[name])})


@mends.method(Api)
def describe_stack_resources(self: Api) -> ActionResult:
    """DescribeStackResources."""
    stack = stack_of(self.cloudformation_backend, self._get_param("StackName"), deleted=True)
    name = self._get_param("LogicalResourceId")
    found = [_resource(stack, one) for one in stack.resources.values() if name in (None, one.logical_id)]
    return ActionResult({"StackResources": found})


@mends.method(Api)
def list_stack_resources(self: Api) -> ActionResult:
    """ListStackResources."""
    stack = stack_of(self.cloudformation_backend, self._get_param("StackName"), deleted=True)
    return ActionResult(
        {"StackResourceSummaries": [_resource(stack, resource) for resource in stack.resources.values()]}
    )


@mends.method(Api)
def describe_stack_events(self: Api) -> ActionResult:
    """DescribeStackEvents, the newest first."""
    stack = stack_of(self.cloudformation_backend, self._get_param("StackName"), deleted=True)
    return ActionResult({"StackEvents": stack.events[::-1]})


@mends.method(Api)
def describe_events(self: Api) -> ActionResult:
    """DescribeEvents, which tells of validations before a deployment: there are none here."""
    name = self._get_param("StackName")
    if name:
        stack_of(self.cloudformation_backend, name, deleted=True)
    return ActionResult({"OperationEvents": []})


@mends.method(Api)
def get_template(self: Api) -> ActionResult:
    """GetTemplate: of a stack, or of a change set of it."""
    if self._get_param("ChangeSetName"):
        return ActionResult({"TemplateBody": _change_set(self).body})
    stack = stack_of(self.cloudformation_backend, self._get_param("StackName"), deleted=True)
    return ActionResult({"TemplateBody": stack.body, "StagesAvailable": ["Original", "Processed"]})


@mends.method(Api)
def get_template_summary(self: Api) -> ActionResult:
    """GetTemplateSummary."""
    name = self._get_param("StackName")
    stack = stack_of(self.cloudformation_backend, name) if name else None
    template = parse(stack.body if stack else _body(self, None))
    return ActionResult(
        {
            "Parameters": [
                {
                    "ParameterKey": key,
                    "DefaultValue": declared.get("Default"),
                    "ParameterType": declared.get("Type", "String"),
                    "NoEcho": declared.get("NoEcho", False),
                    "Description": declared.get("Description"),
                }
                for key, declared in template.get("Parameters", {}).items()
            ],
            "Description": template.get("Description"),
            "ResourceTypes": sorted({resource["Type"] for resource in template["Resources"].values()}),
            "Version": template.get("AWSTemplateFormatVersion", "2010-09-09"),
        }
    )


@mends.method(Api)
def list_exports(self: Api) -> ActionResult:
    """ListExports."""
    backend = self.cloudformation_backend
    found = [
        {"ExportingStackId": stack.stack_id, "Name": output["ExportName"], "Value": output["OutputValue"]}
        for stack in stacks_of(backend.account_id, backend.region_name).values()
        for output in stack.outputs.values()
        if "ExportName" in output
    ]
    return ActionResult({"Exports": found})


@mends.method(Api)
def list_imports(self: Api) -> ActionResult:
    """ListImports, which moto does not have."""
    backend = self.cloudformation_backend
    export = self._get_param("ExportName")
    names = [
        stack.name for stack in stacks_of(backend.account_id, backend.region_name).values() if export in stack.imports
    ]
    if not names:
        text = f"Export '{export}' is not imported by any stack."
        raise ValidationError(message=text)
    return ActionResult({"Imports": names})
