"""SimulatePrincipalPolicy: what the policies of a role say to actions on resources, without calling anything.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html

Of the answer there are the decisions, for each action and resource, with the condition keys that were not given and
what the permissions boundary says. Policies of resources and of organizations are not looked at, nor are policies that
a request brings with it.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.iam.exceptions import NotFoundException
from moto.iam.responses import IamResponse

from sandbox.aws.authorization.policy import (
    Context,
    Decision,
    Document,
    UnknownConditionError,
    asked_conditions,
    decide,
)
from sandbox.aws.authorization.session import policies_of
from sandbox.aws.mending import Mends

mends = Mends()

ALLOWED, DENIED, NOT_ALLOWED = "allowed", "explicitDeny", "implicitDeny"
EVERYTHING = "*"
BOUNDARY = "PermissionsBoundaryDecisionDetail"


@mends.method(IamResponse)
def simulate_principal_policy(self: Any) -> ActionResult:
    """Answer for a role; other principals are not known here."""
    arn = self._get_param("PolicySourceArn")
    role = next((role for role in self.backend.get_roles() if role.arn == arn), None)
    if role is None:
        raise NotFoundException(f"The role {arn} cannot be found.")
    layers = policies_of(role, self.backend)
    context = {
        entry["ContextKeyName"].lower(): str(entry.get("ContextKeyValues", [""])[0])
        for entry in self._get_param("ContextEntries") or ()
    }
    bounded = bool(role.permissions_boundary_arn)
    resources = self._get_param("ResourceArns") or [EVERYTHING]
    results = [
        _of_action(action, [_result(layers, action, each, context, bounded=bounded) for each in resources])
        for action in self._get_param("ActionNames") or ()
    ]
    return ActionResult({"EvaluationResults": results, "IsTruncated": False})


def _of_action(action: str, specific: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one action's result: the most restrictive decision, and for named resources the part of each.

    IAM tells the ARN's template at the top, which is not known here.
    """
    decisions = {each["EvalResourceDecision"] for each in specific}
    result: dict[str, Any] = {
        "EvalActionName": action,
        "EvalResourceName": EVERYTHING,
        "EvalDecision": next(each for each in (DENIED, NOT_ALLOWED, ALLOWED) if each in decisions),
        "MissingContextValues": sorted({key for each in specific for key in each["MissingContextValues"]}),
    }
    details = [each[BOUNDARY] for each in specific if BOUNDARY in each]
    if details:
        allowed = all(each["AllowedByPermissionsBoundary"] for each in details)
        result[BOUNDARY] = {"AllowedByPermissionsBoundary": allowed}
    named = [each for each in specific if each["EvalResourceName"] != EVERYTHING]
    return result | ({"ResourceSpecificResults": named} if named else {})


def _result(
    layers: list[tuple[Document, ...]], action: str, resource: str, context: Context, *, bounded: bool
) -> dict[str, Any]:
    asked = {key for layer in layers for key in asked_conditions(layer, action, resource)}
    result: dict[str, Any] = {"EvalResourceName": resource, "MissingContextValues": sorted(asked - context.keys())}
    try:
        decisions = [decide(layer, action, resource, context) for layer in layers]
    except UnknownConditionError:
        return result | {"EvalResourceDecision": NOT_ALLOWED}
    if bounded:
        result[BOUNDARY] = {"AllowedByPermissionsBoundary": decisions[1] is Decision.ALLOWED}
    if Decision.DENIED in decisions:
        return result | {"EvalResourceDecision": DENIED}
    together = all(decision is Decision.ALLOWED for decision in decisions)
    return result | {"EvalResourceDecision": ALLOWED if together else NOT_ALLOWED}
