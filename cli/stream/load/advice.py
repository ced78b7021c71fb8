"""What would help a stream whose load lies unevenly, or why nothing can. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from cli.stream.live import LiveStream
from cli.stream.load.key_text import key_text
from cli.stream.load.measure import Measured
from cli.stream.load.tally import HeavyKey
from cli.stream.load_profile import LoadProfile
from cli.stream.resharding.shard_map import ShardMap
from cli.stream.resharding.targets import by_load

TARGET = 0.7
"""Of its limit that a shard shall have at its peak after a reshard."""
WORTH_IT = 0.9
"""Of the fullest shard's load now: what a reshard must bring it below."""
MOST_OF_A_SHARD = 0.5
MOST_NAMED = 5
"""Keys that are named one by one."""


@dataclass(frozen=True)
class Advice:
    """One piece of advice, and the command that follows it."""

    text: str
    command: str | None = None

    def as_json(self) -> dict[str, str | None]:
        """The entry in a JSON answer."""
        return {"text": self.text, "command": self.command}


def advise(environment: str, name: str, live: LiveStream, measured: Measured, *, whole: bool = True) -> list[Advice]:
    """What to do, in the order of importance.

    Args:
        environment: its name.
        name: of the stream in the YAML.
        live: the stream.
        measured: its load.
        whole: whether all open shards were looked at; a reshard is found only then.
    """
    if not measured.shards:
        return []
    fullest = max(measured.shards, key=lambda load: load.peak.of_a_shard)
    period = "minute" if measured.source == "metrics" else "second"
    advice = advise_on_keys(live, measured)
    if not any(load.hot for load in measured.shards):
        share = f"{fullest.peak.of_a_shard:.0%}"
        return [*advice, Advice(f"no shard is hot: the fullest had {share} of its limit in its busiest {period}")]
    if live.mode == "on-demand":
        text = "nobody can reshard an on-demand stream but Kinesis, which splits shards that stay above 500 KB/s"
        return [*advice, Advice(f"{text} (it takes about 15 minutes)")]
    if not whole:
        look = f"streamops stream hot-shards {name} -e {environment}"
        return [*advice, Advice("which reshard helps depends on all shards", look)]
    return [*advice, *_reshard(environment, name, measured)]


def advise_on_keys(live: LiveStream, measured: Measured) -> list[Advice]:
    """The keys for which one shard is too little, heaviest first, and what helps there."""
    keys = measured.keys_filling_a_shard[:MOST_NAMED]
    return [_of_key(live, key, measured.sample.average(key).of_a_shard) for key in keys if measured.sample]


def _of_key(live: LiveStream, key: HeavyKey, average: float) -> Advice:
    text = (
        f"the key {key_text(key.key.partition_key)} alone has {average:.0%} of what a shard takes"
        f" ({key.peak.of_a_shard:.0%} in its busiest second): no split can divide one key."
    )
    if live.mode == "on-demand" and live.distribution != "auto":
        return Advice(f"{text} Add a suffix to it at the producer, or set distribution: auto, which keeps no order")
    return Advice(f"{text} Add a suffix to it at the producer, or pack its records into aggregates if they are small")


def _reshard(environment: str, name: str, measured: Measured) -> list[Advice]:
    shards = [load.shard for load in measured.shards]
    now, profile = ShardMap.of(shards), measured.profile
    count = max(now.count, ceil(profile.total.of_a_shard / TARGET))
    before, after = _fullest(now, profile), _fullest(by_load(now, profile, count), profile)
    look = f"streamops stream hot-keys {name} -e {environment}"
    if after > before * WORTH_IT:
        if measured.keys_filling_a_shard:
            return [Advice("no reshard helps while these keys stay as they are")]
        return [Advice(f"no reshard helps: {_why_none(measured)}")]
    options = "--hot --sample" if measured.source == "sample" else "--hot"
    options += f" --to {count}" if count > now.count else ""
    text = f"the fullest shard would come from {before:.0%} to {after:.0%} of its limit"
    if measured.source == "metrics":
        text += ", if its load is even within it"
    return [
        Advice(text, f"streamops stream reshard {name} {options} -e {environment}"),
        *([Advice("whether it is, the keys tell", look)] if measured.source == "metrics" else []),
    ]


def _why_none(measured: Measured) -> str:
    heaviest = measured.sample.keys.heaviest(1) if measured.sample else []
    for key in heaviest:
        of_shards = sum(load.average.of_a_shard for load in measured.shards if load.shard.shard_id in key.shards)
        share = measured.sample.average(key).of_a_shard / of_shards if measured.sample and of_shards else 0.0
        if share >= MOST_OF_A_SHARD:
            return f"the key {key_text(key.key.partition_key)} alone makes {share:.0%} of the load of its shard"
    return "other cuts would not bring the fullest shard much below where it is"


def _fullest(shard_map: ShardMap, profile: LoadProfile) -> float:
    return max(profile.load(start, end).of_a_shard for start, end in shard_map.ranges())
