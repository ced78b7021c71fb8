"""A live topic as a section of an environment file would declare it. No I/O."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cli.cluster import LiveTopic
from environments.identifiers import LONGEST_SHORT_NAME
from environments.quantities import format_duration
from environments.rules.topic_settings import read_setting, setting_findings

RETENTION = "retention.ms"
REASSIGNMENT = ("leader.replication.throttled.replicas", "follower.replication.throttled.replicas")


@dataclass(frozen=True)
class Declaration:
    """A topic and how it would be declared."""

    name: str
    """The short name."""
    section: Mapping[str, Any]
    """In JSON types."""
    remarks: tuple[str, ...] = ()
    """What of the topic the section does not say."""


def short_name(physical: str, taken: Collection[str]) -> str:
    """A short name that the file takes, as near to the name on the cluster as can be, and not among ``taken``."""
    words = re.findall(r"[a-z0-9]+", physical.lower())
    near = "-".join(words) or "topic"
    near = near if near[0].isalpha() else f"topic-{near}"
    near = near[:LONGEST_SHORT_NAME].rstrip("-")
    name, number = near, 1
    while name in taken:
        number += 1
        ending = f"-{number}"
        name = near[: LONGEST_SHORT_NAME - len(ending)].rstrip("-") + ending
    return name


def declaration(name: str, topic: LiveTopic) -> Declaration:
    """How a topic is declared: its partitions, replication and retention, and the settings that are its own.

    What it inherits from the brokers is not written, but for the retention, which the file always declares.
    """
    remarks = []
    section: dict[str, Any] = {} if name == topic.name else {"name": topic.name}
    replication, uneven = _replication(topic)
    if uneven:
        remarks.append(f"partitions have {uneven} replicas; replication: {replication} is what most of them have")
    section |= {"partitions": len(topic.partitions), "replication": replication}
    kept, remark = _retention(topic)
    if kept:
        section["retention"] = kept
    remarks.extend(remark)
    config, left_out = _config(topic)
    remarks.extend(left_out)
    if config:
        section["config"] = config
    return Declaration(name, section, tuple(remarks))


def _replication(topic: LiveTopic) -> tuple[int, str]:
    counts = Counter(len(each.replicas) for each in topic.partitions)
    most = max(counts, key=lambda count: (counts[count], count))
    return most, " and ".join(map(str, sorted(counts))) if len(counts) > 1 else ""


def _retention(topic: LiveTopic) -> tuple[str, list[str]]:
    setting = topic.settings.get(RETENTION)
    if setting is None or setting.value is None:
        return "", ["its retention cannot be read"]
    milliseconds = int(setting.value)
    if milliseconds < 0:
        return "infinite", []
    try:
        kept = format_duration(timedelta(milliseconds=milliseconds))
    except OverflowError:
        return "infinite", [f"{RETENTION}={milliseconds} is longer than can be counted; written as infinite"]
    return kept, [f"{RETENTION}=0 cannot be declared"] if milliseconds == 0 else []


def _config(topic: LiveTopic) -> tuple[dict[str, Any], list[str]]:
    config: dict[str, Any] = {}
    remarks = []
    for name, setting in sorted(topic.settings.items()):
        if not setting.own or name == RETENTION or setting.value is None:
            continue
        if name in REASSIGNMENT:
            remarks.append(f"{name} belongs to a reassignment and is left out: streamops topic reassign finds it")
            continue
        wrong = [finding.rule for finding in setting_findings({name: setting.value})]
        if wrong:
            remarks.append(f"{name}={setting.value} is left out: it {wrong[0]}")
        else:
            config[name] = read_setting(name, setting.value)
    return config, remarks
