"""The work on one stack's resources: create, update, roll back, delete.

A deployment goes as CloudFormation's does: resources in the order of their references, each compared by
what its properties are worth now, not by the template's text; replaced and removed resources deleted
last, when nothing refers to them any more; after a failure everything undone in reverse.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from moto.cloudformation.exceptions import ValidationError

from sandbox.aws.cloudformation.resources import (
    Place,
    ReplacementNeeded,
    Resource,
    find_type,
)
from sandbox.aws.cloudformation.values import Scope, Template, references

if TYPE_CHECKING:
    from sandbox.aws.cloudformation.stack import Stack

log = logging.getLogger(__name__)


class DeploymentFailed(Exception):  # noqa: N818 - named as CloudFormation's statuses are
    """A resource could not be created, changed or deleted; the events tell which and why."""


def order(template: Template) -> list[str]:
    """Return the logical ids such that each stands after everything it refers to.

    Raises:
        ValidationError: They refer to each other in a circle.
    """
    resources = template.get("Resources", {})
    graph = {}
    for logical_id, definition in resources.items():
        named = definition.get("DependsOn", [])
        needed = {named} if isinstance(named, str) else set(named)
        needed.update(references(definition.get("Properties", {})))
        graph[logical_id] = sorted(needed & resources.keys() - {logical_id})
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as problem:
        text = f"Circular dependency between resources: [{', '.join(problem.args[1])}]"
        raise ValidationError(message=text) from None


class Deployment:
    """Brings a stack's resources to what a template says."""

    def __init__(self, stack: Stack, template: Template, scope: Scope) -> None:
        self._stack = stack
        self._template = template
        self._scope = scope
        self._undo: list[Callable[[], None]] = []
        self._leftovers: list[Resource] = []

    def apply(self) -> None:
        """Create and change what differs, then delete what is left over.

        Raises:
            DeploymentFailed: A step failed; `roll_back` undoes the ones before it.
        """
        definitions = self._template["Resources"]
        wanted = [name for name in order(self._template) if self._scope.is_wanted(definitions[name])]
        for logical_id in wanted:
            self._bring(logical_id, definitions[logical_id])
        live = self._stack.resources
        removed = [live[name] for name in reversed(live) if name not in wanted]
        for resource in [*reversed(self._leftovers), *removed]:
            policy = "DeletionPolicy" if resource in removed else "UpdateReplacePolicy"
            self._let_go(resource, policy)
            if live.get(resource.logical_id) is resource:
                del live[resource.logical_id]

    def roll_back(self) -> None:
        """Undo every step that `apply` had done, the last one first; what cannot be undone is logged."""
        for undo in reversed(self._undo):
            try:
                undo()
            except Exception:
                log.exception("rolling back %s", self._stack.name)

    def _bring(self, logical_id: str, definition: dict[str, Any]) -> None:
        current = self._stack.resources.get(logical_id)
        verb = "CREATE" if current is None else "UPDATE"
        place = Place(self._stack.account_id, self._stack.region_name, self._stack.name, logical_id, definition["Type"])
        try:
            properties = self._scope.value(definition.get("Properties", {}))
            if current is None:
                self._create(place, definition, properties)
            elif current.type != definition["Type"]:
                self._replace(current, place, definition, properties)
            elif current.properties != properties:
                self._change(current, place, definition, properties)
            else:
                current.definition = definition
        except Exception as problem:
            physical_id = current.physical_id if current else ""
            reason = reason_of(problem)
            self._stack.tell(f"{verb}_FAILED", place, physical_id, reason)
            if not hasattr(problem, "message"):
                log.debug("%s %s", logical_id, reason, exc_info=True)
            text = f"The following resource(s) failed to {verb.lower()}: [{logical_id}]."
            raise DeploymentFailed(text) from problem

    def _create(self, place: Place, definition: dict[str, Any], properties: dict[str, Any]) -> Resource:
        kind = find_type(place.type)
        self._stack.tell("CREATE_IN_PROGRESS", place, "")
        made = kind.create(place, properties)
        resource = Resource(place, definition, properties, made)
        replaced = self._stack.resources.get(place.logical_id)
        self._stack.resources[place.logical_id] = resource
        self._stack.tell("CREATE_COMPLETE", place, resource.physical_id)

        def undo() -> None:
            if definition.get("DeletionPolicy") != "Retain" or replaced is not None:
                self._stack.tell("DELETE_IN_PROGRESS", place, resource.physical_id)
                kind.delete(place, resource.made, properties)
                self._stack.tell("DELETE_COMPLETE", place, resource.physical_id)
            if replaced is None:
                del self._stack.resources[place.logical_id]
            else:
                self._stack.resources[place.logical_id] = replaced

        self._undo.append(undo)
        return resource

    def _replace(self, current: Resource, place: Place, definition: dict[str, Any], properties: dict[str, Any]) -> None:
        self._stack.tell(
            "UPDATE_IN_PROGRESS",
            place,
            current.physical_id,
            "Requested update requires the creation of a new physical resource; hence creating one.",
        )
        resource = self._create(place, definition, properties)
        resource.status = "UPDATE_COMPLETE"
        self._leftovers.append(current)

    def _change(self, current: Resource, place: Place, definition: dict[str, Any], properties: dict[str, Any]) -> None:
        kind = find_type(place.type)
        before = (current.definition, current.properties, current.status)
        if kind.needs_replacement(current.properties, properties):
            self._replace(current, place, definition, properties)
            return
        self._stack.tell("UPDATE_IN_PROGRESS", place, current.physical_id)
        try:
            current.made = kind.update(place, current.made, current.properties, properties)
        except ReplacementNeeded:
            self._replace(current, place, definition, properties)
            return
        current.definition, current.properties, current.status = definition, properties, "UPDATE_COMPLETE"
        self._stack.tell("UPDATE_COMPLETE", place, current.physical_id)

        def undo() -> None:
            current.made = kind.update(place, current.made, properties, before[1])
            current.definition, current.properties, current.status = before
            self._stack.tell("UPDATE_COMPLETE", place, current.physical_id)

        self._undo.append(undo)

    def _let_go(self, resource: Resource, policy: str) -> None:
        let_go(self._stack, resource, policy)


def let_go(stack: Stack, resource: Resource, policy: str) -> None:
    """Delete a resource unless `policy` keeps it, and tell so.

    Raises:
        DeploymentFailed: Its service refuses.
    """
    if resource.survives(policy):
        stack.tell("DELETE_SKIPPED", resource.place, resource.physical_id)
        return
    stack.tell("DELETE_IN_PROGRESS", resource.place, resource.physical_id)
    try:
        find_type(resource.type).delete(resource.place, resource.made, resource.properties)
    except Exception as problem:
        stack.tell("DELETE_FAILED", resource.place, resource.physical_id, reason_of(problem))
        text = f"The following resource(s) failed to delete: [{resource.logical_id}]."
        raise DeploymentFailed(text) from problem
    stack.tell("DELETE_COMPLETE", resource.place, resource.physical_id)


def delete_all(stack: Stack) -> None:
    """Delete a stack's resources, each before what it refers to.

    Raises:
        DeploymentFailed: A service refuses; what was not deleted yet still belongs to the stack.
    """
    for logical_id in reversed(list(stack.resources)):
        let_go(stack, stack.resources[logical_id], "DeletionPolicy")
        del stack.resources[logical_id]


def reason_of(problem: Exception) -> str:
    """Return the text that an event shows for a failure: the service's own message where there is one."""
    message = getattr(problem, "message", None) or str(problem)
    if isinstance(problem, KeyError):
        message = f"{problem.args[0]} is missing or no attribute of this type"
    return message or type(problem).__name__
