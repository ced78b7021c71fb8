"""Rules of physical names: each belongs to one thing only, also where a service takes two spellings for one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from environments.naming import name_of_delivery, name_of_stream, name_of_topic
from environments.rules.findings import Finding
from environments.rules.parts import Parts, sound


def names_are_unique(parts: Parts) -> Iterator[Finding]:
    """Two short names never mean the same stream, topic or delivery."""
    yield from _twice(
        "topics",
        ((short, name_of_topic(short, topic.name)) for short, topic in sound(parts.topics)),
        _one_metric_name,
        "topic",
    )
    yield from _twice(
        "streams",
        ((short, name_of_stream(parts.name, short, stream.name)) for short, stream in sound(parts.streams)),
        str,
        "stream",
    )
    yield from _twice(
        "deliveries",
        ((short, name_of_delivery(parts.name, short, delivery.name)) for short, delivery in sound(parts.deliveries)),
        str,
        "delivery",
    )


def _one_metric_name(topic: str) -> str:
    """Kafka refuses topics that differ only in ``.`` and ``_``, since its metrics write both as ``_`` (KAFKA-2337)."""
    return topic.replace(".", "_")


def _twice(
    section: str, names: Iterable[tuple[str, str]], identity: Callable[[str], str], kind: str
) -> Iterator[Finding]:
    first: dict[str, tuple[str, str]] = {}
    for short, physical in names:
        earlier, other = first.setdefault(identity(physical), (short, physical))
        if earlier == short:
            continue
        rule = f"is the {kind} of {section}.{earlier} already"
        if other != physical:
            rule = f"collides with {other} of {section}.{earlier}: Kafka takes '.' and '_' for the same"
        yield Finding(rule, "give one of them another name", (section, short, "name"), physical)
