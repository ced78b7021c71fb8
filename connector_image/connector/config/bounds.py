"""The least and the most that a key takes, in the units in which its values are written."""

import typing
from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated

from annotated_types import Ge, Le
from pydantic.fields import FieldInfo

from connector.units import format_duration, format_size, parse_size


def bounds_of(field: FieldInfo) -> str:
    """Write the bounds of a field: `6s to 30m`, `1 or more`; empty where it has none."""
    least = next((limit.ge for limit in field.metadata if isinstance(limit, Ge)), None)
    most = next((limit.le for limit in field.metadata if isinstance(limit, Le)), None)
    sizes = _takes_sizes(field.annotation, field.metadata)
    if most is not None:
        return f"{_written(least, sizes=sizes)} to {_written(most, sizes=sizes)}"
    return f"{_written(least, sizes=sizes)} or more" if least is not None else ""


def is_size(metadata: Iterable[object]) -> bool:
    """Tell by what is attached to a type whether its values are sizes."""
    return any(getattr(each, "func", None) is parse_size for each in metadata)


def _takes_sizes(annotation: object, metadata: Iterable[object]) -> bool:
    if typing.get_origin(annotation) is Annotated:
        inner, *more = typing.get_args(annotation)
        return _takes_sizes(inner, more)
    return is_size(metadata) or any(_takes_sizes(each, ()) for each in typing.get_args(annotation))


def _written(limit: object, *, sizes: bool) -> str:
    if isinstance(limit, timedelta):
        return format_duration(limit)
    if not isinstance(limit, int):
        return ""
    return format_size(limit) if sizes else f"{limit:,}"
