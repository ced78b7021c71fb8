"""What a key may hold: the forms of a union, and the tags that tell its sections apart."""

import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Final, Literal

from pydantic import BaseModel

# Keys that tell the members of a union apart.
TAGS: Final[tuple[str, ...]] = ("protocol", "mechanism", "kind")


def forms_of(annotation: object) -> Iterator[object]:
    """Take a union apart; what is not there at all is no form."""
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        yield from forms_of(typing.get_args(annotation)[0])
    elif origin in {typing.Union, types.UnionType}:
        for argument in typing.get_args(annotation):
            yield from forms_of(argument)
    elif annotation is not type(None):
        yield annotation


def models(forms: Iterable[object]) -> Iterator[type[BaseModel]]:
    """Take those forms that are sections."""
    return (form for form in forms if isinstance(form, type) and issubclass(form, BaseModel))


def tagged(forms: Iterable[object], tag: str) -> list[type[BaseModel]]:
    """List the sections that a tag stands for."""
    return [form for form in models(forms) if tag in tags(form)]


def tags(model: type[BaseModel]) -> set[str]:
    """Return all tags of a section."""
    return {value for tag in TAGS for value in tags_of([model], tag)}


def tags_of(forms: Iterable[object], tag: str) -> list[str]:
    """List what may stand at the key `tag`."""
    found: dict[str, None] = {}
    for model in models(forms):
        if tag in model.model_fields and typing.get_origin(model.model_fields[tag].annotation) is Literal:
            found |= dict.fromkeys(typing.get_args(model.model_fields[tag].annotation))
    return list(found)


def homes(root: type[BaseModel], key: str, path: str = "") -> set[str]:
    """Return the paths of the sections that know a key."""
    found = {path} if key in root.model_fields else set()
    for name, field in root.model_fields.items():
        for section in models(forms_of(field.annotation)):
            found |= homes(section, key, f"{path}.{name}".lstrip("."))
    return found


def meant(forms: Iterable[object], value: object) -> type[BaseModel] | None:
    """Return the section that a value was meant to be, by its tags; None if it is none or might be several."""
    if not isinstance(value, dict):
        return None
    sections = list(models(forms))
    if len(sections) > 1:
        sections = [section for section in sections if _fits(section, value)]
    return sections[0] if len(sections) == 1 else None


def _fits(section: type[BaseModel], value: Mapping[object, object]) -> bool:
    allowed = {tag: tags_of([section], tag) for tag in TAGS}
    return all(value.get(tag) in words for tag, words in allowed.items() if words)
