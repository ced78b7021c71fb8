"""``streamops connector pause``: drain to no task at all, and keep where the group was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import typer

from cli.aws import Aws
from cli.change import Consent, run
from cli.connector.options import RouteName
from cli.connector.rollout import autoscaling, pausing, service
from cli.connector.rollout.counting import until_running
from cli.connector.rollout.options import Timeout, patience
from cli.connector.rollout.patience import TIMEOUT
from cli.connector.rollout.route_change import RouteChange
from cli.connector.rollout.scaling import COUNT, SUSPEND
from cli.environment import declared, open_environment
from cli.group.offsets_file import OffsetsFile
from cli.options import Confirm, DryRun, EnvironmentName, Output, Query, Save, Wait, Yes
from cli.output import Answer, Format, note
from cli.plan import Operation, Plan, Refusal, Risk, fingerprint
from cli.write_back import Edit
from environments import naming

REMEMBER = "note-tasks"
KEEP = "save-offsets"


def command(  # noqa: PLR0913 - one parameter is one option of the grammar that all changes share
    ctx: typer.Context,
    route: RouteName,
    environment: EnvironmentName = None,
    *,
    timeout: Timeout = TIMEOUT,
    dry_run: DryRun = False,
    save: Save = None,
    yes: Yes = False,
    confirm: Confirm = None,
    wait: Wait = True,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Stop all tasks of a connector; connector resume starts them again.

    Autoscaling is suspended, the tasks drain and commit, and where the group was is written into a file, since the
    brokers forget it some days after the last task has gone.
    """
    held = patience(timeout=timeout)
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    declared(opened, "routes", route)
    consent = Consent(dry_run=dry_run, save=save, yes=yes, confirm=confirm, wait=wait)
    run(ConnectorPause(opened, route, held), consent, answer, environment or opened.name)


@dataclass(frozen=True)
class ConnectorPause(RouteChange):
    """Stop the tasks of a route."""

    command: str = "connector pause"

    def plan(self) -> Plan:
        """What is left to do: a pause that was interrupted is gone on with."""
        aws = Aws(self.environment)
        aws.check_account()
        live, target = service.read_service(aws, self.route), autoscaling.read_target(aws, self.route)
        offsets = pausing.read_offsets(self.environment, self.route)
        steps: list[Operation] = []
        if pausing.PAUSED_TASKS not in live.tags and live.desired:
            reason, scaling = "in tags of the service, for connector resume", pausing.scaling_tag(target)
            steps.append(self._step(REMEMBER, reason, tasks=live.desired, scaling=scaling))
        if target is not None and target.scales:
            steps.append(self._step(SUSPEND, "or load would start tasks again"))
        if live.desired:
            reason = "tasks drain, commit and end; records wait in the topic"
            steps.append(self._step(COUNT, reason, risk=Risk.MODERATE, before=live.desired, tasks=0))
        if pausing.PAUSED_SINCE not in live.tags and (live.desired or pausing.PAUSED_TASKS in live.tags):
            reason = pausing.forgotten_at(offsets.retention, pausing.now())
            steps.append(self._step(KEEP, f"once they have ended; {reason}"))
        return Plan(
            f"connector/{self.route}",
            fingerprint([live.arn, live.desired > 0, dict(live.tags), target and dict(target.suspended)]),
            tuple(steps),
            summary={"tasks": live.desired, "offsets_retention_minutes": _minutes(offsets.retention)},
            warnings=("the next cdk deploy that changes the service starts tasks again, where their number is fixed",)
            if steps and target is None
            else (),
            refusals=tuple(self._refusals(live)),
        )

    def carry_out(self, plan: Plan, *, wait: bool) -> Iterator[Operation]:
        """Note, suspend, drain, and save where the group was once nobody commits any more."""
        aws = Aws(self.environment)
        arn = service.read_service(aws, self.route).arn
        for operation in plan.operations:
            match operation.kind:
                case kind if kind == REMEMBER:
                    tags = {
                        pausing.PAUSED_TASKS: str(operation.details["tasks"]),
                        pausing.PAUSED_SCALING: operation.details["scaling"],
                    }
                    pausing.set_tags(aws, arn, **tags)
                case kind if kind == SUSPEND:
                    autoscaling.suspend(aws, self.route, on=True)
                case kind if kind == COUNT:
                    service.update_service(aws, self.route, desiredCount=0)
                case _ if not wait:
                    note("the offsets are not saved yet; the same command again does that")
                    return
                case _:
                    until_running(aws, self.route, self.patience.timeout, range(1))
                    pausing.until_left(self.environment, self.route, self.patience.timeout)
                    self._save_offsets(aws, arn)
            yield operation

    def verify(self, plan: Plan) -> Sequence[str]:
        """Read the counts again."""
        del plan
        live = service.describe_service(Aws(self.environment), self.route)
        return [f"{live['runningCount']} tasks of {self.route} run"] if live["runningCount"] else []

    def declaration(self, plan: Plan) -> Sequence[Edit]:
        """A pause is no declared state."""
        del plan
        return ()

    def _save_offsets(self, aws: Aws, arn: str) -> None:
        offsets = pausing.read_offsets(self.environment, self.route)
        group = naming.consumer_group(self.environment, self.route)
        file = OffsetsFile(group, offsets.cluster_id, offsets.committed).write(Path.cwd())
        since = pausing.now()
        note(f"where it was is kept in {file.name}; {pausing.forgotten_at(offsets.retention, since)}")
        note(
            f"go on with: streamops connector resume {self.route} -e {self.environment.name}; after that time with "
            f"--offsets {file.name}"
        )
        pausing.set_tags(aws, arn, **{pausing.PAUSED_SINCE: f"{since:%Y-%m-%dT%H:%M:%SZ}"})

    def _refusals(self, live: service.LiveService) -> Iterator[Refusal]:
        if live.rolling is not None and live.desired:
            yield Refusal(
                f"a deployment of {self.route} is under way ({live.rolling.status})",
                "nothing overrides this; wait for it, or end it: "
                f"streamops connector rollback {self.route} -e {self.environment.name}",
            )

    def _step(self, kind: str, reason: str, *, risk: Risk = Risk.MILD, **details: Any) -> Operation:  # noqa: ANN401
        return Operation(kind, f"connector/{self.route}", risk, reason, details)


def _minutes(retention: timedelta | None) -> int | None:
    return None if retention is None else retention // timedelta(minutes=1)
