"""The page on what checks find and why it stays: `docs/suppressions.md`, written from the report of a synthesis.

    make synth
    python -m stacks.suppressions cdk.out docs/suppressions.md

The reasons stand in the code, beside what they excuse; the page only gathers them.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BEGIN, END = (
    "<!-- acknowledged: written by python -m stacks.suppressions -->",
    "<!-- end of what is acknowledged -->",
)

RULES = {
    "AS3": "Auto Scaling groups notify of what they do",
    "IAM5": "no wildcard in a resource or an action",
    "KDF1": "delivery streams encrypt what they hold",
    "KDS3": "streams use the key that AWS manages",
    "MSK6": "brokers write logs",
    "OS3": "domains let known addresses in only",
    "OS4": "domains have dedicated masters",
    "OS7": "domains spread over zones",
    "S1": "buckets log who reads them",
    "SMG4": "secrets are rotated",
    "F3002": "properties are those of the resource's schema",
    "W3010": "no availability zone is written into a template",
}
"""What each acknowledged rule asks for, in a few words; a rule that is not here stands by its id alone."""


def with_acknowledged(text: str, assembly: Path) -> str:
    """Return a text with the table between its markers written anew from the report of an assembly."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{acknowledged(assembly)}\n{END}{rest.split(END)[1]}"


def acknowledged(assembly: Path) -> str:
    """Return a table of what is acknowledged in an assembly: rule, resources and reason.

    One row a rule and reason. Resources are given by their types, since their names are those of
    the environments that happened to be synthesized.
    """
    report = json.loads((assembly / "validation-report.json").read_text("utf-8"))
    types = _types(assembly)
    rows: dict[tuple[str, str], set[str]] = {}
    for violation in (each for plugin in report["pluginReports"] for each in plugin["suppressedViolations"]):
        kinds = rows.setdefault((_rule(violation["acknowledgedId"]), violation["reason"]), set())
        kinds.update(types[each["constructPath"]] for each in violation["violatingConstructs"])
    return "\n".join(_table(rows))


def _table(rows: dict[tuple[str, str], set[str]]) -> Iterator[str]:
    yield "| rule | asks that | where | why it stays |"
    yield "|---|---|---|---|"
    for (rule, reason), kinds in sorted(rows.items()):
        where = ", ".join(f"`{kind}`" for kind in sorted(kinds))
        yield f"| {rule} | {RULES.get(rule, '')} | {where} | {reason.replace('|', '&#124;')} |"


def _rule(acknowledged_id: str) -> str:
    """Return the short id of a rule: IAM5 of AwsSolutions::AwsSolutions-IAM5[Resource::*]."""
    return re.sub(r"\[.*", "", acknowledged_id).rsplit("::", 1)[-1].removeprefix("AwsSolutions-")


def _types(assembly: Path) -> dict[str, str]:
    """Return the type of every resource by the path of its construct, such as S3::Bucket."""
    resources: Iterator[dict[str, Any]] = (
        resource
        for file in assembly.glob("assembly-*/*.template.json")
        for resource in json.loads(file.read_text("utf-8"))["Resources"].values()
    )
    return {each["Metadata"]["aws:cdk:path"]: each["Type"].removeprefix("AWS::") for each in resources}


if __name__ == "__main__":
    document = Path(sys.argv[2])
    document.write_text(with_acknowledged(document.read_text("utf-8"), Path(sys.argv[1])), "utf-8")
