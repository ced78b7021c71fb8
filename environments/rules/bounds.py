"""Rules of single values: bounds of quantities and shapes of names, each with the words of its refusal."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from environments.quantities import format_duration, format_size
from environments.rules.findings import refuse

Value = TypeVar("Value")
Quantity = TypeVar("Quantity", int, timedelta)


@dataclass(frozen=True)
class Count:
    """Bounds of a whole number, for ``Annotated``; ``owner`` is who sets them."""

    owner: str
    least: int
    most: int | None = None

    def __get_pydantic_core_schema__(self, source: type, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check the bounds after the number was read."""
        return _after(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Tell editors the bounds."""
        described = {**handler(schema), "minimum": self.least}
        return described if self.most is None else {**described, "maximum": self.most}

    def _check(self, number: int) -> int:
        _hold(number, self.owner, self.least, self.most, str)
        return number


@dataclass(frozen=True)
class Span:
    """Bounds of a duration, for ``Annotated``; only whole multiples of ``step``."""

    owner: str
    least: timedelta
    most: timedelta | None = None
    step: timedelta = timedelta(milliseconds=1)

    def __get_pydantic_core_schema__(self, source: type, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check the bounds after the duration was read."""
        return _after(self._check, handler(source))

    def _check(self, span: timedelta) -> timedelta:
        _hold(span, self.owner, self.least, self.most, _in_hours)
        _whole(span, span - span % self.step, self.step, self.owner, format_duration)
        return span


@dataclass(frozen=True)
class Bytes:
    """Bounds of a size, in bytes, for ``Annotated``; only whole multiples of ``step``."""

    owner: str
    least: int
    most: int
    step: int = 1

    def __get_pydantic_core_schema__(self, source: type, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check the bounds after the size was read."""
        return _after(self._check, handler(source))

    def _check(self, size: int) -> int:
        _hold(size, self.owner, self.least, self.most, format_size)
        _whole(size, size - size % self.step, self.step, self.owner, format_size)
        return size


@dataclass(frozen=True)
class Shape:
    """The pattern of a text (the same in Python and in JSON Schema), with the words of its refusal.

    ``longest`` is for texts whose pattern leaves their length open, ``hidden`` for those in whose place a secret might
    be written: what is refused there is not shown, whatever it is.
    """

    pattern: str
    rule: str
    remedy: str
    longest: int | None = None
    hidden: bool = False

    def __get_pydantic_core_schema__(self, source: type, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check the pattern after the text was read."""
        checked = _after(self._check, handler(source))
        return core_schema.no_info_before_validator_function(self._is_text, checked) if self.hidden else checked

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Tell editors the pattern."""
        described = {**handler(schema), "pattern": self.pattern}
        return described if self.longest is None else {**described, "maxLength": self.longest}

    def matches(self, text: str) -> bool:
        """Whether the whole text has this shape; unlike ``re.match``, a line break at its end does not pass."""
        return re.fullmatch(self.pattern.removeprefix("^").removesuffix("$"), text) is not None

    def _is_text(self, given: object) -> object:
        if given is not None and not isinstance(given, str):
            raise refuse(self.rule, self.remedy, hidden=True)
        return given

    def _check(self, text: str) -> str:
        if not self.matches(text):
            raise refuse(self.rule, self.remedy, hidden=self.hidden)
        if self.longest is not None and len(text) > self.longest:
            raise refuse(f"is {len(text)} characters long", f"use at most {self.longest}")
        return text


def _after(check: Callable[[Value], Value], schema: CoreSchema) -> CoreSchema:
    return core_schema.no_info_after_validator_function(check, schema)


def _hold(
    value: Quantity, owner: str, least: Quantity, most: Quantity | None, written: Callable[[Quantity], str]
) -> None:
    if value < least:
        bound = written(least)
        raise refuse(f"is below the {owner} minimum of {bound}", f"use at least {_alone(bound)}")
    if most is not None and value > most:
        bound = written(most)
        raise refuse(f"is above the {owner} maximum of {bound}", f"use at most {_alone(bound)}")


def _whole(value: Quantity, below: Quantity, step: Quantity, owner: str, written: Callable[[Quantity], str]) -> None:
    if value != below:
        near = f"{written(below)} or {written(below + step)}"
        raise refuse(f"is not a multiple of {written(step)}, in which {owner} counts", f"use {near}")


def _in_hours(span: timedelta) -> str:
    """A bound in hours with its days, since Kinesis states its limits in hours: ``8760h (365 days)``."""
    hours, rest = divmod(span, timedelta(hours=1))
    if rest or not hours:
        return format_duration(span)
    days = span / timedelta(days=1)
    return f"{hours}h ({days:.0f} days)" if days > 1 and days.is_integer() else f"{hours}h"


def _alone(bound: str) -> str:
    """The shorter way to write a bound: of ``8760h (365 days)`` it is ``365d``."""
    return f"{bound.split('(')[1].split(' ', maxsplit=1)[0]}d" if "(" in bound else bound
