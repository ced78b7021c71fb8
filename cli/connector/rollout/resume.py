"""``streamops connector resume``: as many tasks as before a pause, where the group was."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.aws import Aws
from cli.change import Consent, run
from cli.cluster import open_cluster
from cli.connector.options import RouteName
from cli.connector.rollout import autoscaling, pausing, service
from cli.connector.rollout.counting import until_running
from cli.connector.rollout.options import Timeout, patience
from cli.connector.rollout.patience import TIMEOUT, Patience
from cli.connector.rollout.scaling import COUNT, UNSUSPEND
from cli.environment import declared, open_environment
from cli.group.offsets import commit
from cli.group.offsets_file import OffsetsFile
from cli.options import Confirm, DryRun, EnvironmentName, Output, Query, Save, Wait, Yes
from cli.output import Answer, Format
from cli.plan import Operation, Plan, Refusal, Risk, fingerprint
from cli.write_back import Edit
from environments import Environment, naming

RESTORE = "restore-offsets"
FORGET = "forget-pause"

FromFile = Annotated[
    Path | None,
    typer.Option("--offsets", metavar="FILE", exists=True, dir_okay=False, help="The file that connector pause wrote."),
]
WithoutOffsets = Annotated[
    bool,
    typer.Option("--from-start", help="Begin where the route's start: says, where the brokers have forgotten it."),
]


def command(  # noqa: PLR0913 - one parameter is one option of the grammar that all changes share
    ctx: typer.Context,
    route: RouteName,
    environment: EnvironmentName = None,
    *,
    offsets: FromFile = None,
    from_start: WithoutOffsets = False,
    timeout: Timeout = TIMEOUT,
    dry_run: DryRun = False,
    save: Save = None,
    yes: Yes = False,
    confirm: Confirm = None,
    wait: Wait = True,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Start the tasks of a connector again that connector pause has stopped.

    There are as many as before, and they scale as before. Where the brokers have forgotten where the group was, the
    file of connector pause brings it back; partitions that are still known are left alone.
    """
    held = patience(timeout=timeout)
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    declared(opened, "routes", route)
    file = OffsetsFile.read(offsets) if offsets else None
    consent = Consent(dry_run=dry_run, save=save, yes=yes, confirm=confirm, wait=wait)
    change = ConnectorResume(opened, route, file, from_start=from_start, patience=held)
    run(change, consent, answer, environment or opened.name)


@dataclass(frozen=True)
class ConnectorResume:
    """Start the tasks of a route again."""

    environment: Environment
    route: str
    file: OffsetsFile | None = None
    from_start: bool = False
    patience: Patience = field(default_factory=Patience)

    command: str = "connector resume"

    @classmethod
    def from_arguments(cls, environment: Environment, arguments: Mapping[str, Any]) -> ConnectorResume:
        """The change that a saved plan was made for."""
        declared(environment, "routes", arguments["route"])
        held = arguments["file"]
        offsets = {(topic, partition): offset for topic, partition, offset in held["offsets"]} if held else {}
        file = OffsetsFile(held["group"], held["cluster_id"], offsets) if held else None
        held_patience = Patience.from_json(arguments["patience"])
        return cls(environment, arguments["route"], file, bool(arguments["from_start"]), held_patience)

    @property
    def arguments(self) -> Mapping[str, Any]:
        """Which route, and of the file all that it says."""
        file = self.file
        offsets = [[*place, offset] for place, offset in file.offsets.items()] if file else []
        return {
            "route": self.route,
            "file": {"group": file.group, "cluster_id": file.cluster_id, "offsets": offsets} if file else None,
            "from_start": self.from_start,
            "patience": self.patience.as_json(),
        }

    @property
    def command_line(self) -> str:
        """To ask for it again; offsets that were restored are there by then."""
        return f"{self.command} {self.route}{' --from-start' if self.from_start else ''}"

    def plan(self) -> Plan:
        """What is left to do: a resume that was interrupted is gone on with."""
        aws = Aws(self.environment)
        aws.check_account()
        live, target = service.read_service(aws, self.route), autoscaling.read_target(aws, self.route)
        offsets = pausing.read_offsets(self.environment, self.route)
        forgotten = self._forgotten(offsets)
        tasks = int(live.tags.get(pausing.PAUSED_TASKS, self.environment.routes[self.route].tasks.min))
        suspended = pausing.suspended_of(live.tags.get(pausing.PAUSED_SCALING, "none"))
        paused = pausing.PAUSED_TASKS in live.tags
        steps: list[Operation] = []
        if not live.desired and forgotten:
            details = {"offsets": [[*place, offset] for place, offset in sorted(forgotten.items())]}
            reason = "the brokers have forgotten where the group was in these partitions"
            steps.append(self._step(RESTORE, reason, risk=Risk.MODERATE, **details))
        if not live.desired:
            steps.append(self._step(COUNT, "tasks start and go on where the group was", before=0, tasks=tasks))
        if target is not None and suspended is not None and dict(target.suspended) != suspended:
            steps.append(self._step(UNSUSPEND, "as before the pause", suspended=suspended))
        if paused:
            steps.append(self._step(FORGET, "the tags of connector pause are removed from the service"))
        return Plan(
            f"connector/{self.route}",
            fingerprint([live.arn, live.desired > 0, dict(live.tags), sorted(map(list, offsets.committed.items()))]),
            tuple(steps),
            summary={"tasks": tasks, "restored": len(forgotten) if not live.desired else 0},
            refusals=tuple(self._refusals(live, offsets)) if not live.desired else (),
        )

    def carry_out(self, plan: Plan, *, wait: bool) -> Iterator[Operation]:
        """Restore, start, let it scale, and forget the pause."""
        aws = Aws(self.environment)
        arn = service.read_service(aws, self.route).arn
        for operation in plan.operations:
            match operation.kind:
                case kind if kind == RESTORE:
                    offsets = {(topic, partition): at for topic, partition, at in operation.details["offsets"]}
                    with open_cluster(self.environment) as cluster:
                        commit(cluster, naming.consumer_group(self.environment, self.route), offsets)
                case kind if kind == COUNT:
                    # Before its activities are resumed: then nothing has to be moved into the range.
                    service.update_service(aws, self.route, desiredCount=operation.details["tasks"])
                case kind if kind == UNSUSPEND:
                    autoscaling.put_suspended(aws, self.route, operation.details["suspended"])
                case _:
                    pausing.remove_tags(aws, arn)
            yield operation
        if wait:
            until_running(aws, self.route, self.patience.timeout, range(1, sys.maxsize))

    def verify(self, plan: Plan) -> Sequence[str]:
        """Read the counts again."""
        del plan
        live = service.describe_service(Aws(self.environment), self.route)
        return [] if live["desiredCount"] else [f"{self.route} is to have no tasks"]

    def declaration(self, plan: Plan) -> Sequence[Edit]:
        """The file has not said otherwise."""
        del plan
        return ()

    def _forgotten(self, offsets: pausing.Offsets) -> dict[tuple[str, int], int]:
        if self.file is None:
            return {}
        return {
            place: offset
            for place, offset in self.file.offsets.items()
            if offset is not None and place not in offsets.committed
        }

    def _refusals(self, live: service.LiveService, offsets: pausing.Offsets) -> Iterator[Refusal]:
        group = naming.consumer_group(self.environment, self.route)
        if self.file is not None and self.file.group != group:
            yield Refusal(
                f"the file holds offsets of group {self.file.group}, not of {group}", "nothing overrides this"
            )
        if self.file is not None and self.file.cluster_id != offsets.cluster_id:
            yield Refusal(
                f"the file holds offsets of cluster {self.file.cluster_id}, and this is {offsets.cluster_id}",
                "nothing overrides this; see: streamops group seek --help",
            )
        if pausing.PAUSED_SINCE in live.tags and not offsets.committed and self.file is None and not self.from_start:
            yield Refusal(
                f"the brokers have forgotten where {group} was; it was paused at {live.tags[pausing.PAUSED_SINCE]}",
                "give the file that connector pause wrote with --offsets FILE; --from-start begins where the route's "
                "start: says",
            )

    def _step(self, kind: str, reason: str, *, risk: Risk = Risk.MILD, **details: Any) -> Operation:  # noqa: ANN401
        return Operation(kind, f"connector/{self.route}", risk, reason, details)
