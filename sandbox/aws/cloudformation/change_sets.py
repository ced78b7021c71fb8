"""Change sets: what a deployment would change, kept by name and stack until it is executed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.cloudformation.exceptions import CloudFormationError, ValidationError
from moto.cloudformation.models import CloudFormationBackend
from moto.cloudformation.utils import generate_changeset_id, validate_create_change_set

from sandbox.aws.cloudformation.resources import OWN_TYPES
from sandbox.aws.cloudformation.stack import Stack, external_values, parse
from sandbox.aws.cloudformation.values import Template

NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."
IN_PROGRESS = "_IN_PROGRESS"


class ChangeSetNotFoundError(CloudFormationError):
    """There is no change set of that name on that stack."""

    code = "ChangeSetNotFoundException"

    def __init__(self, name: str) -> None:
        super().__init__(f"ChangeSet [{name}] does not exist")


@dataclass
class ChangeSet:
    """A deployment that was described and not made yet."""

    id: str
    name: str
    stack: Stack
    body: str
    template: Template
    parameters: dict[str, str]
    tags: dict[str, str]
    description: str | None = None
    changes: list[dict[str, Any]] = field(default_factory=list)
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    status: str = "CREATE_COMPLETE"
    execution_status: str = "AVAILABLE"
    status_reason: str | None = None

    def execute(self, *, rollback: bool) -> None:
        """Deploy it. Every other change set of the stack is obsolete then.

        Raises:
            CloudFormationError: It had nothing to execute, or was executed before.
        """
        if self.execution_status != "AVAILABLE":
            text = f"ChangeSet [{self.id}] cannot be executed in its current status of [{self.execution_status}]"
            raise CloudFormationError("InvalidChangeSetStatusException", text)
        self.execution_status = "EXECUTE_IN_PROGRESS"
        self.stack.change_set_id = self.id
        self.stack.deploy(self.body, self.parameters, self.tags, rollback=rollback)
        failed = self.stack.status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
        self.execution_status = "EXECUTE_FAILED" if failed else "EXECUTE_COMPLETE"


def create(
    backend: CloudFormationBackend,
    stack: Stack,
    name: str,
    body: str,
    parameters: dict[str, str],
    tags: dict[str, str],
) -> ChangeSet:
    """Describe what deploying `body` as `stack` would change.

    Raises:
        ValidationError: The template is wrong, or an operation is in progress on the stack.
    """
    validate_create_change_set(name)
    if stack.status.endswith(IN_PROGRESS) and stack.status != "REVIEW_IN_PROGRESS":
        text = f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated."
        raise ValidationError(message=text)
    template = parse(body)
    scope = stack.scope(template, parameters)
    change_set = ChangeSet(
        id=generate_changeset_id(name, stack.region_name, stack.account_id),
        name=name,
        stack=stack,
        body=body,
        template=template,
        parameters=parameters,
        tags=tags,
        changes=changes(stack, template),
    )
    same = (
        stack.template == template
        and stack.parameters == parameters
        and stack.tags == tags
        and stack.external_values == external_values(template, scope)
    )
    if same and not stack.status.endswith("FAILED"):
        change_set.status, change_set.execution_status = "FAILED", "UNAVAILABLE"
        change_set.status_reason = NO_CHANGES
    held: dict[str, Any] = backend.change_sets
    held[change_set.id] = change_set
    return change_set


def find(backend: CloudFormationBackend, name: str, stack: str | None) -> ChangeSet:
    """Return a change set by its ARN, or by its name and its stack's name or id.

    Raises:
        ChangeSetNotFoundError: There is none.
        ValidationError: A name came without a stack.
    """
    held: dict[str, Any] = backend.change_sets
    if name in held:
        found: ChangeSet = held[name]
        return found
    if stack is None and not name.startswith("arn:"):
        text = "StackName must be specified if ChangeSetName is not specified as an ARN."
        raise ValidationError(message=text)
    for change_set in reversed(held.values()):
        if change_set.name == name and stack in (change_set.stack.name, change_set.stack.stack_id):
            return change_set  # type: ignore[no-any-return]  # moto's dictionary is typed for its own
    raise ChangeSetNotFoundError(name)


def changes(stack: Stack, template: Template) -> list[dict[str, Any]]:
    """List the resources that `template` adds, modifies and removes, as the API names them."""
    old = stack.template.get("Resources", {}) if stack.resources else {}
    new = template["Resources"]
    found = []
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) == new.get(name):
            continue
        change = {"LogicalResourceId": name, "ResourceType": (new.get(name) or old[name])["Type"]}
        if name not in old:
            change["Action"] = "Add"
        elif name not in new:
            change["Action"] = "Remove"
        else:
            change |= {"Action": "Modify", "Replacement": _replacement(old[name], new[name]), "Scope": ["Properties"]}
        if name in stack.resources:
            change["PhysicalResourceId"] = stack.resources[name].physical_id
        found.append(change)
    return found


def _replacement(old: dict[str, Any], new: dict[str, Any]) -> str:
    kind = OWN_TYPES.get(new["Type"])
    if old["Type"] != new["Type"]:
        return "True"
    if kind is not None and kind.needs_replacement(old.get("Properties", {}), new.get("Properties", {})):
        return "True"
    return "False"
