"""The actions of the API that only tell: of stacks, resources, events, templates, exports."""

from __future__ import annotations

from typing import Any

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.responses import CloudFormationResponse as Api
from moto.core.responses import ActionResult

from sandbox.aws.cloudformation.change_set_actions import change_set_of
from sandbox.aws.cloudformation.requests import (
    body_of,
    stack_of,
)
from sandbox.aws.cloudformation.resources import Resource
from sandbox.aws.cloudformation.stack import Stack, parse, stacks_of
from sandbox.aws.mending import Mends

mends = Mends()


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
        return ActionResult({"TemplateBody": change_set_of(self).body})
    stack = stack_of(self.cloudformation_backend, self._get_param("StackName"), deleted=True)
    return ActionResult({"TemplateBody": stack.body, "StagesAvailable": ["Original", "Processed"]})


@mends.method(Api)
def get_template_summary(self: Api) -> ActionResult:
    """GetTemplateSummary."""
    name = self._get_param("StackName")
    stack = stack_of(self.cloudformation_backend, name) if name else None
    template = parse(stack.body if stack else body_of(self, None))
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
