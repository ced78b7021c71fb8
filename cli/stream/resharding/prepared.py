"""One stream made ready to be resharded: what it is, what is asked of it, and what that means."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

from cli.aws import Aws
from cli.errors import CliError
from cli.output import note
from cli.plan import Operation
from cli.prices import Prices, unknown
from cli.stream.autoscaling.decision import decide
from cli.stream.autoscaling.evidence import read_evidence
from cli.stream.live import LiveStream, read_shards, read_stream
from cli.stream.load.advice import advise_on_keys
from cli.stream.load.measure import measure_load
from cli.stream.readers import age_told
from cli.stream.resharding.estimate import eta_seconds, monthly_cost_change
from cli.stream.resharding.facts import Facts, read_facts
from cli.stream.resharding.guards import UPDATES_A_DAY
from cli.stream.resharding.live_map import Tempo
from cli.stream.resharding.operations import Merge, Split, Update
from cli.stream.resharding.plan_operations import to_plan
from cli.stream.resharding.request import Outcome, Request
from cli.stream.resharding.shard_map import ShardMap
from cli.stream.resharding.summary import summarize
from environments import ProvisionedStream

PATIENCE_SECONDS = 90
"""How long an operation that is under way is waited for before a plan is made: an interrupted run may have left one."""


@dataclass(frozen=True)
class Prepared:
    """The plan of one stream."""

    name: str
    """In the YAML, or as the user calls it."""
    now: ShardMap
    outcome: Outcome
    retention: timedelta = timedelta(hours=24)
    consumers: int = 0
    facts: Facts | None = None
    """None for a stream that is only in a file."""
    notes: tuple[str, ...] = ()

    def operations(self) -> Iterator[Operation]:
        """As a plan shows them."""
        count, wanted = self.now.count, self.outcome.summary.shards_after
        for operation in self.outcome.operations:
            match operation:
                case Split():
                    reason = f"a cut of the {wanted} wanted shards"
                case Merge():
                    reason = f"no cut of the {wanted} wanted shards"
                case Update(target):
                    reason = self.outcome.reason if target == wanted else f"on the way to {wanted} shards"
                    fewer, count = target < count, target
                    yield to_plan(operation, self.name, reason, fewer=fewer)
                    continue
            yield to_plan(operation, self.name, reason)

    def summary(self, prices: Prices | None) -> dict[str, Any]:
        """The numbers of the plan."""
        counts = asdict(self.outcome.summary)
        return {
            **counts,
            "eta_seconds": eta_seconds(self.outcome.operations),
            "monthly_cost_change_usd": monthly_cost_change(
                prices,
                counts["shards_before"],
                counts["shards_after"],
                retention=self.retention,
                consumers=self.consumers,
            ),
        }

    def told(self, summary: dict[str, Any], prices: Prices | None, region: str | None) -> Iterator[str]:
        """The plan in words."""
        before, after = summary["shards_before"], summary["shards_after"]
        if self.outcome.operations:
            count = f"{before} to {after} shards" if before != after else f"{before} shards, cut otherwise"
            yield f"{self.name}: {count} by {_calls(summary)} ({self.outcome.reason})"
            duration = age_told(timedelta(seconds=summary["eta_seconds"]))
            yield (
                f"{self.name}: takes about {duration}; {summary['min_open_shards']} to {summary['peak_open_shards']} "
                f"shards are open meanwhile; {_cost(summary['monthly_cost_change_usd'], prices, region)}"
            )
        yield from self.notes


def prepare(aws: Aws, name: str, request: Request, *, tempo: Tempo, patient: bool) -> Prepared | Facts:
    """Read a stream and plan for it; only the facts where it is in no state to be planned for."""
    live = _at_rest(aws, name, tempo) if patient else read_stream(aws, name)
    if live.mode != "provisioned" or live.status != "ACTIVE":
        return Facts(live)
    declared = aws.environment.streams[name]
    policy = declared.autoscale if isinstance(declared, ProvisionedStream) else None
    # What the policy itself asks for does not stand in its own way.
    facts = read_facts(aws, live, declared.model_copy(update={"autoscale": None}) if request.auto else declared)
    shards = read_shards(aws, live.arn, only_open=True)
    now = ShardMap.of(shards)
    load, notes = None, []
    if request.auto:
        if policy is None:
            raise CliError(
                f"stream {name} does not say when its load shall change its shards",
                f"add autoscale: with min: and max: under streams.{name} in the YAML, or give --to N",
            )
        decision = decide(policy, read_evidence(aws, live, policy))
        notes = [f"{name}: {decision.reason}"]
        if decision.shards == now.count:
            stays = Outcome(now, (), decision.reason, summarize(now, (), now))
            return Prepared(name, now, stays, live.retention, live.consumers, facts, tuple(notes))
        request = replace(request, to=decision.shards)
    if request.hot:
        measured = measure_load(aws, live, shards, sample=request.sample)
        load = measured.profile
        if not load.total.of_a_shard:
            notes.append(f"{name}: nothing was written while its load was looked at, so that it is taken for even")
        notes += [f"{name}: {advice.text}" for advice in advise_on_keys(live, measured)]
    outcome = request.outcome(now, load=load, updates_left=facts.updates.left(UPDATES_A_DAY))
    return Prepared(name, now, outcome, live.retention, live.consumers, facts, tuple(notes))


def _at_rest(aws: Aws, name: str, tempo: Tempo) -> LiveStream:
    """The stream once no operation is under way, or as it is after a while."""
    began, looks = time.monotonic(), 0
    while True:
        live = read_stream(aws, name)
        if live.status != "UPDATING" or (looks and time.monotonic() - began > PATIENCE_SECONDS):
            return live
        if not looks:
            note(f"{name} is UPDATING; waiting until that is over")
        time.sleep(tempo.poll_after(looks))
        looks += 1


def _calls(summary: dict[str, Any]) -> str:
    named = (("splits", "split"), ("merges", "merge"))
    parts = [f"{summary[key]} {word}{'s' * (summary[key] > 1)}" for key, word in named if summary[key]]
    parts += [f"{summary['updates']} UpdateShardCount"] if summary["updates"] else []
    return " and ".join(parts)


def _cost(dollars: float | None, prices: Prices | None, region: str | None) -> str:
    if dollars is None or prices is None:
        return unknown(region) if region else "cost unknown without --region"
    return f"{dollars:+,.2f} USD a month ({prices.told})"
