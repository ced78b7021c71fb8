"""Rules of Firehose's S3 prefixes and the expressions in them.

Source: Firehose Developer Guide, "Understand custom prefixes for Amazon S3 objects" and "Dynamic partitioning".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from environments.rules.findings import Finding, meant

ERROR_TYPE = "!{firehose:error-output-type}"

_EXPRESSION = re.compile(r"!\{([^}:]*):?([^}]*)\}")
_PARTITION_KEY = "partitionKeyFromQuery"
_NAMESPACES = ("firehose", "timestamp", _PARTITION_KEY, "partitionKeyFromLambda")


def partition_keys(prefix: str) -> set[str]:
    """The keys of dynamic partitioning that a prefix uses."""
    return {argument for namespace, argument in _EXPRESSION.findall(prefix) if namespace == _PARTITION_KEY}


def uses_lambda_keys(prefix: str) -> bool:
    """Whether a prefix holds keys of dynamic partitioning that a transformation gives."""
    return any(namespace == "partitionKeyFromLambda" for namespace, _ in _EXPRESSION.findall(prefix))


def has_expressions(prefix: str) -> bool:
    """Whether Firehose makes something else of a prefix for each object."""
    return _EXPRESSION.search(prefix) is not None


def partition_key(name: str) -> str:
    """The expression for a key of dynamic partitioning."""
    return f"!{{{_PARTITION_KEY}:{name}}}"


def prefix_findings(prefix: str, errors: str) -> Iterator[Finding]:
    """What Firehose refuses in the prefix of objects and in the prefix of errors."""
    yield from _unknown_expressions("prefix", prefix)
    yield from _unknown_expressions("errors", errors)
    if ERROR_TYPE in prefix:
        yield Finding("may only stand in errors", "remove it", ("prefix",), ERROR_TYPE)
    if partition_keys(errors) or uses_lambda_keys(errors):
        yield Finding("uses keys of dynamic partitioning, which belong to prefix", "take them out", ("errors",), errors)
    if has_expressions(prefix + errors) and ERROR_TYPE not in errors:
        yield Finding(f"lacks {ERROR_TYPE}, which Firehose wants with expressions", "add it", ("errors",), errors)


def _unknown_expressions(field: str, text: str) -> Iterator[Finding]:
    for namespace, argument in _EXPRESSION.findall(text):
        if namespace in _NAMESPACES and argument:
            continue
        near = meant(namespace, set(_NAMESPACES) - {namespace})
        yield Finding(
            "is not an expression that Firehose knows",
            f"did you mean !{{{near}:...}}?" if near else "write it as in !{timestamp:yyyy/MM/dd}",
            (field,),
            f"!{{{namespace}:{argument}}}" if argument else f"!{{{namespace}}}",
        )
