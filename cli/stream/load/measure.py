"""The load of a stream by whatever can tell it: the metrics of its shards, else a sample of its records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError

from cli.aws import Aws
from cli.aws_errors import explain
from cli.output import note
from cli.stream.live import LiveStream, Shard
from cli.stream.load.metrics import NEEDED, kept_shard_metrics, read_shard_loads
from cli.stream.load.sample import Sample, take_sample
from cli.stream.load.sampling import read_shards_since
from cli.stream.load.shard_load import ShardLoad, profile_of_shards
from cli.stream.load.tally import HeavyKey
from cli.stream.load_profile import LoadProfile

SINCE = timedelta(hours=1)


@dataclass(frozen=True)
class Measured:
    """What was found out about the load of a stream."""

    source: Literal["metrics", "sample"]
    shards: Sequence[ShardLoad]
    profile: LoadProfile
    keys_filling_a_shard: Sequence[HeavyKey]
    """Single keys for which one shard is too little, so that no split helps; none by metrics, which know no keys."""
    sample: Sample | None
    seconds: float
    """How much time was looked at."""


def measure_load(
    aws: Aws, live: LiveStream, shards: Sequence[Shard], since: timedelta = SINCE, *, sample: bool = False
) -> Measured:
    """The load of each open shard and over the key space.

    Without metrics by shard a minute of records from five minutes ago is read instead, which is said on stderr; with
    ``sample`` it is read whatever metrics there are, since they know no keys.
    """
    if sample:
        return by_sample(take_sample(aws, live.arn, shards))
    kept = kept_shard_metrics(aws, live.name)
    try:
        closed = [shard for shard in read_shards_since(aws, live.arn, datetime.now(UTC) - since) if not shard.open]
        chosen = [*(shard for shard in shards if shard.open), *closed]
        loads = read_shard_loads(aws, live.name, chosen, since, kept)
    except (ClientError, BotoCoreError) as error:
        note(f"CloudWatch cannot be asked, so that records are read instead: {explain(error).message}")
        return by_sample(take_sample(aws, live.arn, shards))
    if loads is not None:
        return Measured("metrics", loads, profile_of_shards(loads), (), None, since.total_seconds())
    missing = [metric for metric in NEEDED if metric not in kept]
    if missing:
        note(
            f"{live.name} keeps no {' or '.join(missing)} by shard (in the YAML: shard_metrics:"
            f" [{', '.join(NEEDED)}]), so its records are read instead"
        )
    else:
        note(f"CloudWatch has no metrics of the shards of {live.name} yet, so its records are read instead")
    return by_sample(take_sample(aws, live.arn, shards))


def by_sample(sample: Sample) -> Measured:
    """What a sample tells."""
    seconds = float(sample.window.seconds)
    return Measured("sample", sample.loads, sample.profile(), sample.filling_a_shard(), sample, seconds)
