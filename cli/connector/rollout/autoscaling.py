"""The range in which a route's tasks scale, and whether they do: Application Auto Scaling's scalable target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cli.aws import Aws
from environments import naming

ACTIVITIES = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
"""What can be suspended.

https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-suspend-resume-scaling.html
"""


@dataclass(frozen=True)
class ScalableTarget:
    """The registered range of a service."""

    least: int
    most: int
    suspended: Mapping[str, bool]
    """By activity."""

    @property
    def scales(self) -> bool:
        """Whether anything may still change the number of tasks."""
        return not all(self.suspended.get(activity, False) for activity in ACTIVITIES)

    @property
    def stopped(self) -> bool:
        """Whether something is suspended."""
        return any(self.suspended.values())


def read_target(aws: Aws, route: str) -> ScalableTarget | None:
    """The scalable target of a route; None where its number of tasks is fixed."""
    found = aws.autoscaling.describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=[_resource(aws, route)], ScalableDimension="ecs:service:DesiredCount"
    )["ScalableTargets"]
    if not found:
        return None
    target = found[0]
    suspended = {name: bool((target.get("SuspendedState") or {}).get(name)) for name in ACTIVITIES}
    return ScalableTarget(target["MinCapacity"], target["MaxCapacity"], suspended)


def suspend(aws: Aws, route: str, *, on: bool) -> None:
    """Suspend all that changes the number of tasks by itself, or let it go on."""
    _register(aws, route, SuspendedState=dict.fromkeys(ACTIVITIES, on))


def put_suspended(aws: Aws, route: str, suspended: Mapping[str, bool]) -> None:
    """Suspend exactly these activities."""
    _register(aws, route, SuspendedState=dict(suspended))


def put_range(aws: Aws, route: str, least: int, most: int) -> None:
    """Register another range; a service outside of it is moved into it.

    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
    """
    _register(aws, route, MinCapacity=least, MaxCapacity=most)


def _register(aws: Aws, route: str, **changes: Any) -> None:  # noqa: ANN401 - as RegisterScalableTarget takes them
    aws.autoscaling.register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=_resource(aws, route),
        ScalableDimension="ecs:service:DesiredCount",
        **changes,
    )


def _resource(aws: Aws, route: str) -> str:
    environment = aws.environment
    return f"service/{naming.ecs_cluster_name(environment)}/{naming.ecs_service_name(environment, route)}"
