"""Judges combinations of values also where other values are wrong, so that one report holds everything.

The library judges a section only when each of its values is right. So what is right of a text is put into sections
that lack the rest, and a rule that would read something that is not there says nothing.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Annotated, Any, cast

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from connector.config.forms import forms_of, meant
from connector.config.section import BrokenRule, Section

_WRONG = object()


def broken_rules(root: type[Section], data: Mapping[str, Any]) -> list[BrokenRule]:
    """List the rules that values which are right break together; paths lead from the root."""
    return list(_broken(_right_part(root, data), ""))


def _broken(section: Section, path: str) -> Iterator[BrokenRule]:
    for rule in section.RULES:
        # A value that is wrong is not there.
        with suppress(AttributeError):
            for each in list(rule(section)):
                yield each._replace(path=f"{path}{each.path}" if each.path else path.removesuffix("."))
    for name in type(section).model_fields:
        value = section.__dict__.get(name)
        if isinstance(value, Section):
            yield from _broken(value, f"{path}{name}.")


def _right_part(model: type[Section], data: Mapping[str, Any]) -> Section:
    """Make a section of the values that are right; those that are wrong or missing are no attributes of it."""
    values = {name: _right(field, data[name]) for name, field in model.model_fields.items() if name in data}
    lacking = {name for name, field in model.model_fields.items() if name not in data and field.is_required()}
    section = model.model_construct(_fields_set=set(values), **values)
    for name in lacking | {name for name, value in values.items() if value is _WRONG}:
        section.__dict__.pop(name, None)
    return section


def _right(field: FieldInfo, value: object) -> object:
    try:
        return _adapter(field).validate_python(value)
    except ValidationError:
        form = meant(forms_of(field.annotation), value)
        if form is None:
            return _WRONG
        return _right_part(cast("type[Section]", form), cast("Mapping[str, Any]", value))


def _adapter(field: FieldInfo) -> TypeAdapter[Any]:
    # The annotation is only known here: no type checker can read it.
    wanted: Any = Annotated[field.annotation, field]
    return TypeAdapter(wanted)
