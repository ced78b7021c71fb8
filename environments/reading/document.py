"""An environment file as YAML: its plain data, and where in the text each part of it stands.

The node graph is read instead of the constructed objects, because it alone knows lines, the text as it was written
(an account number loses its leading zeros when YAML reads it as a number) and *all* duplicate keys.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from environments.problems import Problem

if TYPE_CHECKING:
    from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

Place = tuple[str | int, ...]

_TAG = "tag:yaml.org,2002:"
_PLAIN_TAGS = {f"{_TAG}{kind}" for kind in ("null", "bool", "int", "float", "str", "timestamp", "seq", "map")}
_PLAIN_KEY = re.compile(r"[\w-]+")
_MERGE_TAG = f"{_TAG}merge"
# What else the parser repeats: a text without quotes that begins with * or !, and so might be a secret.
_UNQUOTED = re.compile(r"(undefined alias|undefined tag handle).*", re.DOTALL)


@dataclass(slots=True)
class Document:
    """The data of a file, the line (from 1) of every place in it, and what is wrong with it as YAML."""

    file: str
    data: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    written: dict[Place, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, place: Place) -> int:
        """The line of a place; of what holds it where it is not there."""
        while place not in self.lines:
            if not place:
                return 1
            place = place[:-1]
        return self.lines[place]

    def complain(self, place: Place, rule: str, remedy: str, *, value: str = "", line: int | None = None) -> None:
        """Note a problem at a place."""
        where = self.line(place) if line is None else line
        self.problems.append(Problem(self.file, where, dotted(place), value, rule, remedy))


def dotted(place: Place) -> str:
    """A place as reports write it: ``network.zones[1]``, ``topics.orders.config."min.insync.replicas"``."""
    text = ""
    for step in place:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += ("." if text else "") + (step if _PLAIN_KEY.fullmatch(step) else f'"{step}"')
    return text


def read_document(path: Path, shown: str) -> Document:
    """Read a file; whatever is wrong with it as YAML stands in ``problems``, and ``data`` holds what could be read."""
    document = Document(shown)
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        document.complain((), "is not UTF-8 text", "save it as UTF-8", line=line)
        return document
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        told = _UNQUOTED.sub(r"\1", ", ".join(filter(None, [error.context, error.problem])))
        document.complain((), f"cannot be read as YAML: {told}", _syntax_remedy(told), line=mark and mark.line + 1)
        return document
    except YAMLError as error:
        document.complain((), f"cannot be read as YAML: {error}", "correct it")
        return document
    except RecursionError:
        document.complain((), "is nested too deeply", "write fewer brackets")
        return document
    if root is None:
        document.complain((), "is empty", "write an environment: streamops env init shows how")
        return document
    document.lines[()] = root.start_mark.line + 1
    document.data = _Reader(document).read(root, ())
    if not isinstance(document.data, dict) and not document.problems:
        document.complain((), "is not a list of keys with values", "begin with account:, region: and network:")
    return document


def _syntax_remedy(told: str) -> str:
    if "\\t" in told:
        return "indent with spaces, never with tabs"
    if "mapping values are not allowed" in told:
        return "put the text in quotes, or check the indentation"
    return "correct it"


class _Reader:
    """Turns nodes into plain data, and notes places on the way."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._open: list[Node] = []

    def read(self, node: Node, place: Place) -> Any:  # noqa: ANN401  YAML holds anything
        """The data of a node."""
        from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

        if any(node is above for above in self._open):
            self._document.complain(place, "holds itself", "write it out", line=node.start_mark.line + 1)
            return None
        if node.tag not in _PLAIN_TAGS:
            # A text that begins with ! and has no quotes is a tag to YAML, so it may be a secret.
            remedy = "remove the tag, or put a text that begins with ! in quotes"
            self._document.complain(place, "has a YAML tag", remedy, line=node.start_mark.line + 1)
            return None
        self._open.append(node)
        try:
            match node:
                case MappingNode():
                    return self._mapping(node, place)
                case SequenceNode():
                    return [self._item(item, (*place, index)) for index, item in enumerate(node.value)]
                case ScalarNode():
                    return self._scalar(node, place)
        finally:
            self._open.pop()

    def _item(self, node: Node, place: Place) -> Any:  # noqa: ANN401  YAML holds anything
        self._document.lines[place] = node.start_mark.line + 1
        return self.read(node, place)

    def _mapping(self, node: MappingNode, place: Place) -> dict[str, Any]:
        from ruamel.yaml.nodes import ScalarNode

        data: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.tag == _MERGE_TAG:
                merged = {**self._merged(value, place), **merged}
            elif not isinstance(key, ScalarNode):
                self._document.complain(place, "has a key that is a list", "write keys as plain words", line=line)
            elif key.value in data:
                first = self._document.lines[*place, key.value]
                self._document.complain(
                    (*place, key.value), f"stands here twice, first in line {first}", "keep one of them", line=line
                )
            else:
                self._document.lines[*place, key.value] = line
                data[key.value] = self.read(value, (*place, key.value))
        return {**merged, **data}

    def _merged(self, node: Node, place: Place) -> dict[str, Any]:
        """What ``<<: *anchor`` brings; the keys that stand here themselves win, and earlier ones over later ones."""
        data = self.read(node, place)
        merged: dict[str, Any] = {}
        for part in data if isinstance(data, list) else [data]:
            if isinstance(part, dict):
                merged = {**part, **merged}
            else:
                self._document.complain(place, "merges something that has no keys", "merge a section with keys")
        return merged

    def _scalar(self, node: ScalarNode, place: Place) -> bool | int | float | str | None:
        self._document.written[place] = node.value
        match str(node.tag).removeprefix(_TAG):
            case "null":
                return None
            case "bool":
                return str(node.value).lower() == "true"
            case "int" | "float":
                return _number(node.value)
        return str(node.value)


def _number(text: str) -> int | float | str:
    """A number of YAML 1.2, where ``010`` is ten and ``0o10`` is eight; the text itself where a tag only claims one."""
    digits = text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan")
    for base in (10, 0):
        with suppress(ValueError):
            return int(digits, base)
    with suppress(ValueError):
        return float(digits)
    return text
