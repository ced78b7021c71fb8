"""What a change of one setting of a topic means for those who read and write it. No I/O.

What can be said of the two values alone; the guard of ``cli.topic.retention`` looks at the records that a change would
delete, and finds a change worse where there are any. Meanings of the settings: Kafka's documentation of topic configs,
version 4.1.
"""

from __future__ import annotations

from dataclasses import dataclass

from cli.plan import Risk

INFINITE = float("inf")
RETENTION = ("retention.ms", "retention.bytes", "local.retention.ms", "local.retention.bytes")


@dataclass(frozen=True)
class Meaning:
    """What a change of a setting does."""

    risk: Risk = Risk.MILD
    reason: str = ""
    """In words for the plan; empty where there is nothing to say."""


def meaning(name: str, before: str | None, after: str | None) -> Meaning:
    """What a change means.

    Args:
        name: of the setting.
        before: the value that holds now, inherited or its own.
        after: the new one, or what will be inherited; None where that is not known.
    """
    if after is None:
        return Meaning(Risk.MODERATE, f"{name} is inherited then, from a value that is not known")
    if name in RETENTION:
        return _retention(before, after)
    if name == "cleanup.policy":
        return _cleanup(before or "", after)
    if name in FLAGS:
        dangerous, risk, reason = FLAGS[name]
        return Meaning(risk, reason) if after == dangerous != before else Meaning()
    if name in NUMBERS:
        lowered, raised = NUMBERS[name]
        return _number(before, after, lowered, raised)
    return Meaning(Risk.MILD if name in HARMLESS else Risk.MODERATE, OTHERS.get(name, ""))


def _retention(before: str | None, after: str) -> Meaning:
    if _kept(after) >= _kept(before):
        return Meaning(Risk.MILD, "keeps more")
    return Meaning(Risk.MODERATE, "what is older or beyond it is deleted")


def _kept(value: str | None) -> float:
    """The amount that a retention keeps: -1 is all of it, and -2 (of ``local.``) as much as the topic keeps."""
    number = int(value) if value is not None and value.lstrip("-").isdigit() else -1
    return INFINITE if number < 0 else number


def _cleanup(before: str, after: str) -> Meaning:
    added = _words(after) - _words(before)
    if "compact" in added:
        return Meaning(Risk.MODERATE, "older records of each key are deleted, and records without a key are refused")
    if "delete" in added:
        return Meaning(Risk.MODERATE, "records that are older than the retention are deleted, the last of a key too")
    return Meaning(Risk.MODERATE, "what readers find later changes")


def _words(value: str) -> set[str]:
    return {word.strip() for word in value.split(",") if word.strip()}


def _number(before: str | None, after: str, lowered: str, raised: str) -> Meaning:
    try:
        difference = float(after) - float(before or "nan")
    except ValueError:
        return Meaning(Risk.MODERATE)
    reason = lowered if difference < 0 else raised
    return Meaning(Risk.MODERATE if reason else Risk.MILD, reason)


FLAGS = {
    "unclean.leader.election.enable": ("true", Risk.SEVERE, "acknowledged records get lost when a leader fails"),
    "remote.storage.enable": ("false", Risk.SEVERE, "what lies in remote storage can no longer be read"),
    "remote.log.delete.on.disable": ("true", Risk.MODERATE, "what lies in remote storage goes with it"),
    "remote.log.copy.disable": ("true", Risk.MODERATE, "the brokers' own disks take what is written from now on"),
    "preallocate": ("true", Risk.MILD, ""),
}
"""The value that has a price, the price, and why."""

NUMBERS = {
    "max.message.bytes": ("larger records are refused", ""),
    "min.insync.replicas": (
        "a write is acknowledged with fewer copies",
        "writers with acks=all are refused while fewer replicas are in sync",
    ),
    "segment.bytes": ("segments close, and are deleted, sooner; brokers hold more files open", ""),
    "segment.ms": ("segments close, and are deleted, sooner; brokers hold more files open", ""),
    "delete.retention.ms": ("a slow reader may miss that a key was deleted", ""),
    "min.compaction.lag.ms": ("a slow reader may miss earlier records of a key", ""),
    "max.compaction.lag.ms": ("a slow reader may miss earlier records of a key", ""),
    "message.timestamp.before.max.ms": ("records with older timestamps are refused", ""),
    "message.timestamp.after.max.ms": ("records with later timestamps are refused", ""),
}
"""What it means to lower and to raise them; nothing where nobody notices."""

OTHERS = {
    "message.timestamp.type": "the age of records, and so the retention, is counted otherwise",
    "leader.replication.throttled.replicas": "limits replication; a reassignment sets and removes it",
    "follower.replication.throttled.replicas": "limits replication; a reassignment sets and removes it",
}

HARMLESS = (
    "compression.gzip.level",
    "compression.lz4.level",
    "compression.type",
    "compression.zstd.level",
    "file.delete.delay.ms",
    "flush.messages",
    "flush.ms",
    "index.interval.bytes",
    "min.cleanable.dirty.ratio",
    "segment.index.bytes",
    "segment.jitter.ms",
)
"""They change the work of the brokers, and nothing of what readers and writers see."""
