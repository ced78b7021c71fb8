"""A sample of a stream: its records read for a while and counted by shard, by key and over the key space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from cli.aws import Aws
from cli.errors import CliError
from cli.output import note
from cli.stream.live import Shard
from cli.stream.load.heirs import Heirs
from cli.stream.load.records import KeyPart
from cli.stream.load.sampled_profile import KeySpaceTally
from cli.stream.load.sampling import ShardSample, Window, read_shards_since, sample_records
from cli.stream.load.shard_load import ShardLoad
from cli.stream.load.tally import Counted, ExactTally, HeavyKey, KeyTally, SketchTally
from cli.stream.load_profile import LoadProfile, Rate
from environments.quantities import format_duration

BACK = timedelta(minutes=5)
SECONDS = 60
TOP = 20
FULL = 0.8
"""Of a shard's limit, on average: what one key may have before it needs a shard for more than itself."""
LIMIT = 100_000
"""Records of each shard, unless the user asks for more."""


@dataclass(frozen=True)
class Sample:
    """What was read, counted."""

    window: Window
    shards: Mapping[str, ShardSample]
    """Of each open shard, and of the closed ones whose hash keys it has."""
    seconds: Mapping[str, Counted]
    """By shard: each second of it."""
    keys: KeyTally
    key_space: KeySpaceTally
    records: int
    """How many Kinesis records were read."""

    @property
    def loads(self) -> list[ShardLoad]:
        """The load of each shard that was read."""
        return [
            ShardLoad(
                read.shard,
                average=self.seconds[shard_id].total.per(read.covered_seconds),
                peak=self.seconds[shard_id].peak,
            )
            for shard_id, read in self.shards.items()
        ]

    def average(self, key: HeavyKey) -> Rate:
        """The rate of a key over the time for which its shards were read."""
        return key.total.per(max(self.shards[shard_id].covered_seconds for shard_id in key.shards))

    def fills_a_shard(self, key: HeavyKey) -> bool:
        """Whether one shard is too little for this key alone.

        Kinesis takes no more than the limit, so that a key that wants more is seen as one that fills its shard; only
        in single seconds more gets through.
        """
        return self.average(key).of_a_shard >= FULL or key.peak.of_a_shard >= 1

    def filling_a_shard(self) -> list[HeavyKey]:
        """The keys of that kind, heaviest first; of the shards that were read there can be few."""
        return [key for key in self.keys.heaviest(len(self.shards) * 100) if self.fills_a_shard(key)]

    def profile(self, top: int = TOP) -> LoadProfile:
        """The load over the key space, the heaviest keys in segments of their own."""
        read = {shard_id: shard.covered_seconds for shard_id, shard in self.shards.items()}
        return self.key_space.profile([shard.shard for shard in self.shards.values()], read, self.keys.heaviest(top))


def take_sample(
    aws: Aws,
    arn: str,
    shards: Sequence[Shard],
    *,
    back: timedelta = BACK,
    seconds: int = SECONDS,
    limit: int = LIMIT,
    sketch_for: int | None = None,
) -> Sample:
    """Read what the open ones of these shards took, and before a reshard the closed ones that they have taken over.

    Args:
        aws: the environment's AWS.
        arn: of the stream.
        shards: of the stream; closed ones are passed over.
        back: how long ago the window begins.
        seconds: how long it is.
        limit: of records, for each shard.
        sketch_for: count the keys in bounded memory, to name so many of them; else exactly.

    Raises:
        CliError: the readers of the stream leave no room to read anything.
    """
    chosen = [shard for shard in shards if shard.open]
    window, heirs = Window.ending(back, seconds), Heirs(chosen)
    readable = [shard for shard in read_shards_since(aws, arn, window.start) if heirs.of(shard)]
    keys: KeyTally = ExactTally() if sketch_for is None else SketchTally(sketch_for)
    by_shard = {shard.shard_id: Counted() for shard in chosen}
    key_space = KeySpaceTally()

    def take(read: Shard, found: KeyPart) -> None:
        part = heirs.inherit(read, found)
        if part is None:
            return
        by_shard[part.shard_id].add(part)
        keys.add(part)
        key_space.add(part)

    note(
        f"reading {seconds} s of records from {format_duration(back)} ago, of {len(readable)} shards,"
        " with at most 2 of the 5 calls and 1 of the 2 MiB a second that the readers of a shard share"
    )
    read = sample_records(aws, arn, readable, window, limit, take)
    for shard in read:
        _tell_shortfall(shard, limit)
    if read and not any(shard.complete or shard.records for shard in read):
        raise CliError(
            f"every call for records was throttled: readers of {arn.rpartition('/')[2]} use all that its shards give",
            "try later, or have the metrics of shards kept: shard_metrics: [IncomingBytes, IncomingRecords]",
        )
    return Sample(window, _by_heir(read, heirs), by_shard, keys, key_space, sum(shard.records for shard in read))


def _by_heir(read: Sequence[ShardSample], heirs: Heirs) -> dict[str, ShardSample]:
    """How far each open shard was read, together with the closed ones whose hash keys it has."""
    found: dict[str, list[ShardSample]] = {shard.shard_id: [] for shard in heirs.shards}
    for sample in read:
        for heir in heirs.of(sample.shard):
            found[heir.shard_id].append(sample)
    return {
        shard.shard_id: ShardSample(
            shard,
            records=sum(sample.records for sample in found[shard.shard_id]),
            covered_seconds=min((sample.covered_seconds for sample in found[shard.shard_id]), default=0.0),
            throttled=sum(sample.throttled for sample in found[shard.shard_id]),
            complete=all(sample.complete for sample in found[shard.shard_id]),
        )
        for shard in heirs.shards
    }


def _tell_shortfall(shard: ShardSample, limit: int) -> None:
    if shard.complete:
        return
    why = (
        f"--limit {limit:,} was reached"
        if shard.records >= limit
        else "its readers leave no room (calls are throttled)"
    )
    note(f"{shard.shard.shard_id}: {shard.covered_seconds:.0f} s of records only, since {why}")
