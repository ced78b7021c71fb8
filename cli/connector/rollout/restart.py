"""``streamops connector restart``: the same tasks anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import typer

from cli.aws import Aws
from cli.change import Consent, run
from cli.connector.options import RouteName
from cli.connector.rollout import operations
from cli.connector.rollout.deploy_plan import read_baseline, waiting
from cli.connector.rollout.execution import Rollout
from cli.connector.rollout.gate import Baseline
from cli.connector.rollout.options import CatchUp, Stable, Timeout, WithGate, patience
from cli.connector.rollout.patience import CATCH_UP, STABLE, TIMEOUT
from cli.connector.rollout.route_change import RouteChange
from cli.connector.rollout.service import check_unchanged, read_service
from cli.environment import declared, open_environment
from cli.options import Confirm, DryRun, EnvironmentName, Output, Query, Save, Wait, Yes
from cli.output import Answer, Format, note
from cli.plan import Operation, Plan, Refusal, fingerprint
from cli.write_back import Edit


def command(  # noqa: PLR0913 - one parameter is one option of the grammar that all changes share
    ctx: typer.Context,
    route: RouteName,
    environment: EnvironmentName = None,
    *,
    gate: WithGate = True,
    stable: Stable = STABLE,
    catch_up: CatchUp = CATCH_UP,
    timeout: Timeout = TIMEOUT,
    dry_run: DryRun = False,
    save: Save = None,
    yes: Yes = False,
    confirm: Confirm = None,
    wait: Wait = True,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Replace the tasks of a connector by new ones of the same task definition.

    They read configuration and secrets anew. It is a rollout like any other: followed to its end, and held against the
    lag that was before.
    """
    held = patience(stable, catch_up, timeout, gate=gate)
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    declared(opened, "routes", route)
    consent = Consent(dry_run=dry_run, save=save, yes=yes, confirm=confirm, wait=wait)
    run(ConnectorRestart(opened, route, held), consent, answer, environment or opened.name)


@dataclass(frozen=True)
class ConnectorRestart(RouteChange):
    """Replace the tasks of a route."""

    command: str = "connector restart"

    @property
    def command_line(self) -> str:
        """To ask for it again."""
        return " ".join((self.command, self.route, *self.patience.options))

    def plan(self) -> Plan:
        """A rollout of what runs; or going on with one that is under way."""
        aws = Aws(self.environment)
        aws.check_account()
        service = read_service(aws, self.route)
        baseline: Baseline | None = None
        warnings: list[str] = []
        refused: list[Refusal] = []
        steps: list[Operation] = []
        if self.patience.gate and service.desired:
            baseline, warnings, refused = read_baseline(self.environment, self.route)
        under_way = service.rolling
        if under_way is None:
            steps = [
                operations.update(
                    self.route, "tasks that run are replaced by new ones", tasks=service.desired, force=True
                ),
                # There is nothing to go back to: it is the same task definition.
                *waiting(self.route, self.patience, baseline, None),
            ]
        elif (
            under_way.going_back
            or under_way.target is None
            or (under_way.target.task_definition != service.task_definition)
        ):
            refused.append(
                Refusal(
                    f"a deployment of {self.route} is under way ({under_way.status})",
                    "nothing overrides this; wait for it, or end it: "
                    f"streamops connector rollback {self.route} -e {self.environment.name}",
                )
            )
        else:
            steps = waiting(self.route, self.patience, baseline, None, under_way.arn)
            warnings = [*warnings, f"goes on with deployment {under_way.id}, which is {under_way.status}"]
        return Plan(
            f"connector/{self.route}",
            fingerprint(service.state()),
            tuple(steps),
            summary={"task_definition": service.task, "tasks": service.desired},
            warnings=tuple(warnings),
            refusals=tuple(refused),
        )

    def carry_out(self, plan: Plan, *, wait: bool) -> Iterator[Operation]:
        """Begin and follow it."""
        aws = Aws(self.environment)
        rollout = Rollout(aws, self.route, self.patience)
        service = read_service(aws, self.route)
        rollout.task_definition = service.task_definition
        for operation in plan.operations:
            if operation.kind == operations.UPDATE:
                check_unchanged(self.environment, self.route, plan.fingerprint, fingerprint(service.state()))
                rollout.begin(forceNewDeployment=True)
            elif wait:
                rollout.wait_for(operation)
            else:
                note("not followed; see: streamops connector status")
                return
            yield operation

    def verify(self, plan: Plan) -> Sequence[str]:
        """The deployment was followed to its end."""
        del plan
        return ()

    def declaration(self, plan: Plan) -> Sequence[Edit]:
        """Nothing is other than before."""
        del plan
        return ()
