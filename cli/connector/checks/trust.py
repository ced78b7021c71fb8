"""Whether the trust policy of a role lets ECS assume it for tasks of an account. No I/O.

The conditions are those that AWS recommends against a confused deputy, ``aws:SourceAccount`` and ``aws:SourceArn``:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from fnmatch import fnmatchcase
from typing import Any

ECS_TASKS = "ecs-tasks.amazonaws.com"
ASSUME = "sts:assumerole"
EQUAL = frozenset({"stringequals", "stringequalsignorecase", "arnequals", "stringlike", "arnlike"})
LIKE = frozenset({"stringlike", "arnlike", "arnequals"})
"""ArnEquals and ArnLike behave alike: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html"""


class Trust(Enum):
    """What a trust policy says to ECS."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"
    """It hangs on conditions that are not known here."""


def trusts(document: Mapping[str, Any], account: str, source: str) -> Trust:
    """Whether ECS may assume the role for a task of ``account`` that has the ARN ``source``."""
    found = Trust.NO
    for statement in _listed(document.get("Statement")):
        if not _concerns(statement):
            continue
        holds = _holds(statement.get("Condition") or {}, account, source)
        if statement.get("Effect") == "Deny":
            if holds is not Trust.NO:
                return holds if holds is Trust.UNSURE else Trust.NO
        elif found is not Trust.YES and holds is not Trust.NO:
            found = holds
    return found


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 - one entry or a list of them, as policies have it
    return value if isinstance(value, list) else [] if value is None else [value]


def _concerns(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    services = _listed(principal.get("Service")) if isinstance(principal, Mapping) else _listed(principal)
    actions = [str(action).lower() for action in _listed(statement.get("Action"))]
    return (ECS_TASKS in services or "*" in services) and any(fnmatchcase(ASSUME, action) for action in actions)


def _holds(conditions: Mapping[str, Mapping[str, Any]], account: str, source: str) -> Trust:
    known = {"aws:sourceaccount": account, "aws:sourcearn": source}
    verdict = Trust.YES
    for operator, keys in conditions.items():
        named = operator.lower().removesuffix("ifexists")
        for key, values in keys.items():
            actual = known.get(key.lower())
            if actual is None or named not in EQUAL:
                verdict = Trust.UNSURE
            elif not any(_same(named, actual, str(value)) for value in _listed(values)):
                return Trust.NO
    return verdict


def _same(operator: str, actual: str, wanted: str) -> bool:
    if operator in LIKE:
        return fnmatchcase(actual, wanted.replace("[", "[[]"))
    return actual == wanted
