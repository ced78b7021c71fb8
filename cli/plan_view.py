"""A plan as people read it."""

from __future__ import annotations

import sys
from typing import TextIO

from cli.difference import COLUMNS as DIFFERENCE_COLUMNS
from cli.difference import JUDGED, rows
from cli.output import Column, Item, print_table
from cli.plan import Plan

COLUMNS = (
    Column("", lambda item: item["step"], right=True),
    Column("OPERATION", "kind"),
    Column("RESOURCE", "resource"),
    Column("WHAT", "what", fold=True),
    Column("RISK", "risk"),
    Column("WHY", "reason", fold=True),
)

LONGEST_NUMBER = 30
"""Digits of a number that is shown as it is."""


def print_plan(plan: Plan, *, error_stream: bool = False) -> None:
    """Write a plan to stdout, or to stderr where stdout is a document. Its refusals are errors and told as such."""
    out: TextIO = sys.stderr if error_stream else sys.stdout
    if plan.operations:
        out.write(f"{len(plan.operations)} to do:\n")
        print_table(_steps(plan), COLUMNS, out=out)
    if plan.differences:
        out.write("\nDiffers, and is left as it is:\n" if plan.operations else "Differs, and is left as it is:\n")
        judged = any(difference.why for difference in plan.differences)
        print_table(rows(plan.differences), JUDGED if judged else DIFFERENCE_COLUMNS, out=out)
    if not plan.operations and not plan.differences and not plan.refusals:
        out.write("nothing to do\n")
    out.writelines(f"note: {text}\n" for text in plan.warnings)


def _steps(plan: Plan) -> list[Item]:
    return [
        {**operation.as_json(), "step": number, "what": _what(operation.details)}
        for number, operation in enumerate(plan.operations, start=1)
    ]


def _what(details: Item) -> str:
    """Details in one cell: ``partitions 12, replication 3, retention.ms=604800000``."""
    parts: list[str] = []
    for name, value in details.items():
        if isinstance(value, dict):
            parts.extend(_entry(key, entry) for key, entry in value.items())
        elif isinstance(value, list):
            parts.append(f"{name} {'..'.join(map(_scalar, value))}")
        elif name != "name":
            parts.append(f"{name} {_scalar(value)}")
    return ", ".join(parts)


def _scalar(value: object) -> str:
    """A value; a hash key of Kinesis as its place in the key space, since nobody reads 39 digits."""
    if isinstance(value, str) and value.isdecimal() and len(value) > LONGEST_NUMBER:
        return f"{int(value) / 2**128:.2%}"
    return str(value)


def _entry(key: str, entry: object) -> str:
    if isinstance(entry, dict) and entry.keys() == {"from", "to"}:
        from cli.topic.settings import readable

        return f"{key} {readable(key, entry['from'])} → {readable(key, entry['to'])}"
    return f"{key}={entry}"
