"""The actions of the API that change stacks without a change set of the caller's."""

from __future__ import annotations

from typing import Any

from moto.cloudformation.exceptions import AlreadyExistsException, ValidationError
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


@mends.method(Api)
def create_stack(self: Api) -> ActionResult:
    """CreateStack; returns when the deployment has ended, well or not."""
    name = self._get_param("StackName")
    if existing(self, name) is not None:
        text = f"Stack [{name}] already exists"
        raise AlreadyExistsException(text)
    body = body_of(self, None)
    parse(body)
    stack = make_stack(self, name)
    stack.termination_protection = bool(self._get_bool_param("EnableTerminationProtection"))
    with deploying:
        stack.deploy(
            body,
            parameters_of(self, None),
            tags_of(self),
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
    body, parameters = body_of(self, stack), parameters_of(self, stack)
    tags = tags_of(self) or stack.tags
    with deploying:
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
    stack = existing(self, self._get_param("StackName"))
    if stack is None:
        return EmptyResult()
    if stack.termination_protection:
        text = f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
        raise ValidationError(message=text)
    with deploying:
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
