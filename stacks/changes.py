"""What a deployment would change: two sets of templates, compared resource by resource.

    python -m stacks.changes BEFORE AFTER [--known]

Each is an assembly (`cdk.out`) or a folder of templates `ENVIRONMENT/STACK.json`. Prints Markdown, which
reads well in a terminal and as a comment on a pull request. `--known` leaves out stacks that BEFORE has
not, for folders that hold some of them only. Exit code 0, changes or none.

`cdk diff` shows every property of one stack; this shows every stack, what matters most first: what is
replaced or removed takes its data with it. Whether a changed property means replacement is told by the
resource provider schemas that cfn-lint carries (`createOnlyProperties`); CloudFormation may replace
in more cases, where that depends on values. A change set tells for certain.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

Template = Mapping[str, Any]

ASSET = re.compile(r"\b[0-9a-f]{64}\b")
"""The hash that an image or a file of ours is called by."""


class Kind(IntEnum):
    """What happens to a resource, the worst first."""

    REMOVED = 0
    REPLACED = 1
    CHANGED = 2
    ADDED = 3


@dataclass(frozen=True, order=True, kw_only=True)
class Change:
    """What happens to one resource."""

    kind: Kind
    stack: str
    resource_type: str
    logical_id: str
    properties: tuple[str, ...] = ()
    kept: bool = False
    """Whether the resource itself stays in AWS when it leaves its template."""

    def __str__(self) -> str:
        what = f"`{self.resource_type.removeprefix('AWS::')}` {self.logical_id}"
        told = f": {', '.join(self.properties)}" if self.properties else ""
        return f"{what}{told}{' (kept in AWS)' if self.kept else ''}"


def templates(folder: Path) -> dict[str, Template]:
    """Return the templates of an assembly, or of a folder of them, by environment and stack."""
    found: dict[str, Template] = {}
    for manifest in folder.glob("assembly-*/manifest.json"):
        for artifact in json.loads(manifest.read_text("utf-8"))["artifacts"].values():
            if artifact["type"] == "aws:cloudformation:stack":
                file = manifest.parent / artifact["properties"]["templateFile"]
                found[artifact["displayName"]] = normalized(json.loads(file.read_text("utf-8")))
    for file in folder.glob("*/*.json"):
        if not file.parent.name.startswith("assembly-"):
            found[f"{file.parent.name}/{file.stem}"] = json.loads(file.read_text("utf-8"))
    return found


def normalized(template: Template) -> Template:
    """Return a template without hashes of assets, and without where its resources stand in the code."""
    resources = {
        key: {name: part for name, part in each.items() if name != "Metadata"}
        for key, each in template["Resources"].items()
    }
    text = json.dumps({**template, "Resources": resources}, sort_keys=True)
    cleaned: Template = json.loads(ASSET.sub("ASSET", text))
    return cleaned


def changes(before: Mapping[str, Template], after: Mapping[str, Template]) -> list[Change]:
    """Return what happens to each resource when `after` is deployed over `before`, the worst first."""
    return sorted(
        change
        for stack in before.keys() | after.keys()
        for change in _changes(stack, before.get(stack, {}), after.get(stack, {}))
    )


def _changes(stack: str, before: Template, after: Template) -> Iterator[Change]:
    old, new = before.get("Resources", {}), after.get("Resources", {})
    for logical_id in old.keys() | new.keys():
        was, becomes = old.get(logical_id), new.get(logical_id)
        if was == becomes:
            continue
        resource_type = (becomes or was)["Type"]
        if was is None:
            yield Change(kind=Kind.ADDED, stack=stack, resource_type=resource_type, logical_id=logical_id)
        elif becomes is None:
            kept = str(was.get("DeletionPolicy", "")).startswith("Retain")
            yield Change(kind=Kind.REMOVED, stack=stack, resource_type=resource_type, logical_id=logical_id, kept=kept)
        else:
            replaced = _replacing(was, becomes)
            yield Change(
                kind=Kind.REPLACED if replaced else Kind.CHANGED,
                stack=stack,
                resource_type=resource_type,
                logical_id=logical_id,
                properties=replaced or _changed(was, becomes),
                kept=bool(replaced) and was.get("UpdateReplacePolicy") == "Retain",
            )


def _changed(was: Mapping[str, Any], becomes: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the properties that differ, and of attributes such as DeletionPolicy."""
    old, new = was.get("Properties", {}), becomes.get("Properties", {})
    properties = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    attributes = {name for name in (was.keys() | becomes.keys()) - {"Properties"} if was.get(name) != becomes.get(name)}
    return (*sorted(properties), *sorted(attributes))


def _replacing(was: Mapping[str, Any], becomes: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the properties whose change makes CloudFormation replace the resource."""
    if was["Type"] != becomes["Type"]:
        return ("Type",)
    old, new = was.get("Properties", {}), becomes.get("Properties", {})
    paths = (path.removeprefix("/properties/").split("/") for path in create_only(was["Type"]))
    return tuple(sorted(".".join(path) for path in paths if _at(old, path) != _at(new, path)))


def create_only(resource_type: str) -> tuple[str, ...]:
    """Return the properties of a resource type that can be said only when it is made; none where it is unknown."""
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER, ResourceNotFoundError

    try:
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource_type).schema
    except ResourceNotFoundError:
        return ()
    return tuple(schema.get("createOnlyProperties", ()))


def _at(properties: object, path: list[str]) -> object:
    for name in path:
        if not isinstance(properties, Mapping):
            return properties
        properties = properties.get(name)
    return properties


def summary(found: list[Change]) -> str:
    """Return changes as Markdown: how many of each kind, then each, by stack."""
    if not found:
        return "No resource changes."
    counts = ", ".join(f"{sum(each.kind is kind for each in found)} {kind.name.lower()}" for kind in Kind)
    lines = [f"**{counts}**"]
    for stack in sorted({each.stack for each in found}):
        lines += ["", f"### {stack}", ""]
        for kind in Kind:
            here = [each for each in found if each.stack == stack and each.kind is kind]
            sign = "⚠ " if kind in (Kind.REMOVED, Kind.REPLACED) else ""
            lines += [f"- {sign}{kind.name.lower()} {each}" for each in here]
    return "\n".join(lines)


def main(before: Path, after: Path, *, known: bool) -> None:
    """Print what changes between two folders."""
    old, new = templates(before), templates(after)
    if known:
        new = {stack: template for stack, template in new.items() if stack in old}
    print(summary(changes(old, new)))  # noqa: T201 - what the command is for


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), known="--known" in sys.argv[3:])
