"""When a provisioned stream is given other shards by its load: what ``streamops stream reshard --auto`` decides by."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated

from pydantic import Field, StrictInt

from environments.quantities import Duration
from environments.rules.bounds import Count, Span
from environments.rules.findings import Finding
from environments.section import Section

MOST_SHARDS = 10_000
"""UpdateShardCount reaches no further (Kinesis API Reference)."""

MINUTE = timedelta(minutes=1)
Percent = Annotated[StrictInt, Count("streamops", 1, 100)]
Window = Annotated[Duration, Span("streamops", MINUTE, timedelta(days=1), step=MINUTE)]
"""CloudWatch counts what streams take by the minute."""
Cooldown = Annotated[Duration, Span("streamops", MINUTE, timedelta(days=1), step=MINUTE)]
Shards = Annotated[StrictInt, Count("Kinesis", 1, MOST_SHARDS)]


class ScaleUp(Section):
    """When there are too few shards."""

    above: Percent = 75
    """Percent of what all shards take: shards are added when writers, or readers that share GetRecords, were above it
    in every minute of the window."""
    window: Window = timedelta(minutes=5)
    """How long that has to last."""
    cooldown: Cooldown = timedelta(minutes=10)
    """How long the shards must have been as they are."""


class ScaleDown(Section):
    """When there are too many shards."""

    below: Percent = 30
    """Percent of what all shards take: shards are taken away when writers and readers were below it all the time."""
    window: Window = timedelta(hours=3)
    """How long that has to last."""
    cooldown: Cooldown = timedelta(hours=6)
    """How long the shards must have been as they are."""


class StreamAutoscale(Section):
    """Between which numbers of shards the load decides; ``streamops stream reshard NAME --auto`` looks at it once."""

    min: Shards
    """At least this many shards."""
    max: Shards
    """At most this many shards."""
    target: Percent = 50
    """Percent of what the new shards take that the highest load of the window shall be."""
    up: ScaleUp = Field(default_factory=ScaleUp)
    """When shards are added."""
    down: ScaleDown = Field(default_factory=ScaleDown)
    """When shards are taken away."""
    iterator_age: Annotated[Duration, Span("streamops", timedelta(seconds=1), step=timedelta(seconds=1))] = timedelta(
        minutes=5
    )
    """No shards are taken away while a reader is further behind than this, or none has told how far it is."""

    def rules(self) -> Iterable[Finding]:
        """The range is not empty, and the new number of shards is not itself a reason to scale again."""
        if self.min > self.max:
            yield Finding(
                f"is above max ({self.max})", f"use at most {self.max}, or raise max", ("min",), str(self.min)
            )
        if not self.down.below < self.target < self.up.above:
            yield Finding(
                f"does not lie between down.below ({self.down.below}) and up.above ({self.up.above})",
                "choose it between them, or the shards would go up and down without end",
                ("target",),
                str(self.target),
            )
