"""``streamops stream retention``: how long records are kept, and changing it without losing any by surprise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError

from cli.aws import Aws
from cli.change import Consent, run
from cli.environment import declared, open_environment
from cli.options import (
    AllowDataLoss,
    Confirm,
    DryRun,
    EnvironmentName,
    Output,
    Query,
    Save,
    StreamName,
    Wait,
    WriteBack,
    Yes,
)
from cli.output import Answer, Column, Format
from cli.plan import Operation, Plan, Risk, fingerprint
from cli.prices import prices_of
from cli.stream.cost_change import CostChange, Shape, cost_change
from cli.stream.live import LiveStream, read_shards, read_stream
from cli.stream.oldest_records import now, read_oldest_records
from cli.stream.readers import NEVER_ALL, Readers, read_readers
from cli.stream.retention_loss import Loss, Written
from cli.stream.settling import CROWDED, Summary, until_active, until_taken
from cli.stream.stream_metrics import Metric, read_load, read_metrics
from cli.write_back import Edit
from environments import Environment
from environments.quantities import format_duration, parse_duration
from environments.streams import LONGEST_RETENTION, SHORTEST_RETENTION

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
INCREASE, DECREASE = "increase-retention", "decrease-retention"
COLUMNS = (
    Column("NAME", "name"),
    Column("RETENTION", "retention"),
    Column("DECLARED", "declared"),
    Column("STATUS", "status"),
)


def _whole_hours(text: str | None) -> str | None:
    """A retention as Kinesis takes it; see ``environments.streams.StreamRetention``."""
    if text is None:
        return None
    try:
        wanted = parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    if not SHORTEST_RETENTION <= wanted <= LONGEST_RETENTION or wanted % HOUR:
        raise typer.BadParameter(f"{text} is not from 24h to 365d in whole hours, as Kinesis keeps records")
    return text


To = Annotated[
    str | None,
    typer.Option(metavar="DURATION", help="The new retention, 24h to 365d in whole hours.", callback=_whole_hours),
]


def command(  # noqa: PLR0913 - one parameter is one option of the grammar that all changes share
    ctx: typer.Context,
    name: StreamName,
    environment: EnvironmentName = None,
    *,
    to: To = None,
    allow_data_loss: AllowDataLoss = False,
    dry_run: DryRun = False,
    save: Save = None,
    yes: Yes = False,
    confirm: Confirm = None,
    wait: Wait = True,
    write_back: WriteBack = None,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Show how long a stream keeps records, or change it with --to.

    A longer retention holds from now on and brings no expired record back. A shorter one deletes at once what is older:
    the plan says from which shards, and what is known of the readers. It is refused where records would go, or where
    that is not known, unless --allow-data-loss and --confirm NAME are given.
    """
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    declared(opened, "streams", name)
    if to is None:
        _show(answer, opened, name)
        return
    consent = Consent(dry_run=dry_run, save=save, yes=yes, confirm=confirm, wait=wait, write_back=write_back)
    change = StreamRetention(opened, name, to, allow_data_loss=allow_data_loss)
    run(change, consent, answer, environment or opened.name)


def _show(answer: Answer, environment: Environment, name: str) -> None:
    aws = Aws(environment)
    aws.check_account()
    live = read_stream(aws, name)
    item = {
        "name": name,
        "retention": format_duration(live.retention),
        "declared": format_duration(environment.streams[name].retention),
        "status": live.status,
    }
    answer.items([item], COLUMNS, empty="")


@dataclass(frozen=True)
class StreamRetention:
    """Keep the records of a stream for longer, or not so long any more."""

    environment: Environment
    name: str
    """Of the stream in the YAML."""
    to: str
    """As the user wrote it, such as ``7d``."""
    allow_data_loss: bool = False

    command: str = "stream retention"

    @classmethod
    def from_arguments(cls, environment: Environment, arguments: Mapping[str, Any]) -> StreamRetention:
        """The change that a saved plan was made for."""
        declared(environment, "streams", arguments["name"])
        return cls(environment, arguments["name"], arguments["to"], allow_data_loss=bool(arguments["allow_data_loss"]))

    @property
    def arguments(self) -> Mapping[str, Any]:
        """Which stream, and what for."""
        return {"name": self.name, "to": self.to, "allow_data_loss": self.allow_data_loss}

    @property
    def command_line(self) -> str:
        """To ask for it again."""
        return f"{self.command} {self.name} --to {self.to}{' --allow-data-loss' if self.allow_data_loss else ''}"

    @property
    def wanted(self) -> timedelta:
        """The new retention."""
        return parse_duration(self.to)

    def plan(self) -> Plan:
        """Read how long records are kept; for a shorter time also what is older, and who reads."""
        aws = Aws(self.environment)
        aws.check_account()
        live = read_stream(aws, self.name)
        if live.retention == self.wanted:
            return Plan(f"stream/{self.name}", self._fingerprint(live, None), summary=self._summary(live))
        load = read_load(aws, live.name, DAY)
        shape = Shape.of(live)
        region = self.environment.region
        costs = cost_change(region, prices_of(region), load, shape, shape.with_(retention=self.wanted))
        if self.wanted > live.retention:
            return self._increase(live, costs)
        oldest = read_oldest_records(aws, live.arn, read_shards(aws, live.arn), self.wanted)
        loss = Loss(oldest, self.wanted, now(), _written(aws, live, self.wanted))
        return self._decrease(live, costs, loss, read_readers(aws, self.name, live))

    def carry_out(self, plan: Plan, *, wait: bool) -> Iterator[Operation]:
        """Change it as soon as the stream takes it; with ``wait``, until it has come into effect.

        Both calls are allowed five times a second and account.
        """
        aws = Aws(self.environment)
        arn = read_stream(aws, self.name).arn
        calls = {
            INCREASE: aws.kinesis.increase_stream_retention_period,
            DECREASE: aws.kinesis.decrease_stream_retention_period,
        }
        for operation in plan.operations:
            call, hours = calls[operation.kind], operation.details["to_hours"]
            until_taken(partial(call, StreamARN=arn, RetentionPeriodHours=hours), again=CROWDED)
            yield operation
            if wait:
                until_active(aws, arn, partial(_keeps, hours))

    def verify(self, plan: Plan) -> Sequence[str]:
        """Read the retention again."""
        del plan
        live = read_stream(Aws(self.environment), self.name)
        if live.retention == self.wanted:
            return []
        return [f"stream {self.name} keeps records for {format_duration(live.retention)}, not {self.to}"]

    def declaration(self, plan: Plan) -> Sequence[Edit]:
        """The new retention, in the words of the user."""
        del plan
        if self.environment.streams[self.name].retention == self.wanted:
            return []
        return [Edit(("streams", self.name, "retention"), self.to)]

    def _increase(self, live: LiveStream, costs: CostChange) -> Plan:
        operation = self._operation(
            INCREASE, live, Risk.MILD, "records are kept for longer; what has expired does not come back"
        )
        return Plan(
            f"stream/{self.name}",
            self._fingerprint(live, None),
            (operation,),
            summary={**self._summary(live), **costs.as_json()},
            warnings=(costs.told, *self._updating(live)),
        )

    def _decrease(self, live: LiveStream, costs: CostChange, loss: Loss, readers: Readers) -> Plan:
        before, after = format_duration(live.retention), format_duration(self.wanted)
        reason = f"records are kept for {after} instead of {before}; none is older now"
        warnings = [costs.told, *self._updating(live)]
        if loss.any:
            reason = f"deletes at once the records older than {after}"
            warnings += [*loss.told(), *readers.told(), NEVER_ALL]
        return Plan(
            f"stream/{self.name}",
            self._fingerprint(live, loss),
            (self._operation(DECREASE, live, Risk.SEVERE if loss.any else Risk.MODERATE, reason),),
            summary={**self._summary(live), **costs.as_json(), **loss.as_json(), "readers": readers.as_json()},
            warnings=tuple(warnings),
            refusals=() if self.allow_data_loss else loss.refusals(self.name),
        )

    def _operation(self, kind: str, live: LiveStream, risk: Risk, reason: str) -> Operation:
        hours = {"from_hours": live.retention // HOUR, "to_hours": self.wanted // HOUR}
        return Operation(kind, f"stream/{self.name}", risk, reason, {"name": live.name, **hours})

    def _summary(self, live: LiveStream) -> dict[str, Any]:
        return {"retention_hours_before": live.retention // HOUR, "retention_hours_after": self.wanted // HOUR}

    def _updating(self, live: LiveStream) -> tuple[str, ...]:
        return (
            () if live.status == "ACTIVE" else (f"the stream is {live.status}: it takes the change when it is ACTIVE",)
        )

    def _fingerprint(self, live: LiveStream, loss: Loss | None) -> str:
        """A plan that loses nothing is no plan for a stream where something would be lost."""
        shards = None if loss is None else sorted(each.shard_id for each in (*loss.losing, *loss.unknown))
        return fingerprint([live.arn, str(live.created), live.retention // HOUR, shards])


def _keeps(hours: int, summary: Summary) -> bool:
    return bool(summary["RetentionPeriodHours"] == hours)


def _written(aws: Aws, live: LiveStream, to: timedelta) -> Written | None:
    """What was written before the new limit and after the old one."""
    metrics = [Metric(name, "Sum", {"StreamName": live.name}) for name in ("IncomingRecords", "IncomingBytes")]
    try:
        records, sizes = read_metrics(aws, metrics, live.retention - to, HOUR, ago=to)
    except (ClientError, BotoCoreError):
        return None
    return Written(int(sum(records)), int(sum(sizes))) if records and sizes else None
