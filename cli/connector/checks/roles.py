"""The two roles of a task: there, assumable by ECS for this account, and allowed what the route needs.

Only IAM knows what all its policies say together, so it is asked (SimulatePrincipalPolicy), with literal actions and
resources. It takes the permissions boundary and the organization's policies into account by itself, and not the
policies of resources such as keys.
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.connector.checks.check import Check, failed, ok, unknown
from cli.connector.checks.needs import live_task_permissions, start_permissions
from cli.connector.checks.subject import Subject
from cli.connector.checks.trust import Trust, trusts
from environments.route_permissions import Permission

ANY = "*"
SAMPLE = "streamops-verify"
"""Stands for what the names of objects end in: a resource of a simulation is literal."""


@dataclass(frozen=True)
class Judged:
    """What IAM says to one action on one resource."""

    action: str
    resource: str
    decision: str
    """``allowed``, ``implicitDeny`` or ``explicitDeny``."""
    missing: tuple[str, ...]
    """Condition keys that policies ask for and the simulation was not given."""
    outside_boundary: bool
    outside_organization: bool

    def __str__(self) -> str:
        """The action and what is in its way."""
        if self.decision == "explicitDeny":
            reason = "a policy denies it"
        elif self.outside_organization:
            reason = "the organization's policies do not allow it"
        elif self.outside_boundary:
            reason = "the permissions boundary does not allow it"
        else:
            reason = "no policy allows it"
        return f"{self.action} on {self.resource}: {reason}"


def task_role(subject: Subject) -> Iterator[Check]:
    """The role of the connector itself."""
    yield from _role(subject, "task", "taskRoleArn", lambda: live_task_permissions(subject))


def execution_role(subject: Subject) -> Iterator[Check]:
    """The role that ECS starts the task with."""
    yield from _role(subject, "execution", "executionRoleArn", lambda: start_permissions(subject))


def _role(subject: Subject, kind: str, member: str, needs: Any) -> Iterator[Check]:  # noqa: ANN401 - a call
    name = f"{kind}-role"
    if subject.definition is None:
        yield unknown(name, "there is no task definition that names it", subject.deploy)
        return
    arn = subject.definition.get(member)
    if not arn:
        yield failed(name, f"the task definition names no {kind} role", subject.deploy)
        return
    iam = subject.aws.iam
    try:
        role = iam.get_role(RoleName=_name(arn))["Role"]
    except iam.exceptions.NoSuchEntityException:
        yield failed(name, f"{_name(arn)} does not exist: no task would start", subject.deploy)
        return
    yield _assumable(subject, name, arn, role["AssumeRolePolicyDocument"])
    wanted = list(needs())
    said = [each for permission in wanted for each in simulate(subject, arn, permission)]
    yield _allowed(subject, f"{kind}-permissions", arn, said)


def _name(arn: str) -> str:
    """A role's own name; in front of it stand its account and its path."""
    return arn.rpartition("/")[2]


def _assumable(subject: Subject, name: str, arn: str, trust: Any) -> Check:  # noqa: ANN401 - a policy
    environment = subject.environment
    tasks = f"arn:{environment.partition}:ecs:{environment.region}:{environment.account}"
    match trusts(trust, environment.account, f"{tasks}:task/sample"):
        case Trust.YES:
            return ok(name, f"ECS may assume {_name(arn)} for tasks of this account")
        case Trust.UNSURE:
            return unknown(name, f"{_name(arn)} trusts ECS under conditions that cannot be judged here")
        case Trust.NO:
            return failed(
                name,
                f"{_name(arn)} does not trust ecs-tasks.amazonaws.com for tasks of account {environment.account}: "
                "no task would start",
                subject.deploy,
            )


def simulate(subject: Subject, role: str, permission: Permission) -> Iterator[Judged]:
    """Ask IAM for every action of a permission on its resource."""
    resource = permission.resource
    if resource != ANY and resource.endswith(ANY):
        resource = f"{resource[:-1]}{SAMPLE}"
    pages = subject.aws.iam.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=role,
        ActionNames=list(permission.actions),
        ResourceArns=[resource],
        ContextEntries=list(_context(subject, permission)),
    )
    for page in pages:
        for result in page["EvaluationResults"]:
            yield judged(result, permission.resource)


def judged(result: Mapping[str, Any], resource: str) -> Judged:
    """What stands in the result of one action; of a resource that was named there is a part of its own.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html
    """
    specific = (result.get("ResourceSpecificResults") or [{}])[0]
    missing = {*(result.get("MissingContextValues") or ()), *(specific.get("MissingContextValues") or ())}
    boundary = specific if "PermissionsBoundaryDecisionDetail" in specific else result
    return Judged(
        action=result["EvalActionName"],
        resource=resource,
        decision=specific.get("EvalResourceDecision") or result["EvalDecision"],
        missing=tuple(sorted(missing)),
        outside_boundary=_denies(boundary, "PermissionsBoundaryDecisionDetail", "AllowedByPermissionsBoundary"),
        outside_organization=_denies(result, "OrganizationsDecisionDetail", "AllowedByOrganizations"),
    )


def _denies(result: Mapping[str, Any], detail: str, member: str) -> bool:
    return (result.get(detail) or {}).get(member) is False


def _context(subject: Subject, permission: Permission) -> Iterator[dict[str, Any]]:
    """What calls of the task bring with them, and boundaries often ask for."""
    given = {"aws:RequestedRegion": subject.environment.region} | (
        {"kms:ViaService": permission.via} if permission.via else {}
    )
    for name, value in given.items():
        yield {"ContextKeyName": name, "ContextKeyValues": [value], "ContextKeyType": "string"}
    yield {"ContextKeyName": "aws:SecureTransport", "ContextKeyValues": ["true"], "ContextKeyType": "boolean"}


def _allowed(subject: Subject, name: str, arn: str, said: Sequence[Judged]) -> Check:
    refused = [each for each in said if each.decision != "allowed"]
    # A denial that hangs on what only a real call brings may be none.
    unsure = [each for each in refused if each.missing]
    sure = [each for each in refused if not each.missing]
    if sure:
        return failed(name, f"{_name(arn)} lacks: {_listed(sure)}", f"grant it, or {subject.deploy}")
    if unsure:
        keys = ", ".join(sorted({key for each in unsure for key in each.missing}))
        return unknown(name, f"IAM cannot tell without the condition keys {keys}: {_listed(unsure)}")
    resources = len({each.resource for each in said})
    return ok(name, f"{len(said)} actions on {resources} resources are allowed")


def _listed(refused: Iterable[Judged]) -> str:
    return "; ".join(map(str, refused))
