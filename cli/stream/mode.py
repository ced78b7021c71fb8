"""``streamops stream mode``: provisioned or on-demand, what each costs at the observed load, and switching."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError

from cli.aws import Aws
from cli.aws_errors import explain
from cli.change import Consent, run
from cli.environment import declared, open_environment
from cli.errors import WrongUsageError
from cli.options import Confirm, DryRun, EnvironmentName, Output, Query, Save, StreamName, Wait, WriteBack, Yes
from cli.output import Answer, Column, Format, note
from cli.plan import Operation, Plan, Risk, fingerprint
from cli.prices import prices_of
from cli.stream.cost_change import Shape, cost_change
from cli.stream.costs import usd
from cli.stream.live import LiveStream, read_stream
from cli.stream.mode_costs import amount_told, comparison, costs_of_both
from cli.stream.mode_guards import (
    ON_DEMAND,
    PROVISIONED,
    SWITCHES_A_DAY,
    Facts,
    Guard,
    Limits,
    refusals,
    warnings,
)
from cli.stream.recent_calls import read_recent_calls
from cli.stream.settling import Summary, until_active, until_taken
from cli.stream.stream_metrics import read_load, read_peak
from cli.write_back import Edit
from environments import Environment, OnDemandStream

DAY = timedelta(days=1)
SWITCH, COUNT = "update-stream-mode", "update-shard-count"
COLUMNS = (
    Column("NAME", "name"),
    Column("MODE", "mode"),
    Column("DECLARED", "declared"),
    Column("SHARDS", "open_shards", right=True),
    Column("SWITCHES LEFT", "switches_left", right=True),
    Column("PROVISIONED $/MONTH", lambda item: amount_told(item["provisioned_monthly_cost_usd"]), right=True),
    Column("ON-DEMAND $/MONTH", lambda item: amount_told(item["on_demand_monthly_cost_usd"]), right=True),
)


class Mode(StrEnum):
    """Of capacity, as the YAML spells it."""

    PROVISIONED = PROVISIONED
    ON_DEMAND = ON_DEMAND


To = Annotated[Mode | None, typer.Argument(metavar="[provisioned|on-demand]", help="The new mode.")]
Shards = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, help="With provisioned: how many shards there shall be; default: as many as now."),
]
Allow = Annotated[
    list[Guard] | None, typer.Option("--allow", help="Let a guard pass that would refuse. May be given several times.")
]


def command(  # noqa: PLR0913 - one parameter is one option of the grammar that all changes share
    ctx: typer.Context,
    name: StreamName,
    mode: To = None,
    environment: EnvironmentName = None,
    *,
    shards: Shards = None,
    allowed: Allow = None,
    dry_run: DryRun = False,
    save: Save = None,
    yes: Yes = False,
    confirm: Confirm = None,
    wait: Wait = True,
    write_back: WriteBack = None,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Show the mode of a stream with what both modes cost at the load of the last 24 hours, or switch it.

    Kinesis switches a stream twice in 24 hours. Its shards stay; --shards changes their number afterwards, to half or
    double of what is there. Records and their readers are not touched.
    """
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    declared(opened, "streams", name)
    if shards is not None and mode is not Mode.PROVISIONED:
        raise WrongUsageError("--shards goes with provisioned only", "an on-demand stream finds its capacity itself")
    if mode is None:
        _show(answer, opened, name)
        return
    consent = Consent(dry_run=dry_run, save=save, yes=yes, confirm=confirm, wait=wait, write_back=write_back)
    change = StreamMode(opened, name, mode.value, shards, tuple(guard.value for guard in allowed or ()))
    run(change, consent, answer, environment or opened.name)


def _show(answer: Answer, environment: Environment, name: str) -> None:
    aws = Aws(environment)
    aws.check_account()
    live = read_stream(aws, name)
    load, prices = read_load(aws, live.name, DAY), prices_of(environment.region)
    costs = costs_of_both(live, live.open_shards, prices, load)
    item = {
        "name": name,
        "mode": live.mode,
        "declared": environment.streams[name].mode,
        "open_shards": live.open_shards,
        "switches_left": read_recent_calls(aws, "UpdateStreamMode", live.name).left(SWITCHES_A_DAY),
        "provisioned_monthly_cost_usd": usd(costs[PROVISIONED]),
        "on_demand_monthly_cost_usd": usd(costs[ON_DEMAND]),
        "prices_date": prices.date.isoformat() if prices else None,
    }
    answer.items([item], COLUMNS, empty="")
    if answer.for_people:
        note(comparison(environment.region, live.open_shards, prices, load, costs))


@dataclass(frozen=True)
class StreamMode:
    """Let a stream have a number of shards, or let Kinesis find its capacity."""

    environment: Environment
    name: str
    """Of the stream in the YAML."""
    mode: str
    shards: int | None = None
    """Of a provisioned stream, where their number shall be another."""
    allowed: tuple[str, ...] = ()
    """Guards that are let pass."""

    command: str = "stream mode"

    @classmethod
    def from_arguments(cls, environment: Environment, arguments: Mapping[str, Any]) -> StreamMode:
        """The change that a saved plan was made for."""
        declared(environment, "streams", arguments["name"])
        return cls(environment, arguments["name"], arguments["mode"], arguments["shards"], tuple(arguments["allowed"]))

    @property
    def arguments(self) -> Mapping[str, Any]:
        """Which stream, and what it shall be."""
        return {"name": self.name, "mode": self.mode, "shards": self.shards, "allowed": list(self.allowed)}

    @property
    def command_line(self) -> str:
        """To ask for it again."""
        words = [
            *(["--shards", str(self.shards)] if self.shards else ()),
            *(f"--allow {each}" for each in self.allowed),
        ]
        return " ".join((self.command, self.name, self.mode, *words))

    def plan(self) -> Plan:
        """Read mode, load, limits and the switches of the last 24 hours; compare what both modes cost."""
        aws = Aws(self.environment)
        aws.check_account()
        live = read_stream(aws, self.name)
        facts = Facts(
            live,
            read_recent_calls(aws, "UpdateStreamMode", live.name),
            read_load(aws, live.name, DAY),
            read_peak(aws, live.name, DAY),
            _limits(aws),
        )
        shards = self.shards or live.open_shards
        region, shape = self.environment.region, Shape.of(live)
        prices = prices_of(region)
        change = cost_change(region, prices, facts.load, shape, shape.with_(mode=self.mode, shards=shards))
        costs = costs_of_both(live, shards, prices, facts.load)
        switching = live.mode != self.mode
        told = (comparison(region, shards, prices, facts.load, costs), *self._losing(live), *warnings(facts))
        return Plan(
            resource=f"stream/{self.name}",
            fingerprint=fingerprint([live.arn, str(live.created), live.mode, live.open_shards]),
            operations=tuple(self._operations(live)),
            summary={
                "mode_before": live.mode,
                "mode_after": self.mode,
                "shards_before": live.open_shards,
                "shards_after": shards if self.mode == PROVISIONED else None,
                "switches_left": facts.switches.left(SWITCHES_A_DAY),
                "provisioned_monthly_cost_usd": usd(costs[PROVISIONED]),
                "on_demand_monthly_cost_usd": usd(costs[ON_DEMAND]),
                **change.as_json(),
            },
            warnings=told if switching else (),
            refusals=tuple(refusals(self.name, self.mode, self.shards, facts, self.allowed)),
        )

    def carry_out(self, plan: Plan, *, wait: bool) -> Iterator[Operation]:
        """Switch the mode, then change the number of shards: a stream takes one change at a time."""
        aws = Aws(self.environment)
        arn = read_stream(aws, self.name).arn
        for operation in plan.operations:
            until_taken(partial(_call, aws, arn, operation))
            yield operation
            if wait:
                until_active(aws, arn, partial(_is_done, operation))

    def verify(self, plan: Plan) -> Sequence[str]:
        """Read mode and shards again."""
        del plan
        live = read_stream(Aws(self.environment), self.name)
        problems = []
        if live.mode != self.mode:
            problems.append(f"stream {self.name} is {live.mode}, not {self.mode}")
        if self.shards is not None and live.open_shards != self.shards:
            problems.append(f"stream {self.name} has {live.open_shards} open shards, not {self.shards}")
        return problems

    def declaration(self, plan: Plan) -> Sequence[Edit]:
        """The mode, and with it what only one of the modes has."""
        path = ("streams", self.name)
        stream = self.environment.streams[self.name]
        if self.mode == ON_DEMAND:
            return [] if stream.mode == ON_DEMAND else [Edit((*path, "mode"), ON_DEMAND), Edit((*path, "shards"), None)]
        gone = [Edit((*path, name), None) for name in ("warm_throughput", "distribution")]
        return [
            Edit((*path, "mode"), PROVISIONED),
            *(gone if isinstance(stream, OnDemandStream) else ()),
            Edit((*path, "shards"), plan.summary["shards_after"]),
        ]

    def _operations(self, live: LiveStream) -> Iterator[Operation]:
        resource, own = f"stream/{self.name}", {"name": live.name}
        if live.mode == self.mode:
            return
        yield Operation(
            SWITCH,
            resource,
            Risk.MODERATE,
            f"{live.mode} until now; Kinesis allows {SWITCHES_A_DAY} switches in 24 hours",
            {"mode": self.mode, **own},
        )
        if self.shards is not None and self.shards != live.open_shards:
            yield Operation(
                COUNT, resource, Risk.MODERATE, f"{live.open_shards} shards until now", {"target": self.shards, **own}
            )

    def _losing(self, live: LiveStream) -> Iterator[str]:
        """What an on-demand stream has and a provisioned one has not."""
        stream = self.environment.streams[self.name]
        if self.mode == PROVISIONED and live.distribution == "auto":
            yield "records are spread by their partition keys again, and no longer evenly"
        if self.mode == PROVISIONED and isinstance(stream, OnDemandStream) and stream.warm_throughput is not None:
            yield "the warm throughput is gone: the shards are the capacity"


def _call(aws: Aws, arn: str, operation: Operation) -> None:
    details = operation.details
    if operation.kind == COUNT:
        aws.kinesis.update_shard_count(StreamARN=arn, TargetShardCount=details["target"], ScalingType="UNIFORM_SCALING")
    elif details["mode"] == ON_DEMAND:
        aws.kinesis.update_stream_mode(StreamARN=arn, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    else:
        aws.kinesis.update_stream_mode(StreamARN=arn, StreamModeDetails={"StreamMode": "PROVISIONED"})


def _is_done(operation: Operation, summary: Summary) -> bool:
    if operation.kind == COUNT:
        return bool(summary["OpenShardCount"] == operation.details["target"])
    live = summary["StreamModeDetails"]["StreamMode"]
    return bool((live == "ON_DEMAND") == (operation.details["mode"] == ON_DEMAND))


def _limits(aws: Aws) -> Limits | str:
    try:
        limits = aws.kinesis.describe_limits()
    except (ClientError, BotoCoreError) as error:
        return explain(error).message
    return Limits(
        limits["ShardLimit"],
        limits["OpenShardCount"],
        limits["OnDemandStreamCountLimit"],
        limits["OnDemandStreamCount"],
    )
