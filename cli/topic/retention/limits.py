"""The two limits of a topic, by age (ms) and by size (bytes of one partition). No I/O.

Both are ``-1`` where there is none, which is the largest value and not the smallest: a tool that compares the numbers
as they are lowers a retention that it was told to make infinite.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cli.cluster import LiveTopic

UNLIMITED = -1
RETENTION_MS = "retention.ms"
RETENTION_BYTES = "retention.bytes"
CLEANUP_POLICY = "cleanup.policy"

DEFAULTS = {RETENTION_MS: "604800000", RETENTION_BYTES: "-1", CLEANUP_POLICY: "delete"}
"""Kafka's own (``org.apache.kafka.storage.internals.log.LogConfig``), where a cluster keeps its settings to itself."""


def lowered(old: int, new: int) -> bool:
    """Whether ``new`` keeps less than ``old``."""
    return new >= 0 and (old < 0 or new < old)


@dataclass(frozen=True)
class Limits:
    """What is kept of one partition."""

    milliseconds: int = UNLIMITED
    """``retention.ms``."""
    size: int = UNLIMITED
    """``retention.bytes``; of each partition, as Kafka counts it."""
    deletes: bool = True
    """Whether ``cleanup.policy`` has ``delete``; without it neither limit deletes anything."""
    compacts: bool = False
    """Whether it has ``compact``, which deletes what a newer record of the same key replaces."""

    @classmethod
    def of(cls, settings: Mapping[str, str | None]) -> Limits:
        """The limits in settings as Kafka spells them; Kafka's defaults for those that are not there."""
        known = {name: settings.get(name) or default for name, default in DEFAULTS.items()}
        policies = {policy.strip() for policy in known[CLEANUP_POLICY].split(",")}
        return cls(
            milliseconds=max(UNLIMITED, int(known[RETENTION_MS])),
            size=max(UNLIMITED, int(known[RETENTION_BYTES])),
            deletes="delete" in policies,
            compacts="compact" in policies,
        )

    @property
    def effective(self) -> Limits:
        """Those that delete something: none of the two where ``cleanup.policy`` does not have ``delete``."""
        return self if self.deletes else Limits(deletes=False, compacts=self.compacts)

    def lowered_from(self, old: Limits) -> Limits:
        """Those alone that are lower than they were: what is beyond the others goes anyway."""
        mine, others = self.effective, old.effective
        return replace(
            mine,
            milliseconds=mine.milliseconds if lowered(others.milliseconds, mine.milliseconds) else UNLIMITED,
            size=mine.size if lowered(others.size, mine.size) else UNLIMITED,
        )

    def keeps_less_than(self, old: Limits) -> bool:
        """Whether records can go under these limits that stay under the old ones."""
        cut = self.lowered_from(old)
        return (cut.milliseconds, cut.size) != (UNLIMITED, UNLIMITED)


def settings_of(topic: LiveTopic) -> dict[str, str | None]:
    """The settings of a live topic as plain text, whoever set them."""
    return {name: setting.value for name, setting in topic.settings.items()}
