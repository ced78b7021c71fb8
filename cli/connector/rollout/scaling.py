"""Another number of tasks for a route, or another range, as a change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cli.aws import Aws
from cli.connector.rollout import autoscaling, service
from cli.connector.rollout.counting import until_running
from cli.connector.rollout.patience import Patience
from cli.connector.rollout.pausing import PAUSED_TASKS
from cli.environment import declared
from cli.plan import Operation, Plan, Refusal, Risk, fingerprint
from cli.write_back import Edit
from environments import Environment

COUNT = "set-desired-count"
RANGE = "set-scaling-range"
SUSPEND, UNSUSPEND = "suspend-scaling", "resume-scaling"


@dataclass(frozen=True)
class Size:
    """What was asked for; None: as it is."""

    tasks: int | None = None
    least: int | None = None
    most: int | None = None
    suspend: bool | None = None


@dataclass(frozen=True)
class ConnectorScale:
    """Run a route with more or fewer tasks."""

    environment: Environment
    route: str
    size: Size
    patience: Patience = field(default_factory=Patience)

    command: str = "connector scale"

    @classmethod
    def from_arguments(cls, environment: Environment, arguments: Mapping[str, Any]) -> ConnectorScale:
        """The change that a saved plan was made for."""
        declared(environment, "routes", arguments["route"])
        given = arguments["size"]
        size = Size(given["tasks"], given["least"], given["most"], given["suspend"])
        return cls(environment, arguments["route"], size, Patience.from_json(arguments["patience"]))

    @property
    def arguments(self) -> Mapping[str, Any]:
        """Which route, and how many tasks."""
        return {"route": self.route, "size": vars(self.size), "patience": self.patience.as_json()}

    @property
    def command_line(self) -> str:
        """To ask for it again."""
        size = self.size
        given = (
            f"--tasks {size.tasks}" if size.tasks is not None else "",
            f"--min {size.least}" if size.least is not None else "",
            f"--max {size.most}" if size.most is not None else "",
            {True: "--suspend", False: "--unsuspend", None: ""}[size.suspend],
        )
        return " ".join((self.command, self.route, *filter(None, given)))

    def plan(self) -> Plan:
        """Compare with the service and its scalable target."""
        aws = Aws(self.environment)
        aws.check_account()
        live, target = service.read_service(aws, self.route), autoscaling.read_target(aws, self.route)
        size = self.size
        least, most = self._range(target)
        steps: list[Operation] = []
        if target is not None and size.suspend and target.scales:
            steps.append(self._step(SUSPEND, Risk.MILD, "nothing changes the number of tasks by itself any more"))
        if target is not None and (least, most) != (target.least, target.most):
            details = {"from": f"{target.least} to {target.most}", "min": least, "max": most}
            moved = not least <= live.desired <= most
            reason = "the service is moved into it at once" if moved else "the service is in it already"
            steps.append(self._step(RANGE, Risk.MODERATE if moved else Risk.MILD, reason, **details))
        if size.tasks is not None and size.tasks != live.desired:
            fewer = size.tasks < live.desired
            reason = "tasks drain and end, and the group rebalances" if fewer else "tasks start and join the group"
            details = {"before": live.desired, "tasks": size.tasks}
            steps.append(self._step(COUNT, Risk.MODERATE if fewer else Risk.MILD, reason, **details))
        if target is not None and size.suspend is False and target.stopped:
            steps.append(self._step(UNSUSPEND, Risk.MILD, "load changes the number of tasks again"))
        return Plan(
            f"connector/{self.route}",
            fingerprint([live.arn, live.desired, target and [target.least, target.most, dict(target.suspended)]]),
            tuple(steps),
            summary={"tasks": live.desired, "min": target and target.least, "max": target and target.most},
            warnings=tuple(self._warnings(target)),
            refusals=tuple(self._refusals(live, target, least, most)),
        )

    def carry_out(self, plan: Plan, *, wait: bool) -> Iterator[Operation]:
        """Make the calls, then wait until as many tasks run as shall."""
        aws = Aws(self.environment)
        for operation in plan.operations:
            match operation.kind:
                case kind if kind in (SUSPEND, UNSUSPEND):
                    autoscaling.suspend(aws, self.route, on=kind == SUSPEND)
                case kind if kind == RANGE:
                    autoscaling.put_range(aws, self.route, operation.details["min"], operation.details["max"])
                case _:
                    service.update_service(aws, self.route, desiredCount=operation.details["tasks"])
            yield operation
        if wait and any(operation.kind in (RANGE, COUNT) for operation in plan.operations):
            target, tasks = autoscaling.read_target(aws, self.route), self.size.tasks
            wanted = None if tasks is None else range(tasks, tasks + 1)
            if target is not None and (tasks is None or target.scales):  # load may have moved it again already
                wanted = range(target.least, target.most + 1)
            until_running(aws, self.route, self.patience.timeout, wanted)

    def verify(self, plan: Plan) -> Sequence[str]:
        """Read service and range again."""
        del plan
        aws = Aws(self.environment)
        target = autoscaling.read_target(aws, self.route)
        desired = service.describe_service(aws, self.route)["desiredCount"]
        unmet = []
        if target is not None and (target.least, target.most) != self._range(target):
            unmet.append(f"connector {self.route} scales from {target.least} to {target.most}")
        if self.size.tasks not in (None, desired):
            unmet.append(f"connector {self.route} is to have {desired} tasks, not {self.size.tasks}")
        return unmet

    def declaration(self, plan: Plan) -> Sequence[Edit]:
        """The range; of a fixed number both its ends. A number inside of the range is nothing to declare."""
        del plan
        tasks, size = self.environment.routes[self.route].tasks, self.size
        if tasks.scales:
            least, most = size.least or tasks.min, size.most or tasks.max
        else:
            least = most = size.tasks or tasks.min
        if (least, most) == (tasks.min, tasks.max):
            return []
        path = ("routes", self.route, "tasks")
        if "tasks" not in self.environment.routes[self.route].model_fields_set:
            return [Edit(path, {"min": least, "max": most})]
        return [Edit((*path, "min"), least), Edit((*path, "max"), most)]

    def _range(self, target: autoscaling.ScalableTarget | None) -> tuple[int, int]:
        if target is None:
            return 0, 0
        least = target.least if self.size.least is None else self.size.least
        return least, target.most if self.size.most is None else self.size.most

    def _step(self, kind: str, risk: Risk, reason: str, **details: Any) -> Operation:  # noqa: ANN401 - JSON types
        return Operation(kind, f"connector/{self.route}", risk, reason, details)

    def _warnings(self, target: autoscaling.ScalableTarget | None) -> Iterator[str]:
        if self.size.tasks is not None and target is not None and target.scales and not self.size.suspend:
            yield f"load moves the number of tasks again, between {target.least} and {target.most}; --suspend keeps it"

    def _refusals(
        self, live: service.LiveService, target: autoscaling.ScalableTarget | None, least: int, most: int
    ) -> Iterator[Refusal]:
        size, name = self.size, self.environment.name
        ranged = size.least is not None or size.most is not None or size.suspend is not None
        if PAUSED_TASKS in live.tags:
            yield Refusal(
                f"{self.route} is paused",
                f"nothing overrides this; first: streamops connector resume {self.route} -e {name}",
            )
        if target is None and ranged:
            yield Refusal(
                f"{self.route} has a fixed number of tasks: nothing is registered with Application Auto Scaling",
                "nothing overrides this; use --tasks N, or set tasks.max above tasks.min in the environment file and "
                "run cdk deploy, which also makes what scales it",
            )
        if target is not None and least > most:
            yield Refusal(f"--min {least} is above --max {most}", "nothing overrides this; give both")
        if target is not None and size.tasks is not None and not least <= size.tasks <= most:
            yield Refusal(
                f"--tasks {size.tasks} is outside of the range in which {self.route} scales, {least} to {most}: the "
                "next activity would move it back in",
                "widen the range in the same call with --min or --max; to none: streamops connector pause",
            )
        if target is None and size.tasks == 0:
            yield Refusal(
                f"--tasks 0 would stop {self.route} without keeping where it was",
                f"nothing overrides this; use streamops connector pause {self.route} -e {name}",
            )
