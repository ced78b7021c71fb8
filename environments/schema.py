"""The JSON Schema of environment files, by which editors complete and check them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import PydanticUndefined
from pydantic_core.core_schema import DictSchema, TaggedUnionSchema

from environments.descriptions import field_descriptions
from environments.environment import Environment
from environments.reading.sections import keys_of
from environments.section import Section


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of an environment file.

    Every valid file passes it. Not everything that passes is valid: rules between fields are beyond a schema.
    """
    schema = Environment.model_json_schema(by_alias=True, mode="validation", schema_generator=_Generator)
    for section in subsections(Section):
        described = schema if section is Environment else schema["$defs"].get(section.__name__)
        if described:
            _describe(described, section)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "streamops environment"}


def written_defaults(section: type[Section]) -> dict[str, Any]:
    """The defaults of a section by key, as they would be written in a file."""
    return {
        field.alias or name: TypeAdapter(field.rebuild_annotation()).dump_python(field.default, mode="json")
        for name, field in section.model_fields.items()
        if field.default is not None and field.default is not PydanticUndefined
    }


def subsections(section: type[Section]) -> Iterator[type[Section]]:
    """All kinds of sections that are made out of one."""
    for kind in section.__subclasses__():
        yield kind
        yield from subsections(kind)


def _describe(schema: dict[str, Any], section: type[Section]) -> None:
    descriptions = field_descriptions(section)
    defaults = written_defaults(section)
    described = {}
    for key in keys_of(section):
        written = {**schema["properties"][key], "description": descriptions[key].replace("``", "")}
        written.pop("default", None)
        described[key] = written | ({"default": defaults[key]} if key in defaults else {})
    schema["properties"] = described
    if required := [key for key in schema.pop("required", ()) if key in described]:
        schema["required"] = required


class _Generator(GenerateJsonSchema):
    """Leaves out what only repeats the keys, or is OpenAPI's and unknown to strict JSON Schema."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002  an internal type of pydantic
        """No titles: they are the keys once more."""
        return False

    def tagged_union_schema(self, schema: TaggedUnionSchema) -> JsonSchemaValue:
        """Without ``discriminator``, which OpenAPI has added."""
        return {key: value for key, value in super().tagged_union_schema(schema).items() if key != "discriminator"}

    def dict_schema(self, schema: DictSchema) -> JsonSchemaValue:
        """A name that does not fit its pattern is refused, not ignored."""
        described = super().dict_schema(schema)
        return described | {"additionalProperties": False} if "patternProperties" in described else described
