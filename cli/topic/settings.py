"""Topic settings compared by meaning: ``7d``, ``168h`` and ``604800000`` are one retention.

Kafka stores every setting as text and gives it back as it was written, so that comparing texts finds differences where
there are none.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from environments import Topic
from environments.quantities import format_duration, format_size

INFINITE = "-1"
MILLISECOND = timedelta(milliseconds=1)


def declared_settings(topic: Topic) -> dict[str, str]:
    """The settings that the YAML declares, as Kafka spells them."""
    retention = INFINITE if topic.retention is None else str(topic.retention // MILLISECOND)
    return {"retention.ms": retention} | {name: canonical(name, value) for name, value in topic.config.items()}


def canonical(name: str, value: str, kind: str = "") -> str:
    """One spelling of a value for all that mean the same.

    Args:
        name: of the setting.
        value: as it is written.
        kind: Kafka's type of the setting where it is known, such as ``LIST``.
    """
    text = value.strip()
    if kind == "BOOLEAN" or text.lower() in ("true", "false"):
        return text.lower()
    if kind == "LIST" or name == "cleanup.policy":
        return ",".join(sorted(part.strip() for part in text.split(",") if part.strip()))
    return _number(text)


def readable(name: str, value: str | None) -> str:
    """A value as people write it."""
    if value is None:
        return "unset"
    if not value.lstrip("-").isdigit():
        return value
    number = int(value)
    if number < 0:
        return {"retention.ms": "infinite", "retention.bytes": "unlimited"}.get(name, value)
    if name.endswith(".ms") and number:
        return _or_same(lambda: format_duration(number * MILLISECOND), value)
    if name.endswith(".bytes") and number:
        return format_size(number)
    return value


def _number(text: str) -> str:
    """Numbers without what does not change them: ``0.50`` is ``0.5``."""
    return _or_same(lambda: str(int(text)), _or_same(lambda: repr(float(text)), text))


def _or_same(convert: Callable[[], str], text: str) -> str:
    try:
        return convert()
    except (ValueError, OverflowError):
        return text
