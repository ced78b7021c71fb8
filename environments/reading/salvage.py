"""What of a broken environment is sound enough for the rules that look at several sections.

A reader wants every problem of a file in one report. A part whose mistake is in a key that no such rule relies on is
seen without that key; with a mistake in any other key, it is declared, but nothing more is known of it (None).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from environments.environment import Environment
from environments.reading.sections import locate
from environments.rules.findings import REFUSED
from environments.rules.parts import Parts

_RELIED_ON = {
    "network": {"zones", "vpc_id", "private_subnets"},
    "security": {"key"},
    "kafka": {"kind", "brokers", "auth", "bootstrap", "multi_vpc"},
    "topics": {"name", "partitions", "replication", "config"},
    "streams": {"name", "mode"},
    "deliveries": {"name", "to", "source", "transform", "domain", "collection", "create", "new_domain", "subnets"},
    "routes": {"from", "to"},
    "applications": {"user", "reads", "writes"},
}
_NAMED = {"topics", "streams", "deliveries", "routes", "applications"}


def sound_parts(name: str, data: Mapping[str, Any]) -> Parts:
    """The parts of an environment that is not valid as a whole."""
    return Parts(name=name, **dict(_parts(data)))


def _parts(data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for field in Parts.__dataclass_fields__.keys() - {"name"}:
        information = Environment.model_fields[field]
        given = data.get(field)
        if field not in data:
            yield field, None if information.is_required() else information.get_default(call_default_factory=True)
        elif field in _NAMED:
            parts = given if isinstance(given, dict) else {}
            yield field, {short: _sound(field, (field, short), part) for short, part in parts.items()}
        else:
            yield field, _sound(field, (field,), given)


def _sound(field: str, path: tuple[str, ...], given: object) -> Any:  # noqa: ANN401  any part of an environment
    try:
        return _validated(field, path, given)
    except ValidationError as error:
        broken = set(_broken_keys(error, path))
        if not isinstance(given, dict) or not broken or broken & _RELIED_ON.get(field, {None}) or None in broken:
            return None
        kept = {key: value for key, value in given.items() if key not in broken}
    try:
        return _validated(field, path, kept)
    except ValidationError:
        return None


def _validated(field: str, path: tuple[str, ...], given: object) -> Any:  # noqa: ANN401  any part of an environment
    adapter: TypeAdapter[Any] = TypeAdapter(Environment.model_fields[field].rebuild_annotation())
    if len(path) == 1:
        return adapter.validate_python(given, by_alias=True, by_name=False)
    return adapter.validate_python({path[-1]: given}, by_alias=True, by_name=False)[path[-1]]


def _broken_keys(error: ValidationError, path: tuple[str, ...]) -> Iterator[str | int | None]:
    """The keys of a part that its errors are about; None for the part as a whole."""
    for details in error.errors(include_url=False):
        place = locate(Environment, (path[0], *details["loc"])).path
        findings = details["ctx"]["findings"] if details["type"] == REFUSED else [None]
        for finding in findings:
            inner = (*place, *(finding.path if finding else ()))[len(path) :]
            yield inner[0] if inner else None
