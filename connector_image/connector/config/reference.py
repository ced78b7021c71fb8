"""The reference of all keys of the configuration, written out of the model."""

import types
import typing
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from connector.config.bounds import bounds_of, is_size
from connector.config.connector import ConnectorConfig
from connector.config.section import Secret

_UNIONS: Final = (typing.Union, types.UnionType)
_WORDS: Final = {
    str: "text",
    bool: "`true`, `false`",
    int: "number",
    float: "number",
    datetime: "time",
    timedelta: "duration",
    dict: "names with values",
}
_PLACES: Final = {"env": "NAME", "file": "PATH"}


def keys_reference() -> str:
    """Markdown: a table of keys for the whole, and one for every kind of thing that a key may hold."""
    return "\n".join(_section("The file", "", ConnectorConfig))


def _section(title: str, path: str, model: type[BaseModel]) -> Iterator[str]:
    yield f"### {title}\n"
    yield f"{(model.__doc__ or '').splitlines()[0]}\n"
    yield "| key | written as | default | meaning |"
    yield "|---|---|---|---|"
    yield from _rows(path, model)
    yield ""
    yield from _variants(path, model)


def _rows(path: str, model: type[BaseModel], *, one_of_several: bool = False) -> Iterator[str]:
    for name, field in _in_order(model):
        key = f"{path}{name}"
        default = "" if one_of_several and field.is_required() else _default(model, name)
        yield f"| `{key}` | {_field_form(field)} | {default} | {field.description or ''} |"
        nested = _inlined(field.annotation)
        for each in nested:
            yield from _rows(f"{key}.", each, one_of_several=" or " in _field_form(field))


def _variants(path: str, model: type[BaseModel]) -> Iterator[str]:
    """Describe each variant of what tags tell apart in a section of its own."""
    for name, field in model.model_fields.items():
        key = f"{path}{name}"
        for variant in _tagged(field.annotation):
            *_, (tag, values) = _tags(variant).items()
            yield from _section(f"`{key}` with `{tag}: {' | '.join(values)}`", f"{key}.", variant)
        for nested in _inlined(field.annotation):
            yield from _variants(f"{key}.", nested)


def _in_order(model: type[BaseModel]) -> list[tuple[str, FieldInfo]]:
    """Put tags first, then what is the model's own, then what it has in common with others."""
    tags, own = _tags(model), model.__annotations__
    return sorted(model.model_fields.items(), key=lambda item: (item[0] not in tags, item[0] not in own))


def _models(annotation: object) -> list[type[BaseModel]]:
    """List the models that an annotation allows."""
    if typing.get_origin(annotation) is Annotated:
        return _models(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in _UNIONS:
        return [model for argument in typing.get_args(annotation) for model in _models(argument)]
    return [annotation] if isinstance(annotation, type) and issubclass(annotation, BaseModel) else []


def _tagged(annotation: object) -> list[type[BaseModel]]:
    return [model for model in _models(annotation) if _tags(model)]


def _inlined(annotation: object) -> list[type[BaseModel]]:
    """List the models whose keys stand in the table of the key that holds them."""
    return [model for model in _models(annotation) if not _tags(model) and model is not Secret]


def _tags(model: type[BaseModel]) -> dict[str, tuple[str, ...]]:
    """Return the keys that tell a variant from others, with their values: required choices."""
    return {
        name: typing.get_args(field.annotation)
        for name, field in model.model_fields.items()
        if field.is_required() and typing.get_origin(field.annotation) is typing.Literal
    }


def _field_form(field: FieldInfo) -> str:
    form = _form(field.annotation, field.metadata)
    bounds = bounds_of(field)
    if not bounds:
        return form
    return bounds if form == "number" else f"{form}, {bounds}"


def _form(annotation: Any, metadata: list[Any]) -> str:  # noqa: ANN401 - annotations are of any kind
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return _form(arguments[0], list(annotation.__metadata__))
    if origin in _UNIONS:
        plain = [argument for argument in arguments if argument is not type(None)]
        return " or ".join(dict.fromkeys(_form(argument, metadata) for argument in plain))
    if origin is typing.Literal:
        return _codes(map(str, arguments))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _model_form(annotation)
    return "size" if is_size(metadata) else _WORDS.get(origin or annotation, "list")


def _model_form(model: type[BaseModel]) -> str:
    if model is Secret:
        return " or ".join(f"`{{{key}: {place}}}`" for key, place in _PLACES.items())
    if _tags(model):
        return "section below"
    required = [name for name, field in model.model_fields.items() if field.is_required()]
    return f"`{{{', '.join(f'{name}: …' for name in required)}}}`" if required else "section"


def _default(model: type[BaseModel], name: str) -> str:
    field = model.model_fields[name]
    if field.default is PydanticUndefined:
        return "required"
    if field.default is None or (isinstance(field.default, BaseModel) and not _tags(type(field.default))):
        return ""
    shown = model.model_construct(**{name: field.default}).model_dump(mode="json", include={name}, warnings=False)[name]
    if isinstance(shown, dict):
        return "`{" + ", ".join(f"{key}: {value}" for key, value in shown.items()) + "}`"
    return f"`{str(shown).lower() if isinstance(shown, bool) else shown}`"


def _codes(texts: typing.Iterable[str]) -> str:
    return ", ".join(f"`{text}`" for text in texts)
