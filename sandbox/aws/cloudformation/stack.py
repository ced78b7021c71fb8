"""A stack: its template, parameters, resources, outputs and events, and the operations on it as a whole."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from moto.cloudformation.exceptions import ExportNotFound, ValidationError
from moto.cloudformation.models import Stack as MotoStack
from moto.cloudformation.models import cloudformation_backends
from moto.cloudformation.utils import generate_stack_id

from sandbox.aws.cloudformation.deployment import Deployment, DeploymentFailed, delete_all, reason_of
from sandbox.aws.cloudformation.values import (
    Scope,
    Template,
    parameter_values,
    pseudo_parameters,
)

if TYPE_CHECKING:
    from sandbox.aws.cloudformation.resources import Place, Resource

STACK_TYPE = "AWS::CloudFormation::Stack"
EXTERNAL = ("Fn::ImportValue", "Fn::GetStackOutput")

log = logging.getLogger(__name__)


def parse(body: str) -> Template:
    """Read a template, in JSON or YAML with CloudFormation's short tags.

    Raises:
        ValidationError: It is neither, or it has no resources.
    """
    try:
        template = json.loads(body)
    except ValueError:
        try:
            template = MotoStack.parse_template(body)
        except ValueError as problem:
            text = f"Template format error: neither JSON nor well-formed YAML. {problem}"
            raise ValidationError(message=text) from None
    if not isinstance(template, dict) or not template.get("Resources"):
        text = "Template format error: At least one Resources member must be defined."
        raise ValidationError(message=text)
    return template


class Stack:
    """One stack of one region; names of attributes that moto's serializer and tagging read are moto's."""

    def __init__(self, account: str, region: str, name: str, tags: dict[str, str]) -> None:
        self.account_id = account
        self.region_name = region
        self.name = name
        self.stack_id = generate_stack_id(name, region, account)
        self.status = "REVIEW_IN_PROGRESS"
        self.status_reason: str | None = None
        self.tags = tags
        self.body = ""
        self.template: Template = {}
        self.parameters: dict[str, str] = {}
        self.resources: dict[str, Resource] = {}
        self.outputs: dict[str, dict[str, Any]] = {}
        self.external_values: list[Any] = []
        self.events: list[dict[str, Any]] = []
        self.termination_protection = False
        self.role_arn: str | None = None
        self.notification_arns: list[str] = []
        self.change_set_id: str | None = None
        self.creation_time = datetime.now(UTC)
        self.updated_time: datetime | None = None
        self.deletion_time: datetime | None = None

    def scope(self, template: Template, parameters: dict[str, str]) -> Scope:
        """Return what the expressions of `template` refer to when it is deployed as this stack."""
        return Scope(
            template=template,
            pseudo=pseudo_parameters(self.account_id, self.region_name, self.name, self.stack_id),
            parameters=parameter_values(template, parameters, self.account_id, self.region_name),
            resources=self.resources,
            exports=lambda name: exported(self.account_id, self.region_name, name),
            outputs=lambda stack, region, output: output_of(self.account_id, region, stack, output),
        )

    def deploy(self, body: str, parameters: dict[str, str], tags: dict[str, str], *, rollback: bool = True) -> None:
        """Bring the stack to what the template says; the status tells whether that went well."""
        verb = "CREATE" if self.status in ("REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS") else "UPDATE"
        self.become(f"{verb}_IN_PROGRESS", "User Initiated")
        deployment = None
        try:
            template = parse(body)
            scope = self.scope(template, parameters)
            deployment = Deployment(self, template, scope)
            deployment.apply()
            self.outputs = self._outputs(template, scope)
        except Exception as problem:
            if not isinstance(problem, DeploymentFailed | ValidationError):
                log.exception("deploying %s", self.name)
            self._fail(verb, deployment, reason_of(problem), rollback=rollback)
            if verb == "CREATE":
                self.body, self.template = body, parse(body)
            return
        self.body, self.template, self.parameters, self.tags = body, template, parameters, tags
        self.external_values = external_values(template, scope)
        if verb == "UPDATE":
            self.updated_time = datetime.now(UTC)
        self.become(f"{verb}_COMPLETE")

    def _fail(self, verb: str, deployment: Deployment | None, reason: str, *, rollback: bool) -> None:
        if not rollback:
            self.become(f"{verb}_FAILED", reason)
            return
        prefix = "ROLLBACK" if verb == "CREATE" else "UPDATE_ROLLBACK"
        self.become(f"{prefix}_IN_PROGRESS", f"{reason} Rollback requested by user.")
        if deployment is not None:
            deployment.roll_back()
        self.become(f"{prefix}_COMPLETE")
        self.status_reason = reason

    def delete(self) -> None:
        """Delete the resources; DELETE_FAILED when a service refuses one, with the reason."""
        self.become("DELETE_IN_PROGRESS", "User Initiated")
        try:
            delete_all(self)
        except DeploymentFailed as problem:
            self.become("DELETE_FAILED", str(problem))
            return
        self.outputs = {}
        self.deletion_time = datetime.now(UTC)
        self.become("DELETE_COMPLETE")

    def become(self, status: str, reason: str | None = None) -> None:
        """Take a status, with its event."""
        self.status, self.status_reason = status, reason
        self._event(self.name, self.stack_id, STACK_TYPE, status, reason)

    def tell(self, status: str, place: Place, physical_id: str, reason: str | None = None) -> None:
        """Record the event of one resource."""
        self._event(place.logical_id, physical_id, place.type, status, reason)

    def _event(self, logical_id: str, physical_id: str, kind: str, status: str, reason: str | None) -> None:
        # Clients sort events by time, which the API tells in milliseconds.
        now = datetime.now(UTC)
        if self.events:
            now = max(now, self.events[-1]["Timestamp"] + timedelta(milliseconds=1))
        event = {
            "StackId": self.stack_id,
            "StackName": self.name,
            "EventId": str(uuid4()),
            "LogicalResourceId": logical_id,
            "PhysicalResourceId": physical_id,
            "ResourceType": kind,
            "ResourceStatus": status,
            "ResourceStatusReason": reason,
            "Timestamp": now,
        }
        self.events.append({key: value for key, value in event.items() if value is not None})

    def _outputs(self, template: Template, scope: Scope) -> dict[str, dict[str, Any]]:
        outputs = {}
        for name, declared in template.get("Outputs", {}).items():
            if not scope.is_wanted(declared):
                continue
            output = {"OutputKey": name, "OutputValue": str(scope.value(declared["Value"]))}
            if "Description" in declared:
                output["Description"] = declared["Description"]
            if "Export" in declared:
                export = str(scope.value(declared["Export"]["Name"]))
                owner = owner_of_export(self.account_id, self.region_name, export)
                if owner not in (None, self):
                    text = f"Export with name {export} is already exported by stack {owner.name}."
                    raise ValidationError(message=text)
                output["ExportName"] = export
            outputs[name] = output
        return outputs

    @property
    def imports(self) -> set[str]:
        """The exports of other stacks that this one holds on to."""
        return {str(name) for name in _arguments(self.template, "Fn::ImportValue") if isinstance(name, str)}


def stacks_of(account: str, region: str) -> dict[str, Stack]:
    """Return the living stacks of a region by id."""
    found: dict[str, Any] = cloudformation_backends[account][region].stacks
    return found


def owner_of_export(account: str, region: str, export: str) -> Stack | None:
    """Return the stack that exports a name, if one does."""
    for stack in stacks_of(account, region).values():
        if any(output.get("ExportName") == export for output in stack.outputs.values()):
            return stack
    return None


def exported(account: str, region: str, name: str) -> str:
    """Return the value of an export.

    Raises:
        ExportNotFound: No stack of the region exports that name.
    """
    owner = owner_of_export(account, region, name)
    if owner is None:
        raise ExportNotFound(name)
    return next(str(output["OutputValue"]) for output in owner.outputs.values() if output.get("ExportName") == name)


def output_of(account: str, region: str, stack_name: str, output: str) -> str:
    """Return an output of another stack, for `Fn::GetStackOutput`.

    Raises:
        ValidationError: There is no such stack, or it has no such output.
    """
    for stack in stacks_of(account, region).values():
        if stack_name in (stack.name, stack.stack_id):
            if output in stack.outputs:
                return str(stack.outputs[output]["OutputValue"])
            text = f"Fn::GetStackOutput: stack {stack_name} in {region} has no output {output}"
            raise ValidationError(message=text)
    text = f"Fn::GetStackOutput: there is no stack {stack_name} in {region}"
    raise ValidationError(message=text)


def external_values(template: Template, scope: Scope) -> list[Any]:
    """Return what the template takes from outside now: the values of other stacks and of stored parameters.

    A template that has not changed still has to be deployed when one of these has.
    """
    taken = [scope.value({name: argument}) for name in EXTERNAL for argument in _arguments(template, name)]
    stored = [
        scope.reference(name)
        for name, declared in template.get("Parameters", {}).items()
        if str(declared.get("Type")).startswith("AWS::SSM::")
    ]
    return taken + stored


def _arguments(expression: Any, function: str) -> Iterator[Any]:
    if isinstance(expression, dict):
        for key, item in expression.items():
            if key == function:
                yield item
            yield from _arguments(item, function)
    elif isinstance(expression, list):
        for item in expression:
            yield from _arguments(item, function)
