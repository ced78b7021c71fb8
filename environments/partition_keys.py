"""What decides the shard of a record: the choices that a route has."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal

from pydantic import Discriminator, PlainValidator, Tag, WithJsonSchema

from environments.rules.bounds import Shape
from environments.rules.findings import refuse
from environments.section import Section

HASH_KEYS = 1 << 128
"""Hash keys are MD5 digests read as numbers (Kinesis API Reference, PutRecordsRequestEntry)."""

HASH_KEY_PATTERN = r"^(0|[1-9][0-9]{0,38})$"

_ONE_KEY = "one thing decides the shard; keep one key"


class FromHeader(Section):
    """The value of a record's header, the last one of that name."""

    absent: ClassVar[dict[str, str]] = {"field": _ONE_KEY}

    header: Annotated[str, Shape(r"^[^\n]{1,249}$", "is not a name of a header", "use 1 to 249 characters")]
    """Name of the header."""


class FromField(Section):
    """A field of values that are JSON objects."""

    field: Annotated[
        str,
        Shape(
            r"^[^.\s]+(\.[^.\s]+)*$",
            "is not a path of fields",
            "write names with dots between them, as in customer.id",
        ),
    ]
    """Name of the field, with dots from object to object, as in customer.id."""


def _hash_key(value: object) -> str:
    """A number of YAML, or its digits in quotes."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not (isinstance(value, str) and re.fullmatch(r"[0-9]{1,39}", value) and int(value) < HASH_KEYS):
        raise refuse("is no hash key", "write a whole number from 0 to 2^128 - 1, or {header: NAME}")
    return str(int(value))


def _section_or(word: str) -> Discriminator:
    def kind(value: object) -> str | None:
        match value:
            case FromHeader() | {"header": _}:
                return "header"
            case FromField() | {"field": _} if word == "word":
                return "field"
            case str() | int():
                return word
        return None

    return Discriminator(kind)


PartitionKey = Annotated[
    Annotated[Literal["key", "partition", "spread"], Tag("word")]
    | Annotated[FromHeader, Tag("header")]
    | Annotated[FromField, Tag("field")],
    _section_or("word"),
]

HashKeyNumber = Annotated[
    str,
    PlainValidator(_hash_key),
    WithJsonSchema({"type": ["integer", "string"], "pattern": HASH_KEY_PATTERN, "minimum": 0}),
]

ExplicitHashKey = Annotated[
    Annotated[HashKeyNumber, Tag("number")] | Annotated[FromHeader, Tag("header")],
    _section_or("number"),
]
