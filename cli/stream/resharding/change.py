"""Resharding as a change: plan, guards, execution and verification of one stream or several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce
from typing import Any

from cli.aws import Aws
from cli.environment import declared
from cli.plan import Operation, Plan, Refusal, fingerprint
from cli.prices import prices_of
from cli.stream.live import read_shards, read_stream
from cli.stream.resharding.execution import Execution
from cli.stream.resharding.facts import read_quota
from cli.stream.resharding.guards import quota_refusal, quota_told, refusals, state_refusal, warnings
from cli.stream.resharding.live_map import LiveMap, Tempo
from cli.stream.resharding.operations import apply
from cli.stream.resharding.plan_operations import from_plan, to_plan
from cli.stream.resharding.prepared import Prepared, prepare
from cli.stream.resharding.request import Request
from cli.stream.resharding.shard_map import ShardMap
from cli.stream.resharding.side_by_side import side_by_side
from cli.stream.resharding.strategy import Strategy
from cli.write_back import Edit
from environments import Environment, ProvisionedStream

TEMPO = Tempo()


@dataclass(frozen=True)
class Reshard:
    """Bring streams to other shards."""

    environment: Environment
    names: tuple[str, ...]
    """In the YAML."""
    request: Request
    patient: bool = True
    """Whether to wait for an operation that is under way before planning."""

    command: str = "stream reshard"
    _maps: dict[str, ShardMap] = field(default_factory=dict, compare=False, repr=False)
    """Which the plan was made for."""

    @classmethod
    def from_arguments(cls, environment: Environment, arguments: Mapping[str, Any]) -> Reshard:
        """The change that a saved plan was made for."""
        for name in arguments["names"]:
            declared(environment, "streams", name)
        return cls(environment, tuple(arguments["names"]), Request.from_json(arguments["request"]))

    @property
    def ends_by_itself(self) -> bool:
        """Whether carrying out ends by itself when it is interrupted: several streams each end an operation then."""
        return len(self.names) > 1

    @cached_property
    def _aws(self) -> Aws:
        return Aws(self.environment)

    @property
    def arguments(self) -> Mapping[str, Any]:
        """Which streams, and what of them."""
        return {"names": list(self.names), "request": self.request.as_json()}

    @property
    def command_line(self) -> str:
        """What goes on with this: the number of shards that is aimed at, since a factor counts from what is there."""
        aims: dict[int, list[str]] = {}
        for name in self.names:
            count = self._maps[name].count if name in self._maps else 0
            aims.setdefault(self.request.size(count), []).append(name)
        lines = [f"{self.command} {' '.join(names)} {self.request.options(to)}" for to, names in aims.items()]
        return f" -e {self.environment.name} && streamops ".join(lines)

    def plan(self) -> Plan:
        """Read the live streams, plan for each, and hold the plans against the guards."""
        aws = self._aws
        aws.check_account()
        region, prices = self.environment.region, prices_of(self.environment.region)
        summaries: dict[str, dict[str, Any]] = {}
        operations: list[Operation] = []
        told: list[str] = []
        refused: list[Refusal] = []
        live: list[object] = []
        for name in self.names:
            prepared = prepare(aws, name, self.request, tempo=TEMPO, patient=self.patient)
            if not isinstance(prepared, Prepared):
                live.append([prepared.live.arn, prepared.live.mode, prepared.live.status])
                refused += filter(None, [state_refusal(name, prepared)])
                continue
            self._maps[name] = prepared.now
            summary = summaries[name] = prepared.summary(prices)
            operations += prepared.operations()
            told += prepared.told(summary, prices, region)
            facts = prepared.facts
            if facts is None:
                continue
            live.append([facts.live.arn, str(facts.live.created), list(map(str, prepared.now.cuts))])
            if prepared.outcome.operations:
                told += warnings(name, facts, summary)
                refused += refusals(name, facts, summary, self.request.allowed)
        if operations:
            more = sum(summary["peak_open_shards"] - summary["shards_before"] for summary in summaries.values())
            quota = read_quota(aws)
            updates = any(summary["updates"] for summary in summaries.values())
            told.append(quota_told(quota, more, updates=updates))
            refused += filter(None, [quota_refusal(quota, more)])
        return Plan(
            resource=f"stream/{self.names[0]}" if len(self.names) == 1 else f"environment/{self.environment.name}",
            fingerprint=fingerprint(live),
            operations=tuple(operations),
            summary=total(summaries),
            warnings=tuple(told),
            refusals=tuple(refused),
        )

    def carry_out(self, plan: Plan, *, wait: bool) -> Iterator[Operation]:
        """Do the operations, those of one stream in order and several streams side by side.

        Without ``wait`` only the last operation of each stream is not waited for.
        """
        aws = self._aws
        _ = aws.kinesis  # made here: boto3 sessions must not make clients in several threads
        by_name: dict[str, list[Operation]] = {}
        for operation in plan.operations:
            by_name.setdefault(operation.resource.rpartition("/")[2], []).append(operation)
        streams = [self._stream(aws, name, planned, wait=wait) for name, planned in by_name.items()]
        yield from side_by_side(streams)

    def verify(self, plan: Plan) -> Sequence[str]:
        """Read the maps again: exact after splits and merges, even after UpdateShardCount, whose cuts AWS chooses."""
        aws = self._aws
        problems = []
        for name, wanted in self._wanted(plan).items():
            now = ShardMap.of(read_shards(aws, read_stream(aws, name).arn, only_open=True))
            if now.count != wanted.count:
                problems.append(f"{name} has {now.count} open shards instead of {wanted.count}")
            elif not now.is_near(wanted):
                problems.append(
                    f"the {now.count} shards of {name} are cut otherwise than planned; the widest is "
                    f"{now.widest_to_narrowest} times as wide as the narrowest"
                )
        return problems

    def declaration(self, plan: Plan) -> Sequence[Edit]:
        """The number of shards, where the file declares one."""
        counts = {name: wanted.count for name, wanted in self._wanted(plan).items()}
        return [
            Edit(("streams", name, "shards"), counts.get(name, now.count))
            for name, now in self._maps.items()
            if isinstance(self.environment.streams[name], ProvisionedStream)
        ]

    def _stream(self, aws: Aws, name: str, planned: Sequence[Operation], *, wait: bool) -> Iterator[Operation]:
        operations = [from_plan(operation) for operation in planned]
        start = self._maps[name]
        execution = Execution(
            name=name,
            live=LiveMap(aws, read_stream(aws, name), TEMPO),
            start=start,
            planned=operations,
            wanted=reduce(apply, operations, start),
            order=self.request.order,
            may_split=self.request.strategy is Strategy.AUTO,
        )
        known = dict(zip(operations, planned, strict=True))
        for operation in execution.run(wait=wait):
            yield known.get(operation) or to_plan(operation, name, "planned again")

    def _wanted(self, plan: Plan) -> dict[str, ShardMap]:
        """The maps that the operations of a plan end with."""
        wanted: dict[str, ShardMap] = {}
        for operation in plan.operations:
            name = operation.resource.rpartition("/")[2]
            wanted[name] = apply(wanted.get(name, self._maps[name]), from_plan(operation))
        return wanted


def total(summaries: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The summary of one stream, or of several with each of theirs; streams work side by side."""
    if len(summaries) < 2:  # noqa: PLR2004 - one is no sum
        return dict(next(iter(summaries.values()), {}))
    each = list(summaries.values())
    added = ("splits", "merges", "updates", "shards_before", "shards_after", "peak_open_shards", "min_open_shards")
    costs = [summary["monthly_cost_change_usd"] for summary in each]
    return {
        **{name: sum(summary[name] for summary in each) for name in added},
        "eta_seconds": max(summary["eta_seconds"] for summary in each),
        "widest_to_narrowest": max(summary["widest_to_narrowest"] for summary in each),
        "monthly_cost_change_usd": None if None in costs else round(sum(costs), 2),
        "streams": dict(summaries),
    }
