"""What is wrong with a configuration, said so that the reader can mend it.

Pydantic's errors know the place and the rule; what they lack for a person is the value in its
written form, the key that was probably meant and what to do now.
"""

import difflib
import types
import typing
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

_ABSENT = object()
_SECRETS = frozenset({"username", "password"})


class Problem(NamedTuple):
    """One broken rule."""

    path: str
    value: object
    rule: str
    way_out: str

    def __str__(self) -> str:
        shown = "" if self.value is None or self.value is _ABSENT else f" {_shorten(self.value)}"
        return f"{self.path}:{shown} {self.rule}; {self.way_out}"


def describe(error: ValidationError, root: type[BaseModel]) -> list[Problem]:
    """Turn a validation error of `root` into problems, in the order of the text."""
    return [_problem(detail, root) for detail in error.errors(include_url=False)]


def duplicate_free(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object of a JSON text, as `json.loads(object_pairs_hook=...)` wants it.

    Raises:
        ValueError: a key stands there twice; the standard reader would drop the first in silence.
    """
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise ValueError(f"the key {key!r} stands there twice")
        result[key] = value
    return result


def _problem(detail: ErrorDetails, root: type[BaseModel]) -> Problem:
    path, parent, field = _locate(detail["loc"], root)
    where = ".".join(path) or "(whole text)"
    value: object = detail["input"]
    kind = detail["type"]
    if _SECRETS.intersection(path):
        value = _ABSENT  # A password written where its place should be named must not reach a log.
    if kind == "missing":
        return Problem(where, _ABSENT, "is missing", f"add it{_example(parent, field)}")
    if kind == "extra_forbidden":
        known = sorted(parent.model_fields) if parent else []
        close = difflib.get_close_matches(field, known, n=1)
        hint = f"did you mean {close[0]}?" if close else "remove it"
        return Problem(where, value, "is not a known key", f"{hint} (known here: {', '.join(known)})")
    if kind in {"union_tag_invalid", "union_tag_not_found"}:
        context = detail.get("ctx", {})
        tag = str(context.get("discriminator", "")).strip("'")
        expected = str(context.get("expected_tags", "one of the documented kinds"))
        shown = context.get("tag", _ABSENT)
        rule = f"must be one of {expected}" if expected else "is missing"
        return Problem(f"{where}.{tag}", shown, rule, "other ways are not supported yet")
    rule = detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if rule != detail["msg"] and not detail["msg"].startswith("Value error"):
        rule = f"must be {rule}"
    if kind == "string_pattern_mismatch":
        rule = f"must match {detail.get('ctx', {}).get('pattern')}"
    return Problem(where, value, rule, f"correct the value{_example(parent, field)}")


def _locate(location: tuple[int | str, ...], root: type[BaseModel]) -> tuple[list[str], type[BaseModel] | None, str]:
    """Follow an error's location; pydantic puts a union's tag into it, which is no key of the text."""
    path: list[str] = []
    model: type[BaseModel] | None = root
    parent: type[BaseModel] | None = root
    field = ""
    candidates: list[type[BaseModel]] = []
    for step in map(str, location):
        chosen = next((m for m in candidates if step in _tags(m)), None) if len(candidates) > 1 else None
        if chosen is not None:
            model = chosen
            candidates = [chosen]
            continue
        parent, field = model, step
        path.append(step)
        info = model.model_fields.get(step) if model else None
        candidates = list(_models(info.annotation)) if info else []
        model = candidates[0] if len(candidates) == 1 else None
    return path, parent, field


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    origin = typing.get_origin(annotation)
    if origin in {Annotated, typing.Union, types.UnionType}:
        for argument in typing.get_args(annotation):
            yield from _models(argument)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation


def _tags(model: type[BaseModel]) -> set[str]:
    tagged = model.model_fields.get("protocol") or model.model_fields.get("kind")
    return set(typing.get_args(tagged.annotation)) if tagged else set()


def _example(parent: type[BaseModel] | None, field: str) -> str:
    info = parent.model_fields.get(field) if parent else None
    return f", like {info.examples[0]}" if info and info.examples else ""


def _shorten(value: object, limit: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
