"""Writing what is live now into the environment file, so that the file stays the declared state.

Only the characters of the value change: comments, order, quotes and layout stay. What was written is read again and
compared with what was there, so that an anchor, a merge or a layout that is not understood can never change anything
else: then the file is left alone.
"""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from cli.errors import CliError
from environments import EnvironmentFileError, environment_file, load_environment

if TYPE_CHECKING:
    from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

Scalar = str | int | float | bool
Value = Scalar | Mapping[str, Scalar]


@dataclass(frozen=True)
class Edit:
    """One value of the file."""

    path: tuple[str, ...]
    """Such as ``("streams", "orders", "shards")``; what holds it must be there."""
    value: Value | None
    """As the file writes it, such as ``46``, ``"7d"`` or a section of such values; None takes it out."""

    def __str__(self) -> str:
        shown = "removed" if self.value is None else self.value
        if isinstance(shown, Mapping):
            shown = _written(shown)
        return f"{'.'.join(self.path)}: {shown}"

    def as_json(self) -> dict[str, Value | None]:
        """The entry of ``write_back`` in a JSON answer."""
        return {"path": ".".join(self.path), "value": self.value}


def pending(reference: str | Path, edits: Sequence[Edit]) -> list[Edit]:
    """Those of the edits whose value the file does not have yet."""
    data = _data(environment_file(reference).read_text("utf-8"))
    return [edit for edit in edits if _value(data, edit.path) != edit.value]


def write_back(reference: str | Path, edits: Sequence[Edit]) -> Path:
    """Write the values into the environment file; all of them or none.

    Args:
        reference: the environment as the user named it.
        edits: the values.

    Returns:
        the file.

    Raises:
        CliError: the file cannot be edited without touching anything else, or would be wrong afterwards.
    """
    file = environment_file(reference)
    before = file.read_text("utf-8")
    after = before
    for edit in edits:
        after = _edited(file, after, edit)
    if after != before:
        _replace(file, after, edits)
    return file


def _edited(file: Path, text: str, edit: Edit) -> str:
    data = _data(text)
    if _value(data, edit.path) == edit.value:
        return text
    wanted = copy.deepcopy(data)
    _set(wanted, edit)
    try:
        changed = _with(text, edit)
        if _data(changed) == wanted:
            return changed
    except (YAMLError, LookupError):
        pass
    raise CliError(f"{file}: {edit.path[-1]} cannot be written without changing more", f"write it by hand: {edit}")


def _with(text: str, edit: Edit) -> str:
    """The text with the value changed, added or taken out; LookupError where what holds it is not there."""
    root = YAML(typ="rt", pure=True).compose(text)
    holder: Any = root
    for step in edit.path[:-1]:
        holder = _entry(holder, step)[1]
    try:
        key, value = _entry(holder, edit.path[-1])
    except KeyError:
        return _added(text, holder, edit)
    if edit.value is None:
        return _removed(text, holder, key, value)
    start, end = value.start_mark.index, value.end_mark.index
    return text[:start] + _written(edit.value, like=value) + text[end:]


def _added(text: str, holder: MappingNode, edit: Edit) -> str:
    if edit.value is None:
        return text
    entry = f"{_key(edit.path[-1])}: {_written(edit.value)}"
    if holder.flow_style or not holder.value:
        end = holder.end_mark.index - 1
        return f"{text[:end].rstrip()}{', ' if holder.value else ''}{entry}{text[end:]}"
    last_key, last = holder.value[-1]
    alias = last.start_mark.index < last_key.start_mark.index  # then the value stands elsewhere
    line_end = text.find("\n", last_key.end_mark.index if alias else _end(last))
    at = len(text) if line_end < 0 else line_end
    return f"{text[:at]}\n{' ' * last_key.start_mark.column}{entry}{text[at:]}"


def _removed(text: str, holder: MappingNode, key: Node, value: Node) -> str:
    if len(holder.value) == 1:
        raise KeyError
    start, end = key.start_mark.index, _end(value)
    if holder.flow_style:
        index = next(number for number, (each, _) in enumerate(holder.value) if each is key)
        if index:
            start = _end(holder.value[index - 1][1])
        else:
            end = holder.value[1][0].start_mark.index
        return text[:start] + text[end:]
    line_start, line_end = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    return text[:line_start] + (text[line_end + 1 :] if line_end >= 0 else "")


def _end(node: Any) -> int:  # noqa: ANN401 - any kind of node
    """Where the text of a node ends; a block has its end mark only after the blank lines and comments behind it."""
    if hasattr(node, "flow_style") and not node.flow_style and node.value and not isinstance(node.value, str):
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    end: int = node.end_mark.index
    return end


def _entry(mapping: Any, key: str) -> tuple[Node, Any]:  # noqa: ANN401 - whatever stands there
    """KeyError where there is none, or where it is no mapping."""
    for name, value in mapping.value if type(mapping).__name__ == "MappingNode" else ():
        if name.value == key:
            return name, value
    raise KeyError(key)


def _written(value: Value, *, like: ScalarNode | None = None) -> str:
    """The value as YAML, in the quotes that stand there already."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(name)}: {_written(entry)}" for name, entry in value.items()) + "}"
    if like is not None and like.style in ("'", '"') and isinstance(value, str):
        return json.dumps(value) if like.style == '"' else "'" + value.replace("'", "''") + "'"
    if isinstance(value, str):
        plain = YAML(typ="safe", pure=True).load(f"[{value}]") == [value] and ": " not in value and " #" not in value
        return value if plain else json.dumps(value)
    return json.dumps(value)


def _key(name: str) -> str:
    return _written(name)


def _data(text: str) -> Any:  # noqa: ANN401 - a document of any shape
    return YAML(typ="safe", pure=True).load(text)


def _value(data: Any, path: Sequence[str]) -> Any:  # noqa: ANN401 - a document of any shape
    for step in path:
        if not isinstance(data, dict) or step not in data:
            return None
        data = data[step]
    return data


def _set(data: Any, edit: Edit) -> None:  # noqa: ANN401 - a document of any shape
    holder = _value(data, edit.path[:-1])
    if not isinstance(holder, dict):
        return
    if edit.value is None:
        holder.pop(edit.path[-1], None)
    else:
        holder[edit.path[-1]] = edit.value


def _replace(file: Path, text: str, edits: Sequence[Edit]) -> None:
    """Put the text in the place of the file in one step, once it is known to be a good environment."""
    real = file.resolve()  # a link stays one
    with tempfile.TemporaryDirectory(dir=real.parent, prefix=".streamops-") as folder:
        draft = Path(folder) / real.name
        draft.write_text(text, "utf-8")
        draft.chmod(real.stat().st_mode)
        try:
            load_environment(draft)
        except EnvironmentFileError as error:
            told = ", ".join(map(str, edits))
            raise CliError(f"{file} would be wrong with {told}:\n{error}", "write it by hand") from error
        draft.replace(real)
