"""The settings of a topic that Kafka 4.1 knows, with the type and the bounds of each.

Source: ``org.apache.kafka.common.config.TopicConfig`` and ``LogConfig`` of Apache Kafka 4.1. A misspelt setting would
otherwise surface only when the topic is created, on a cluster, after the deployment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from environments.rules.findings import Finding, choices, meant

Plain = bool | int | float | str

_LARGEST_INT = 2**31 - 1
_LARGEST_LONG = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number within bounds."""

    least: int = 0
    most: int = _LARGEST_LONG

    def read(self, text: str) -> int:
        """The number; ValueError tells the rule and the way out."""
        try:
            number = int(text)
        except ValueError:
            raise ValueError("is not a whole number", "write digits") from None
        if number < self.least:
            raise ValueError(f"is below the Kafka minimum of {self.least}", f"use at least {self.least}")
        if number > self.most:
            raise ValueError(f"is above the Kafka maximum of {self.most}", f"use at most {self.most}")
        return number


@dataclass(frozen=True, slots=True)
class Ratio:
    """A number between 0 and 1."""

    def read(self, text: str) -> float:
        """The number; ValueError tells the rule and the way out."""
        try:
            number = float(text)
        except ValueError:
            raise ValueError("is not a number", "use a number from 0 to 1") from None
        if not 0 <= number <= 1:
            raise ValueError("is not between 0 and 1", "use a number from 0 to 1")
        return number


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    def read(self, text: str) -> bool:
        """The truth value; ValueError tells the rule and the way out."""
        if text not in {"true", "false"}:
            raise ValueError("is neither true nor false", "write true or false")
        return text == "true"


@dataclass(frozen=True, slots=True)
class Words:
    """One word of several, or a list of them with commas."""

    known: tuple[str, ...]
    many: bool = False

    def read(self, text: str) -> str:
        """The words; ValueError tells the rule and the way out."""
        words = [word.strip() for word in text.split(",")] if self.many else [text]
        if any(word not in self.known for word in words):
            remedy = "use one of them, or several with commas" if self.many else "use one of them"
            raise ValueError(f"is not {choices(self.known)}", remedy)
        return ",".join(words)


@dataclass(frozen=True, slots=True)
class Text:
    """Any text."""

    def read(self, text: str) -> str:
        """The text as it is."""
        return text


Kind = Whole | Ratio | Flag | Words | Text

SETTINGS: dict[str, Kind] = {
    "cleanup.policy": Words(("compact", "delete"), many=True),
    "compression.gzip.level": Whole(-1, 9),
    "compression.lz4.level": Whole(1, 17),
    "compression.type": Words(("producer", "uncompressed", "gzip", "snappy", "lz4", "zstd")),
    "compression.zstd.level": Whole(-131072, 22),
    "delete.retention.ms": Whole(),
    "file.delete.delay.ms": Whole(),
    "flush.messages": Whole(1),
    "flush.ms": Whole(),
    "follower.replication.throttled.replicas": Text(),
    "index.interval.bytes": Whole(0, _LARGEST_INT),
    "leader.replication.throttled.replicas": Text(),
    "local.retention.bytes": Whole(-2),
    "local.retention.ms": Whole(-2),
    "max.compaction.lag.ms": Whole(1),
    "max.message.bytes": Whole(0, _LARGEST_INT),
    "message.timestamp.after.max.ms": Whole(),
    "message.timestamp.before.max.ms": Whole(),
    "message.timestamp.type": Words(("CreateTime", "LogAppendTime")),
    "min.cleanable.dirty.ratio": Ratio(),
    "min.compaction.lag.ms": Whole(),
    "min.insync.replicas": Whole(1, _LARGEST_INT),
    "preallocate": Flag(),
    "remote.log.copy.disable": Flag(),
    "remote.log.delete.on.disable": Flag(),
    "remote.storage.enable": Flag(),
    "retention.bytes": Whole(-1),
    "segment.bytes": Whole(1 << 20, _LARGEST_INT),  # at least 1 MiB since Kafka 4.0 (KIP-1030)
    "segment.index.bytes": Whole(4, _LARGEST_INT),
    "segment.jitter.ms": Whole(),
    "segment.ms": Whole(1),
    "unclean.leader.election.enable": Flag(),
}

ELSEWHERE = {
    "retention.ms": "use the topic's own key retention, as in retention: 7d",
    "replication.factor": "use the topic's own key replication",
    "num.partitions": "use the topic's own key partitions",
    "message.format.version": "remove it: Kafka 4.0 no longer has it (KIP-724)",
    "message.downconversion.enable": "remove it: Kafka 4.0 no longer has it (KIP-724)",
    "message.timestamp.difference.max.ms": (
        "Kafka 4.0 replaced it: use message.timestamp.before.max.ms and message.timestamp.after.max.ms (KIP-937)"
    ),
}
"""Settings that stand elsewhere or no more, with the way out."""


def read_setting(name: str, text: str) -> Plain:
    """The value of a known setting in its own type; ValueError tells the rule and the way out."""
    return SETTINGS[name].read(text)


def written(value: Plain) -> str:
    """A value as Kafka reads it: always a text, truth values in small letters."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def setting_findings(settings: Mapping[str, str]) -> Iterator[Finding]:
    """What is wrong with each single setting."""
    for name, text in settings.items():
        if name in ELSEWHERE:
            yield Finding("does not stand here", ELSEWHERE[name], (name,))
        elif name not in SETTINGS:
            near = meant(name, SETTINGS)
            yield Finding(
                "is not a topic setting of Kafka 4.1",
                f"did you mean {near}?" if near else "see the topic configs in the Kafka documentation",
                (name,),
                name,
            )
        else:
            try:
                read_setting(name, text)
            except ValueError as error:
                rule, remedy = error.args
                yield Finding(rule, remedy, (name,), text)


def settings_schema() -> dict[str, Any]:
    """The JSON Schema of all settings; each may be written in quotes too."""
    properties = {name: kind_schema(kind) for name, kind in SETTINGS.items()}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def kind_schema(kind: Kind) -> dict[str, Any]:
    """The JSON Schema of a setting's value."""
    match kind:
        case Whole(least, most):
            return {"type": ["integer", "string"], "minimum": least, "maximum": most}
        case Ratio():
            return {"type": ["number", "string"], "minimum": 0, "maximum": 1}
        case Flag():
            return {"enum": [True, False, "true", "false"]}
        case Words(known, many=False):
            return {"enum": list(known)}
    return {"type": ["string", "number", "boolean"]}
