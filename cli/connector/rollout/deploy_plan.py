"""The plan of a rollout: a new one, or going on with one that is under way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli.connector.rollout import operations
from cli.connector.rollout.configuration import flat_configuration
from cli.connector.rollout.execution import LAG_BEFORE, LAG_GATE, PASSED
from cli.connector.rollout.gate import Baseline
from cli.connector.rollout.lag import UNREADABLE, read_lag
from cli.connector.rollout.patience import Patience
from cli.connector.rollout.service import LiveService
from cli.connector.rollout.strategy import DECLARED, Strategy, chosen, forced, refusals, reorders
from cli.output import note
from cli.plan import Operation, Plan, Refusal, Risk
from environments import Environment

if TYPE_CHECKING:
    from cli.aws import Aws
    from cli.connector.checks import Check


@dataclass(frozen=True)
class Found:
    """What runs, and what shall be other."""

    service: LiveService
    differences: Mapping[str, Mapping[str, str]]
    """Of the task definition."""
    text: str | None
    """The live configuration; None where it does not matter."""
    keys: Mapping[str, Mapping[str, str]]
    """Keys of the configuration that change."""
    wanted_text: str | None

    @property
    def changes(self) -> dict[str, Mapping[str, str]]:
        """All of it."""
        return {**self.differences, **self.keys}


def verified(environment: Environment, aws: Aws, route: str, image: str) -> Sequence[Check]:
    """What ``connector verify`` says of the rollout."""
    from cli.connector.checks import verify

    note(f"verifying what the rollout of {route} depends on")
    return verify(environment, aws, route, image=image)


def begin(
    environment: Environment,
    route: str,
    found: Found,
    strategy: Strategy | None,
    patience: Patience,
    checks: Sequence[Check],
) -> Plan:
    """A rollout of what differs."""
    service = found.service
    why = forced(found.keys)
    use = chosen(strategy, why)
    refused = [*_under_way(environment, route, service), *_failed(checks)]
    refused += refusals(strategy, route, why, flat_configuration(found.wanted_text) if found.wanted_text else None)
    baseline: Baseline | None = None
    warnings = [*_unknown(checks)]
    if patience.gate and service.desired:
        baseline, told, refusal = read_baseline(environment, route)
        warnings += told
        refused += refusal
    steps: list[Operation] = []
    if found.wanted_text is not None and found.wanted_text != found.text:
        steps.append(operations.configure(route, found.keys, "tasks that start from now on have it"))
    steps.append(operations.register(route, found.differences))
    steps.append(
        operations.update(
            route,
            _update_reason(use, why),
            risk=Risk.SEVERE if reorders(found.keys) else Risk.MODERATE,
            strategy=use.value,
            tasks=service.desired,
        )
    )
    steps += waiting(route, patience, baseline, service.task_definition)
    if use is not Strategy.OVERLAP or service.limits != DECLARED:
        steps.append(operations.restore(route))
    if use is Strategy.STOP_FIRST:
        warnings.append("no task runs between the last old one and the first new one; records wait in the topic")
    if not service.desired:
        warnings.append(
            f"{route} has no tasks now: what is rolled out starts with streamops connector resume, and is held "
            "against no lag"
        )
    if reorders(found.keys):
        warnings.append(
            "records of one key may go to another shard from now on: readers may see newer ones there before older "
            "ones here"
        )
    return Plan(
        f"connector/{route}",
        "",
        tuple(steps),
        summary={"strategy": use.value, "lag_before": baseline.written() if baseline else None},
        warnings=tuple(warnings),
        refusals=tuple(refused),
    )


def go_on(environment: Environment, route: str, found: Found, patience: Patience) -> Plan:
    """What is left of a rollout whose task definition runs, or is on its way, already."""
    service = found.service
    steps: list[Operation] = []
    refused: list[Refusal] = []
    under_way, last = service.rolling, service.deployment
    warnings = []
    if under_way is not None and under_way.going_back:
        refused += _under_way(environment, route, service)
    if under_way is not None and not refused:
        back_to = under_way.source.task_definition if under_way.source else None
        steps += waiting(route, patience, _noted(service) if service.desired else None, back_to, under_way.arn)
        warnings.append(f"goes on with deployment {under_way.id}, which is {under_way.status}")
    elif (
        last is not None
        and last.status == "SUCCESSFUL"
        and last.target is not None
        and last.target.task_definition == service.task_definition
        and LAG_BEFORE in service.definition_tags
        and service.definition_tags.get(LAG_GATE) != PASSED
        and service.desired
        and patience.gate
    ):
        back_to = last.source.task_definition if last.source else None
        steps.append(operations.hold(route, _noted(service), patience.stable, back_to, last.arn))
        warnings.append(f"deployment {last.id} was successful, and its consumers were not waited for to the end")
    if service.limits != DECLARED and not refused:
        steps.append(operations.restore(route))
    return Plan(f"connector/{route}", "", tuple(steps), warnings=tuple(warnings), refusals=tuple(refused))


def waiting(
    route: str, patience: Patience, baseline: Baseline | None, back_to: str | None, deployment: str | None = None
) -> list[Operation]:
    """Following a deployment, and the gate where there is a baseline."""
    steps = [operations.follow(route, patience.timeout, deployment)]
    if patience.gate and baseline is not None:
        steps.append(operations.hold(route, baseline, patience.stable, back_to))
    return steps


def read_baseline(environment: Environment, route: str) -> tuple[Baseline | None, list[str], list[Refusal]]:
    """The lag now, with what is to be said of it; a refusal where it cannot be read."""
    try:
        lag = read_lag(environment, route)
    except UNREADABLE as error:
        return (
            None,
            [],
            [
                Refusal(
                    f"the lag of {route} cannot be read, so nobody could tell whether it has caught up: "
                    f"{str(error).splitlines()[0]}",
                    "--no-gate rolls out all the same, and takes it for good once its tasks run",
                )
            ],
        )
    told = [] if lag.members else [f"nobody reads for {route} now; its lag is {lag}"]
    return Baseline(lag.records, lag.time), told, []


def _noted(service: LiveService) -> Baseline:
    """The lag before, as the tag of the task definition has it; without one, none at all."""
    try:
        return Baseline.read(service.definition_tags.get(LAG_BEFORE, ""))
    except ValueError:
        return Baseline()


def _update_reason(strategy: Strategy, why: Sequence[str]) -> str:
    if strategy is Strategy.STOP_FIRST:
        return "; ".join(("old tasks drain and end before new ones start", *why))
    return "new tasks join the group before old ones leave it; the group rebalances, some records may come twice"


def _under_way(environment: Environment, route: str, service: LiveService) -> Iterator[Refusal]:
    if (under_way := service.rolling) is not None:
        target = under_way.target.task if under_way.target else "another revision"
        yield Refusal(
            f"a deployment of {route} is under way ({under_way.status}, {target}), and it is not this one",
            f"nothing overrides this; wait for it, or end it: streamops connector rollback {route} "
            f"-e {environment.name}",
        )


def _failed(checks: Sequence[Check]) -> Iterator[Refusal]:
    for check in checks:
        if check.result.value == "failed":
            way_out = f"{check.way_out}; " if check.way_out else ""
            yield Refusal(f"{check.name}: {check.detail}", f"{way_out}--no-verify rolls out without looking")


def _unknown(checks: Sequence[Check]) -> Iterator[str]:
    for check in checks:
        if check.result.value == "unknown":
            yield f"not verified: {check.name}: {check.detail}"
