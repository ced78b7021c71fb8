"""``streamops connector rollback``: back to the revision before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import typer

from cli.aws import Aws
from cli.change import Consent, run
from cli.connector.deployments import Deployment, recent
from cli.connector.options import RouteName
from cli.connector.rollout import configuration, operations
from cli.connector.rollout.execution import FAILED, LAG_GATE, Rollout
from cli.connector.rollout.following import failure, follow
from cli.connector.rollout.options import Timeout, patience
from cli.connector.rollout.patience import TIMEOUT, Patience
from cli.connector.rollout.route_change import RouteChange
from cli.connector.rollout.service import (
    LiveService,
    check_unchanged,
    read_definition,
    read_service,
    usable,
    with_limits,
)
from cli.connector.rollout.strategy import DECLARED, LIMITS, Strategy, chosen, forced
from cli.connector.rollout.task_definition import config_sha256, differences
from cli.environment import declared, open_environment
from cli.options import Confirm, DryRun, EnvironmentName, Output, Query, Save, Wait, Yes
from cli.output import Answer, Format, note
from cli.plan import Operation, Plan, Refusal, Risk, fingerprint
from cli.write_back import Edit

ROLLED_BACK = "ROLLBACK_SUCCESSFUL"


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
    """Go back to the revision before.

    A deployment that is under way is stopped, and ECS takes it back. Otherwise the last other revision that was rolled
    out with success is rolled out again, with the configuration that belongs to it.
    """
    held = patience(timeout=timeout, gate=False)
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    declared(opened, "routes", route)
    consent = Consent(dry_run=dry_run, save=save, yes=yes, confirm=confirm, wait=wait)
    run(ConnectorRollback(opened, route, held), consent, answer, environment or opened.name)


@dataclass(frozen=True)
class ConnectorRollback(RouteChange):
    """Take the last rollout of a route back."""

    patience: Patience = field(default_factory=lambda: Patience(gate=False))

    command: str = "connector rollback"

    def plan(self) -> Plan:
        """Stop what is under way, or roll out what was before."""
        aws = Aws(self.environment)
        aws.check_account()
        service = read_service(aws, self.route)
        refused: list[Refusal] = []
        summary: dict[str, Any] = {"task_definition": service.task}
        if service.rolling is not None:
            steps, refused = self._stop(service.rolling)
            if steps and service.limits != DECLARED:  # of a rollout that stops first, and now does not come to its end
                steps.append(operations.restore(self.route))
            back_to = service.rolling.source.task_definition if service.rolling.source else None
        else:
            back_to = goes_back_to(aws, recent(aws, self.route), service.task_definition)
            steps = self._roll(aws, service, back_to) if back_to else []
            if back_to is None:
                refused.append(
                    Refusal(
                        f"ECS remembers no other revision of {self.route} that was rolled out with success; it forgets "
                        "deployments after 90 days",
                        f"nothing overrides this; roll out what you want: streamops connector deploy {self.route} "
                        "--image TAG",
                    )
                )
        return Plan(
            f"connector/{self.route}",
            fingerprint([*service.state(), back_to]),
            tuple(steps),
            summary={**summary, "back_to": back_to},
            refusals=tuple(refused),
        )

    def carry_out(self, plan: Plan, *, wait: bool) -> Iterator[Operation]:
        """Do it, and follow it to its end.

        Raises:
            RolloutFailedError: going back failed too.
        """
        aws = Aws(self.environment)
        rollout = Rollout(aws, self.route, self.patience)
        service = read_service(aws, self.route)
        if any(operation.kind == operations.UPDATE for operation in plan.operations):
            now = fingerprint([*service.state(), plan.summary["back_to"]])
            check_unchanged(self.environment, self.route, plan.fingerprint, now)
        for operation in plan.operations:
            match operation.kind:
                case operations.CONFIGURE:
                    rollout.configure_for(read_definition(aws, str(plan.summary["back_to"]))[0])
                case operations.STOP:
                    aws.ecs.stop_service_deployment(
                        serviceDeploymentArn=operation.details["deployment"], stopType="ROLLBACK"
                    )
                case operations.UPDATE:
                    rollout.task_definition = usable(aws, str(plan.summary["back_to"]))
                    limits = LIMITS[Strategy(operation.details["strategy"])]
                    rollout.begin(deploymentConfiguration=with_limits(service.configuration, limits))
                case _ if not wait:
                    note("not followed; see: streamops connector status")
                    return
                case operations.FOLLOW if operation.details.get("deployment"):
                    ended = follow(aws, operation.details["deployment"], timeout=self.patience.timeout)
                    if ended.status != ROLLED_BACK:
                        raise failure(aws, self.route, ended)
                case _:
                    rollout.wait_for(operation)
            yield operation

    def verify(self, plan: Plan) -> Sequence[str]:
        """Read what runs now."""
        live, wanted = read_service(Aws(self.environment), self.route), plan.summary["back_to"]
        if wanted is None or live.task_definition == wanted:
            return ()
        found = differences(read_definition(Aws(self.environment), wanted)[0], live.definition)
        return [f"{key} is {values['to']}, not {values['from']}" for key, values in found.items()]

    def declaration(self, plan: Plan) -> Sequence[Edit]:
        """What the file declares is what was rolled out last, or older: which of it is meant is not for this to say."""
        del plan
        return ()

    def _stop(self, deployment: Deployment) -> tuple[list[Operation], list[Refusal]]:
        if deployment.going_back:
            return [operations.follow(self.route, self.patience.timeout, deployment.arn)], []
        if deployment.source is None:
            refusal = Refusal(
                f"deployment {deployment.id} is the first of {self.route}: there is nothing to go back to",
                "nothing overrides this; wait for its end, or scale it down",
            )
            return [], [refusal]
        stop = Operation(
            operations.STOP,
            f"connector/{self.route}",
            Risk.MODERATE,
            f"it is {deployment.status}; ECS starts tasks of {deployment.source.task} again",
            {"deployment": deployment.arn},
        )
        return [
            # First, since the tasks that go back read it when they start.
            *self._configure(Aws(self.environment), deployment.source.task_definition),
            stop,
            operations.follow(self.route, self.patience.timeout, deployment.arn),
        ], []

    def _roll(self, aws: Aws, service: LiveService, back_to: str) -> list[Operation]:
        definition, _ = read_definition(aws, back_to)
        keys = self._keys(aws, service, definition)
        why = forced(keys)
        use = chosen(None, why)
        steps = [
            *self._configure(aws, back_to),
            operations.update(
                self.route,
                "; ".join((f"from {service.task} back to {back_to.rpartition('/')[2]}", *why)),
                strategy=use.value,
                tasks=service.desired,
                changes={**differences(service.definition, definition), **keys},
            ),
            operations.follow(self.route, self.patience.timeout),
        ]
        if use is not Strategy.OVERLAP or service.limits != DECLARED:
            steps.append(operations.restore(self.route))
        return steps

    def _keys(self, aws: Aws, service: LiveService, definition: Mapping[str, Any]) -> dict[str, dict[str, str]]:
        """Keys of the configuration that change; going back has to keep versions apart that going on had to."""
        if service.config_sha256 == config_sha256(definition):
            return {}
        texts = (
            configuration.started_with(aws, self.route, label)
            for label in (service.config_sha256, config_sha256(definition))
        )
        now, then = (configuration.read_configuration(aws, self.route) if text is None else text for text in texts)
        return configuration.configuration_differences(now, then)

    def _configure(self, aws: Aws, back_to: str) -> list[Operation]:
        definition, _ = read_definition(aws, back_to)
        text = configuration.belonging_to(aws, self.route, config_sha256(definition))
        if text is None:
            return []
        return [operations.configure(self.route, {}, f"the one that belongs to {back_to.rpartition('/')[2]}")]


def goes_back_to(aws: Aws, deployments: Sequence[Deployment], current: str) -> str | None:
    """The newest other revision that was rolled out with success and did not fail at the lag gate."""
    for arn in previous(deployments, current):
        if read_definition(aws, arn)[1].get(LAG_GATE) != FAILED:
            return arn
    return None


def previous(deployments: Sequence[Deployment], current: str) -> list[str]:
    """The other task definitions that were rolled out with success, the newest first.

    A deployment that ECS took back never counts: what it was to roll out has not worked.
    """
    targets = (
        each.target.task_definition for each in deployments if each.status == "SUCCESSFUL" and each.target is not None
    )
    return [target for target in dict.fromkeys(targets) if target != current]
