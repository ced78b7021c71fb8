"""What is wrong with a configuration, said so that the reader can mend it.

Pydantic's errors know the place and the rule; what they lack for a person is the value in its written form (where it
may be shown, see `connector.redaction`), the key that was probably meant and what to do now.
"""

import difflib
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from connector.config.bounds import bounds_of
from connector.config.forms import TAGS, forms_of, homes, models, tagged, tags, tags_of
from connector.config.section import BROKEN_RULE, Secret
from connector.redaction import HIDDEN_NAME, kind_of, shown, shown_name, shown_word

_ABSENT = object()
# Below it stands who we are to the brokers, so of values only misspelt words are shown.
_SECURITY = "security"
# What a member of a union says when the value is of another kind altogether.
_OTHER_KIND = frozenset({"literal_error", "string_type", "model_type", "model_attributes_type", "dict_type"})
# The step with which the library tells that it means a name instead of what stands there.
_KEY = "[key]"
_OUT_OF_BOUNDS = frozenset({"greater_than_equal", "less_than_equal"})
_TOO_SHORT = frozenset({"string_too_short", "string_pattern_mismatch"})
_SAID = {
    "string_too_short": "must have {min_length} characters or more",
    "string_too_long": "must have {max_length} characters at most",
    "string_pattern_mismatch": "must match {pattern}",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "dict_type": "must be names with values",
}


class DuplicateKeyError(ValueError):
    """A key stands twice in one object."""


class Problem(NamedTuple):
    """One broken rule; `value` is written as it is shown, empty where it is not."""

    path: str
    value: str
    rule: str
    way_out: str

    def __str__(self) -> str:
        return f"{self.path}: {f'{self.value} {self.rule}'.lstrip()}; {self.way_out}"


def describe(error: ValidationError, root: type[BaseModel], data: Mapping[str, Any]) -> list[Problem]:
    """Turn a validation error of `root` into problems of single values, in the order of the text.

    Where a value may have one of several forms, pydantic reports what each form finds wrong with it. The reader gets
    the errors of the form that was meant, or else one that names all forms.
    """
    groups: dict[object, list[tuple[ErrorDetails, _Place]]] = {}
    for number, detail in enumerate(error.errors(include_url=False)):
        place = _locate(detail["loc"], root)
        # What the library complains of is no longer what was written where that was read as a duration or a size.
        detail["input"] = _given(data, place.path, detail["input"])
        groups.setdefault(number if place.fork is None else tuple(place.fork), []).append((detail, place))
    # A section that only breaks rules for combinations is of the form that was meant.
    single = [group for group in groups.values() if all(detail["type"] != BROKEN_RULE for detail, _ in group)]
    return [problem for group in single for problem in _problems(group)]


def duplicate_free(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object of a JSON text, as `json.loads(object_pairs_hook=...)` wants it.

    Raises:
        DuplicateKeyError: a key stands there twice; the standard reader would drop the first in silence.
    """
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise DuplicateKeyError(f"the key {shown_name(key)} stands there twice")
        result[key] = value
    return result


@dataclass(slots=True)
class _Place:
    """Where an error is, followed through the model."""

    path: list[str] = field(default_factory=list)
    root: type[BaseModel] | None = None
    parent: type[BaseModel] | None = None
    field: str = ""
    forms: Sequence[object] = ()
    """What the field at the path may hold."""
    fork: list[str] | None = None
    """The path to a value of several forms, where the error is one form's."""
    form: type[BaseModel] | None = None
    """That form, None for text and the like."""
    fork_forms: Sequence[object] = ()


def _problems(group: list[tuple[ErrorDetails, _Place]]) -> list[Problem]:
    first, place = group[0]
    if place.fork is None:
        return [_problem(first, place)]
    value = next((detail["input"] for detail, each in group if len(each.path) == len(place.fork)), _ABSENT)
    if value is _ABSENT:
        value = next((detail["input"] for detail, _ in group if detail["type"] == "missing"), _ABSENT)
    if isinstance(value, dict):
        meant = [form for form in models(place.fork_forms) if value.keys() & form.model_fields.keys()]
        if len(meant) == 1:
            return [_problem(detail, each) for detail, each in group if each.form is meant[0]]
    else:
        for detail, each in group:
            if each.form is None and detail["type"] not in _OTHER_KIND:
                return [_problem(detail, each)]
    place = _Place(place.fork, forms=place.fork_forms)
    return [Problem(_written(place.path), _shown(place, value), _must_be(place.forms), "correct the value")]


def _problem(detail: ErrorDetails, place: _Place) -> Problem:
    parent, name = place.parent, place.field
    kind = detail["type"]
    where = _written(place.path) if kind == "missing" else _where(place, detail["input"])
    # What a section as a whole breaks is said by the rule.
    value = "" if kind == "value_error" and isinstance(detail["input"], dict) else _shown(place, detail["input"])
    context = detail.get("ctx", {})
    if kind == "missing":
        return Problem(where, "", "is missing", f"add it{_example(parent, name)}")
    if kind in {"extra_forbidden", "invalid_key"}:
        # Its value may be what belongs to the key of a secret.
        return Problem(where, "", "is not a known key", _place_for(place))
    if kind in {"union_tag_invalid", "union_tag_not_found"}:
        tag = str(context.get("discriminator", "")).strip("'")
        expected = context.get("expected_tags") or ", ".join(map(repr, tags_of(place.forms, tag)))
        if "tag" not in context:
            return Problem(f"{where}.{tag}", "", "is missing", f"add it, one of {expected}")
        return Problem(f"{where}.{tag}", shown_word(context["tag"]), f"must be one of {expected}", "correct the value")
    if kind in {"model_type", "model_attributes_type"} and place.forms:
        return Problem(where, value, _must_be(place.forms), "correct the value")
    return Problem(where, value, _rule(detail, place), f"correct the value{_example(parent, name)}")


def _rule(detail: ErrorDetails, place: _Place) -> str:
    """Say what a value must be, in the units in which it is written."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _OUT_OF_BOUNDS and place.parent is not None:
        return f"must be {bounds_of(place.parent.model_fields[place.field])}"
    if kind in _TOO_SHORT and detail["input"] == "":
        return "must not be empty"
    if kind in _SAID:
        return _SAID[kind].format(**context)
    rule = detail["msg"].removeprefix("Value error, ")
    return f"must be {rule.removeprefix('Input should be ')}" if rule.startswith("Input should be ") else rule


def _given(data: object, path: Sequence[str], read: object) -> object:
    """Return what stands at a path of the text; what was read of it where that cannot be told."""
    for step in path:
        if not isinstance(data, Mapping) or step not in data:
            return read
        data = data[step]
    return data


def _where(place: _Place, value: object) -> str:
    """Write a path, but for a name without a value below `security`, which may be a secret in braces."""
    known = place.parent is not None and place.field in place.parent.model_fields
    if value is None and _SECURITY in place.path and not known and not _meant(place):
        return f"{_written(place.path[:-1])}.{HIDDEN_NAME}"
    return _written(place.path)


def _place_for(place: _Place) -> str:
    """Tell where an unknown key belongs, or which was meant."""
    found = homes(place.root, place.field) if place.root else set()
    if len(found) == 1 and (section := found.pop()) != ".".join(place.path[:-1]):
        return f"it belongs in {section}" if section else "it belongs at the top level"
    known = ", ".join(sorted(place.parent.model_fields)) if place.parent else ""
    close = _meant(place)
    return f"{f'did you mean {close}?' if close else 'remove it'} (known here: {known})"


def _meant(place: _Place) -> str | None:
    """Return the known key that is nearest to one that is not."""
    known = sorted(place.parent.model_fields) if place.parent else []
    return next(iter(difflib.get_close_matches(place.field, known, n=1)), None)


def _shown(place: _Place, value: object) -> str:
    """Write a value if it may be seen."""
    forms = place.fork_forms if place.path == place.fork else place.forms
    if value is _ABSENT or not forms:
        return ""
    if _SECURITY in place.path:
        return shown_word(value) if all(typing.get_origin(form) is Literal for form in forms) else ""
    if all(isinstance(form, type) and issubclass(form, BaseModel) for form in forms) and not isinstance(value, dict):
        return "" if value is None else f"({kind_of(value)})"
    return shown(value)


def _written(path: Sequence[str]) -> str:
    return ".".join(map(shown_name, path)) or "(whole text)"


def _locate(location: tuple[int | str, ...], root: type[BaseModel]) -> _Place:
    """Follow an error's location; pydantic puts into it which member of a union it tried, which is no key of the text.

    That is a tag where the members have one, else the name of a type.
    """
    place = _Place(root=root, forms=[root])
    forms: list[object] = [root]
    for step in map(str, location):
        if step == _KEY:
            continue
        # Of two tags the second may belong to a form that the first does not allow.
        if len(forms) > 1 and (meant := tagged(forms, step) or tagged(place.forms, step)):
            forms = list(meant)
            continue
        sections = list(models(forms))
        if len(forms) > 1 and not any(tags(model) for model in sections):
            place.fork, place.fork_forms = list(place.path), forms
            place.form = next((model for model in sections if model.__name__ in step), None)
            forms = [place.form] if place.form else []
            continue
        place.parent, place.field = (sections[0] if sections else None), step
        place.path.append(step)
        info = place.parent.model_fields.get(step) if place.parent else None
        forms = list(forms_of(info.annotation)) if info else []
        place.forms = forms
    place.forms = forms or place.forms
    return place


def _must_be(forms: Iterable[object]) -> str:
    """Write the forms as a person would write a value of each."""
    written: dict[str, None] = {}
    for form in forms:
        if typing.get_origin(form) is Literal:
            written |= dict.fromkeys(map(str, typing.get_args(form)))
        elif isinstance(form, type) and issubclass(form, BaseModel):
            written |= dict.fromkeys(_sections(form))
        else:
            written["text" if form is str else str(form)] = None
    *others, last = written
    return f"must be {', '.join(others)} or {last}" if others else f"must be {last}"


def _sections(model: type[BaseModel]) -> list[str]:
    """Write what has to stand in a section; in that of a secret it is one key or the other."""
    fields = model.model_fields
    names = [name for name in TAGS if name in fields][:1] or [name for name in fields if fields[name].is_required()]
    if not names and model is Secret:
        return [f"{{{name}: …}}" for name in fields]
    return ["{" + ", ".join(f"{name}: …" for name in names or fields) + "}"]


def _example(parent: type[BaseModel] | None, field: str) -> str:
    info = parent.model_fields.get(field) if parent else None
    return f", like {info.examples[0]}" if info and info.examples else ""
