"""``streamops stream consumers``: those registered for enhanced fan-out, their lag, and registering them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError

from cli.aws import Aws
from cli.aws_errors import explain
from cli.change import Consent, run
from cli.deployed import read_stack
from cli.environment import declared, open_environment
from cli.errors import WrongUsageError
from cli.options import Confirm, DryRun, EnvironmentName, Output, Query, Save, StreamName, Wait, WriteBack, Yes
from cli.output import Answer, Column, Format, Item, note
from cli.plan import Operation, Plan, Risk, fingerprint
from cli.prices import prices_of
from cli.stream.consumer_guards import CONSUMER, Facts, refusals, told_reading, warnings
from cli.stream.cost_change import Shape, cost_change
from cli.stream.iterator_age import WINDOW
from cli.stream.live import Consumer, LiveStream, read_consumers, read_stream
from cli.stream.readers import Readers, age_told, read_readers
from cli.stream.settling import CROWDED, until, until_taken
from cli.stream.stream_metrics import Metric, read_load, read_metrics
from cli.write_back import Edit
from environments import Environment

DAY = timedelta(days=1)
PATIENCE = timedelta(minutes=2)
"""Where five consumers are being made already; queues, which count as consumers too, are not seen by the guard."""
REGISTER, DEREGISTER = "register-consumer", "deregister-consumer"
COLUMNS = (
    Column("CONSUMER", "name"),
    Column("STATUS", "status"),
    Column("BEHIND", lambda item: _behind(item["behind_seconds"]), right=True),
    Column("REGISTERED", "registered"),
    Column("DECLARED", "declared"),
)
Register = Annotated[
    list[str] | None, typer.Option("--register", metavar="CONSUMER", help="Register it. May be given several times.")
]
Deregister = Annotated[
    list[str] | None,
    typer.Option("--deregister", metavar="CONSUMER", help="Deregister it. May be given several times."),
]


def command(  # noqa: PLR0913 - one parameter is one option of the grammar that all changes share
    ctx: typer.Context,
    name: StreamName,
    environment: EnvironmentName = None,
    *,
    register: Register = None,
    deregister: Deregister = None,
    dry_run: DryRun = False,
    save: Save = None,
    yes: Yes = False,
    confirm: Confirm = None,
    wait: Wait = True,
    write_back: WriteBack = None,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """List the consumers that are registered for enhanced fan-out, or register and deregister some.

    BEHIND is the worst of the last quarter of an hour, by CloudWatch; - where nothing was measured. Readers that share
    GetRecords are not registered, and Kinesis lists them nowhere. Deregistering one that reads needs --confirm NAME.
    """
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    declared(opened, "streams", name)
    new, gone = tuple(dict.fromkeys(register or ())), tuple(dict.fromkeys(deregister or ()))
    if both := sorted({*new} & {*gone}):
        raise WrongUsageError(f"{', '.join(both)} is to be registered and deregistered", "say one of the two")
    if not new and not gone:
        _show(answer, opened, name)
        return
    consent = Consent(dry_run=dry_run, save=save, yes=yes, confirm=confirm, wait=wait, write_back=write_back)
    run(StreamConsumers(opened, name, new, gone), consent, answer, environment or opened.name)


def _show(answer: Answer, environment: Environment, name: str) -> None:
    aws = Aws(environment)
    aws.check_account()
    live = read_stream(aws, name)
    readers = read_readers(aws, name, live)
    items = [_item(environment, name, consumer, readers) for consumer in read_consumers(aws, live.arn)]
    answer.items(items, COLUMNS, empty=f"stream {name} has no registered consumer")
    if answer.for_people:
        registered = {f"registered consumer {item['name']}" for item in items}
        for line in readers.told():
            if line.partition(":")[0] not in registered:
                note(line)


def _item(environment: Environment, stream: str, consumer: Consumer, readers: Readers) -> Item:
    age = readers.ages.consumers.get(consumer.name)
    return {
        "name": consumer.name,
        "status": consumer.status,
        "behind_seconds": None if age is None else age.total_seconds(),
        "registered": consumer.created.isoformat(timespec="seconds") if consumer.created else None,
        "declared": consumer.name in environment.streams[stream].consumers,
        "arn": consumer.arn,
    }


@dataclass(frozen=True)
class StreamConsumers:
    """Register consumers for enhanced fan-out, and deregister others."""

    environment: Environment
    name: str
    """Of the stream in the YAML."""
    register: tuple[str, ...] = ()
    deregister: tuple[str, ...] = ()

    command: str = "stream consumers"

    @classmethod
    def from_arguments(cls, environment: Environment, arguments: Mapping[str, Any]) -> StreamConsumers:
        """The change that a saved plan was made for."""
        declared(environment, "streams", arguments["name"])
        return cls(environment, arguments["name"], tuple(arguments["register"]), tuple(arguments["deregister"]))

    @property
    def arguments(self) -> Mapping[str, Any]:
        """Which stream, and which consumers."""
        return {"name": self.name, "register": list(self.register), "deregister": list(self.deregister)}

    @property
    def command_line(self) -> str:
        """To ask for it again."""
        gone, new = (
            (f"--deregister {each}" for each in self.deregister),
            (f"--register {each}" for each in self.register),
        )
        return " ".join((self.command, self.name, *gone, *new))

    def plan(self) -> Plan:
        """Read who is registered, who reads, and what CloudFormation has registered."""
        aws = Aws(self.environment)
        aws.check_account()
        live = read_stream(aws, self.name)
        stream = self.environment.streams[self.name]
        facts = Facts(
            read_consumers(aws, live.arn),
            set(stream.consumers),
            _deployed(aws, live) if self.register else (),
            stream.most_consumers,
            _reading(aws, live, self.deregister),
        )
        operations = tuple(self._operations(facts))
        region, shape = self.environment.region, Shape.of(live)
        after = len(facts.live) + sum(1 if each.kind == REGISTER else -1 for each in operations)
        costs = cost_change(
            region,
            prices_of(region),
            read_load(aws, live.name, DAY),
            shape.with_(consumers=len(facts.live)),
            shape.with_(consumers=after),
        )
        return Plan(
            resource=f"stream/{self.name}",
            fingerprint=fingerprint(
                [live.arn, sorted([each.name, each.arn, each.status] for each in facts.live), dict(facts.reading)]
            ),
            operations=operations,
            summary={"consumers_before": len(facts.live), "consumers_after": after, **costs.as_json()},
            warnings=(*((costs.told,) if operations else ()), *warnings(self.register, self.deregister, facts)),
            refusals=tuple(refusals(self.environment.name, self.register, self.deregister, facts)),
        )

    def carry_out(self, plan: Plan, *, wait: bool) -> Iterator[Operation]:
        """Deregister, then register; five a second and account, and no more than five that are being made."""
        aws = Aws(self.environment)
        arn = read_stream(aws, self.name).arn
        for operation in plan.operations:
            consumer = operation.details["consumer"]
            call: Callable[..., Any] = (
                aws.kinesis.register_stream_consumer
                if operation.kind == REGISTER
                else aws.kinesis.deregister_stream_consumer
            )
            until_taken(partial(call, StreamARN=arn, ConsumerName=consumer), again=CROWDED, patience=PATIENCE)
            yield operation
            if wait:
                wanted = "ACTIVE" if operation.kind == REGISTER else None
                doing = "registered" if wanted else "deregistered"
                until(partial(_is, aws, arn, consumer, wanted), f"consumer {consumer} is being {doing}")

    def verify(self, plan: Plan) -> Sequence[str]:
        """Read the consumers again."""
        del plan
        aws = Aws(self.environment)
        names = {each.name: each.status for each in read_consumers(aws, read_stream(aws, self.name).arn)}
        missing = [f"consumer {each} is not ACTIVE" for each in self.register if names.get(each) != "ACTIVE"]
        return [*missing, *(f"consumer {each} is still {names[each]}" for each in self.deregister if each in names)]

    def declaration(self, plan: Plan) -> Sequence[Edit]:
        """Those that are gone leave the file; those that were registered here must not stand in it, see the guards."""
        del plan
        there = set(self.environment.streams[self.name].consumers)
        gone = there & set(self.deregister)
        path = ("streams", self.name, "consumers")
        if gone and gone == there:
            return [Edit(path, None)]
        return [Edit((*path, each), None) for each in sorted(gone)]

    def _operations(self, facts: Facts) -> Iterator[Operation]:
        resource = f"stream/{self.name}"
        for name in self.deregister:
            if name in facts.names:
                reading = facts.reading[name]
                risk = Risk.MODERATE if reading is False else Risk.SEVERE
                yield Operation(DEREGISTER, resource, risk, told_reading(reading), {"consumer": name})
        for name in self.register:
            if name not in facts.names:
                reason = "takes 2 MiB a second of each shard for itself"
                yield Operation(REGISTER, resource, Risk.MILD, reason, {"consumer": name})


def _is(aws: Aws, stream_arn: str, consumer: str, wanted: str | None) -> bool:
    """Whether a consumer has come to a status; None: whether it is gone."""
    return wanted == next((each.status for each in read_consumers(aws, stream_arn) if each.name == consumer), None)


def _deployed(aws: Aws, live: LiveStream) -> set[str]:
    """The consumers of a stream that the stack believes to be there; ARNs end in consumer/NAME:TIME."""
    prefix = f"{live.arn}/consumer/"
    ids = [each.physical_id for each in read_stack(aws, "streams") if each.type == CONSUMER]
    return {each.removeprefix(prefix).rpartition(":")[0] for each in ids if each.startswith(prefix)}


def _reading(aws: Aws, live: LiveStream, consumers: Sequence[str]) -> Mapping[str, bool | None]:
    """Which consumers were sent records, or told how far they are behind, in the last minutes."""
    own = {"StreamName": live.name}
    names = ("SubscribeToShardEvent.Bytes", "SubscribeToShardEvent.MillisBehindLatest")
    metrics = [Metric(name, "Maximum", {**own, "ConsumerName": each}) for each in consumers for name in names]
    try:
        values = read_metrics(aws, metrics, WINDOW)
    except (ClientError, BotoCoreError) as error:
        note(f"whether they read is not known: {explain(error).message}")
        return dict.fromkeys(consumers)
    return {each: bool(values[2 * index] or values[2 * index + 1]) for index, each in enumerate(consumers)}


def _behind(seconds: float | None) -> str | None:
    return None if seconds is None else age_told(timedelta(seconds=seconds))
