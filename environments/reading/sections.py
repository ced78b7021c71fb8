"""From the places that pydantic names to places in the file, and to the section that knows its keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import Tag
from pydantic.fields import FieldInfo

from environments.section import Section

Step = str | int
KEY = "[key]"
"""pydantic's last step of an error about a key instead of its value."""


@dataclass(frozen=True, slots=True)
class Location:
    """A place in the file: the section that it lies in (``owner``), and the one that it is (``section``), if any."""

    path: tuple[Step, ...]
    owner: type[Section] | None
    section: type[Section] | None
    at_key: bool = False


def locate(model: type[Section], steps: tuple[Step, ...]) -> Location:
    """Follow the steps of a pydantic error from a model.

    They name members of unions too (``kafka.msk.brokers``), which no reader of the file has ever seen; following the
    types is the only sure way to leave them out, since a stream may well be called ``provisioned``.
    """
    annotation: object = model
    path: list[Step] = []
    owner: type[Section] | None = model
    for position, step in enumerate(steps):
        if step == KEY and position == len(steps) - 1:
            return Location(tuple(path), owner, None, at_key=True)
        members = members_by_tag(annotation)
        if step in members:
            annotation = members[step]
            continue
        path.append(step)
        owner = _section(annotation)
        if owner is None:
            annotation = _item(annotation)
        else:
            field = field_by_key(owner, step)
            annotation = field.annotation if field else None
    return Location(tuple(path), owner, _section(annotation))


def field_by_key(section: type[Section], key: Step) -> FieldInfo | None:
    """The field behind a key of the file."""
    return next((field for name, field in section.model_fields.items() if (field.alias or name) == key), None)


def keys_of(section: type[Section]) -> list[str]:
    """The keys that a section has in the file."""
    return [field.alias or name for name, field in section.model_fields.items() if not field.exclude]


def members_by_tag(annotation: object) -> dict[Step, object]:
    """The members of a union by the tags that tell them apart; empty for everything else."""
    plain = _without_metadata(annotation)
    if get_origin(plain) not in {Union, UnionType}:
        return {}
    return dict(_tagged(plain))


def _tagged(union: object) -> Iterator[tuple[Step, object]]:
    for member in get_args(union):
        tags = [each.tag for each in get_args(member)[1:] if isinstance(each, Tag)]
        section = _section(member)
        if tags:
            yield tags[0], section or member
        elif section is None:
            yield from members_by_tag(member).items()  # an optional union
        else:
            first = next(iter(section.model_fields.values()))
            yield from ((tag, section) for tag in get_args(first.annotation) if get_origin(first.annotation) is Literal)


def _section(annotation: object) -> type[Section] | None:
    plain = _without_metadata(annotation)
    return plain if isinstance(plain, type) and issubclass(plain, Section) else None


def _item(annotation: object) -> object:
    """The type of the values of a dict, or of the items of a tuple."""
    plain = _without_metadata(annotation)
    arguments = get_args(plain)
    if get_origin(plain) is dict:
        return arguments[1]
    return arguments[0] if get_origin(plain) is tuple else None


def _without_metadata(annotation: object) -> object:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
