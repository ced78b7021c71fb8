"""What requests to CloudFormation name: a stack, a template, parameters, tags."""

from __future__ import annotations

import threading
from typing import Any

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import CloudFormationBackend
from moto.cloudformation.responses import CloudFormationResponse as Api

from sandbox.aws.cloudformation.stack import Stack, stacks_of

# One operation at a time keeps names, exports and events in order; the CLI deploys stacks one after another.
deploying = threading.RLock()


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


def existing(self: Api, name: str) -> Stack | None:
    """Return the living stack of that name or id, if there is one."""
    try:
        return stack_of(self.cloudformation_backend, name)
    except ValidationError:
        return None


def tags_of(self: Api) -> dict[str, str]:
    """Return the tags that a request gives."""
    return {tag["Key"]: tag["Value"] for tag in self._get_param("Tags", [])}


def parameters_of(self: Api, stack: Stack | None) -> dict[str, str]:
    """Return a request's parameters, with the stack's own where it asks for the previous values."""
    previous = stack.parameters if stack else {}
    return {
        given["ParameterKey"]: previous[given["ParameterKey"]]
        if given.get("UsePreviousValue") and given["ParameterKey"] in previous
        else given["ParameterValue"]
        for given in self._get_param("Parameters", [])
        if "ParameterValue" in given or given["ParameterKey"] in previous
    }


def body_of(self: Api, stack: Stack | None) -> str:
    """Return the template that a request gives: in itself, in a bucket, or the one that stands.

    Raises:
        ValidationError: It gives none.
    """
    if self._get_bool_param("UsePreviousTemplate", if_none=False) and stack is not None:
        return stack.body
    url = self._get_param("TemplateURL")
    body: str | None = self._get_stack_from_s3_url(url) if url else self._get_param("TemplateBody")
    if not body:
        text = "Either Template URL or Template Body must be specified."
        raise ValidationError(message=text)
    return body


def make_stack(self: Api, name: str) -> Stack:
    """Make the stack that a request asks for, without any resources yet."""
    backend = self.cloudformation_backend
    stack = Stack(backend.account_id, backend.region_name, name, tags_of(self))
    stack.role_arn = self._get_param("RoleARN")
    stack.notification_arns = self._get_param("NotificationARNs", [])
    stacks_of(backend.account_id, backend.region_name)[stack.stack_id] = stack
    return stack
