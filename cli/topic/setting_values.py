"""Values of settings as people type them, in Kafka's spelling and held against its types. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from difflib import get_close_matches
from typing import TypeVar

from cli.cluster import Setting
from cli.errors import WrongUsageError
from cli.plan import Refusal
from environments.quantities import parse_duration, parse_size
from environments.rules.topic_settings import SETTINGS, read_setting

T = TypeVar("T")

WORDS = {
    ("retention.ms", "infinite"): "-1",
    ("retention.bytes", "unlimited"): "-1",
}
MILLISECOND = timedelta(milliseconds=1)


def entries(texts: list[str]) -> dict[str, str]:
    """What was typed as ``KEY=VALUE``, by key; WrongUsageError where it is not that."""
    found: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise WrongUsageError(f"{text!r} is not KEY=VALUE", "write it as in segment.ms=6h")
        if key.strip() in found:
            raise WrongUsageError(f"{key.strip()} is given twice", "give it once")
        found[key.strip()] = spelled(key.strip(), value.strip())
    return found


def spelled(name: str, text: str) -> str:
    """A value in Kafka's spelling: ``7d`` of a setting in milliseconds, ``64MiB`` of one in bytes.

    Raises:
        WrongUsageError: it cannot be a value of the setting, whatever the cluster.
    """
    value = WORDS.get((name, text), text)
    if not value.lstrip("-").isdigit():
        if name.endswith(".ms"):
            value = str(_parsed(name, lambda: parse_duration(text)) // MILLISECOND)
        elif name.endswith(".bytes"):
            value = str(_parsed(name, lambda: parse_size(text)))
    if name in SETTINGS:
        try:
            read_setting(name, value)
        except ValueError as error:
            rule, remedy = error.args
            raise WrongUsageError(f"{name}={text} {rule}", remedy) from error
    return value


def refusals(settings: Mapping[str, Setting], wanted: Mapping[str, str | None]) -> list[Refusal]:
    """What speaks against setting these on a topic that has those: Kafka's own names and types. No flag overrides it.

    Args:
        settings: all of the live topic.
        wanted: new values in Kafka's spelling; None for what shall be inherited.
    """
    found = []
    for name, value in wanted.items():
        setting = settings.get(name)
        if setting is None:
            close = get_close_matches(name, settings, n=1)
            way_out = f"did you mean {close[0]}?" if close else "topic config with the name alone lists them"
            found.append(Refusal(f"{name} is not a setting of topics on this cluster", way_out))
        elif setting.read_only:
            found.append(Refusal(f"{name} is read-only on this cluster", "leave it out; no flag overrides this"))
        elif value is not None and not _fits(setting.type, value):
            found.append(Refusal(f"{name}={value} is no {setting.type}, as which Kafka reads it", "correct the value"))
    return found


def _fits(kind: str, value: str) -> bool:
    if kind == "BOOLEAN":
        return value in ("true", "false")
    reads: Callable[[str], object] | None = {"INT": int, "LONG": int, "SHORT": int, "DOUBLE": float}.get(kind)
    if reads is None:
        return True
    try:
        reads(value)
    except ValueError:
        return False
    return True


def _parsed(name: str, parse: Callable[[], T]) -> T:
    try:
        return parse()
    except ValueError as error:
        raise WrongUsageError(f"{name}: {error}", "write a number, or a number with its unit") from error
