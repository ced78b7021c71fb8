"""The README of the image tells what the code does."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from connector.config import ConnectorConfig, Secret, load_config

IMAGE = Path(__file__).parents[2] / "connector_image"
README = (IMAGE / "README.md").read_text()


def members(annotation: object) -> Iterator[type[BaseModel]]:
    if typing.get_origin(annotation) in {Annotated, typing.Union, types.UnionType}:
        for argument in typing.get_args(annotation):
            yield from members(argument)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation


def choices(model: type[BaseModel], name: str) -> tuple[str, ...]:
    annotation = model.model_fields[name].annotation
    return typing.get_args(annotation) if typing.get_origin(annotation) is typing.Literal else ()


def quoted(texts: Iterable[str]) -> str:
    return ", ".join(f"`{text}`" for text in texts)


def written(model: type[BaseModel], name: str) -> str:
    default = model.model_fields[name].default
    if default is PydanticUndefined:
        return "required"
    if default is None:
        return ""
    shown: Any = model.model_construct(**{name: default}).model_dump(mode="json", include={name}, warnings=False)
    return f"`{shown[name]}`"


def rows(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, info in model.model_fields.items():
        nested = list(members(info.annotation))
        if len(nested) > 1:
            yield f"| `{prefix}{name}` | | {info.description} |"
            protocols = [tag for each in nested for tag in choices(each, "protocol")]
            yield f"| `{prefix}{name}.protocol` | `{protocols[0]}` | {quoted(protocols)} |"
            for each in nested:
                tags = quoted(choices(each, "protocol"))
                for row in rows(each, f"{prefix}{name}."):
                    if ".protocol`" not in row:
                        yield f"{row.removesuffix(' |')} ({tags}) |"
        elif nested and nested[0] is not Secret:
            yield f"| `{prefix}{name}` | | {info.description} |"
            yield from rows(nested[0], f"{prefix}{name}.")
        else:
            text = ": ".join(filter(None, [info.description, quoted(choices(model, name))]))
            yield f"| `{prefix}{name}` | {written(model, name)} | {text} |"


def reference() -> str:
    return "\n".join(["| key | default | meaning |", "|---|---|---|", *rows(ConnectorConfig)])


def test_the_reference_lists_exactly_the_keys_of_the_configuration():
    assert reference() in README, reference()


def test_the_example_is_a_valid_configuration():
    (example,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert load_config(example, "README").route == "flights-to-stream"


def test_the_image_installs_what_the_project_pins():
    locked = set((IMAGE.parent / "requirements.lock").read_text().split())
    ours = (IMAGE / "requirements.lock").read_text().split()
    assert ours
    assert set(ours) <= locked
