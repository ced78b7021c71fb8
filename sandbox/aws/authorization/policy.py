"""What policies say to one action on one resource.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from functools import cache
from typing import Any

Document = Mapping[str, Any]
Context = Mapping[str, str]
"""The values of the condition keys of one call; names in lower case, since their case does not matter."""


class Decision(Enum):
    """What a set of policies says."""

    ALLOWED = "allowed"
    NOT_ALLOWED = "no statement allows it"
    DENIED = "a statement denies it"


class UnknownConditionError(Exception):
    """A policy has a condition that the stand-in cannot judge; its text names it."""


def decide(documents: Iterable[Document], action: str, resource: str, context: Context) -> Decision:
    """Return what the policies say together: a denial in one of them goes before what the others allow.

    Raises:
        UnknownConditionError: One of the statements that could matter has a condition that is not known here.
    """
    decision = Decision.NOT_ALLOWED
    for statement in _statements(documents):
        if not _concerns(statement, action, resource):
            continue
        if not _holds(statement.get("Condition", {}), context):
            continue
        if statement["Effect"] == "Deny":
            return Decision.DENIED
        decision = Decision.ALLOWED
    return decision


def asked_conditions(documents: Iterable[Document], action: str, resource: str) -> set[str]:
    """Return the condition keys, in lower case, that decide whether statements concern this action and resource."""
    return {
        key.lower()
        for statement in _statements(documents)
        if _concerns(statement, action, resource)
        for keys in statement.get("Condition", {}).values()
        for key in keys
    }


def _statements(documents: Iterable[Document]) -> Iterator[Document]:
    for document in documents:
        yield from _listed(document["Statement"])


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _concerns(statement: Document, action: str, resource: str) -> bool:
    # The names of actions have no case: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
    named = any(matches(pattern.lower(), action.lower()) for pattern in _either(statement, "Action"))
    if named == ("NotAction" in statement):
        return False
    covered = any(matches(pattern, resource) for pattern in _either(statement, "Resource"))
    return covered != ("NotResource" in statement)


def _either(statement: Document, element: str) -> list[str]:
    return _listed(statement[element] if element in statement else statement[f"Not{element}"])


def matches(pattern: str, text: str) -> bool:
    """Tell whether a text is what a pattern with `*` and `?` describes."""
    return _expression(pattern).fullmatch(text) is not None


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(letter) or re.escape(letter) for letter in pattern), re.DOTALL)


def _holds(conditions: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    return all(
        _one_holds(operator, key.lower(), _listed(values), context)
        for operator, keys in conditions.items()
        for key, values in keys.items()
    )


def _one_holds(operator: str, key: str, values: list[Any], context: Context) -> bool:
    wanted = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
    actual = context.get(key)
    if operator == "Null":
        return (actual is None) == (wanted[0].lower() == "true")
    base = operator.removesuffix("IfExists")
    if base not in _OPERATORS:
        text = f"the stand-in cannot judge the condition {operator} of {key}"
        raise UnknownConditionError(text)
    positive, compare = _OPERATORS[base]
    if actual is None:
        # What is absent is not equal to anything.
        return operator != base or not positive
    return any(compare(value, actual) for value in wanted) == positive


def _same(wanted: str, actual: str) -> bool:
    return wanted == actual


def _same_letters(wanted: str, actual: str) -> bool:
    return wanted.lower() == actual.lower()


_OPERATORS: dict[str, tuple[bool, Callable[[str, str], bool]]] = {
    "StringEquals": (True, _same),
    "StringNotEquals": (False, _same),
    "StringEqualsIgnoreCase": (True, _same_letters),
    "StringNotEqualsIgnoreCase": (False, _same_letters),
    "StringLike": (True, matches),
    "StringNotLike": (False, matches),
    "ArnEquals": (True, matches),
    "ArnNotEquals": (False, matches),
    "ArnLike": (True, matches),
    "ArnNotLike": (False, matches),
    "Bool": (True, _same_letters),
}
