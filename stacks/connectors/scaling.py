"""How many tasks a connector runs: a fixed number, or as many as its load needs."""

from datetime import timedelta

from aws_cdk import aws_applicationautoscaling as scaling
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ecs as ecs

from environments import Environment, Tasks
from environments.naming import alarm_name, ecs_cluster_name, ecs_service_name, metrics_namespace
from stacks.observability.metrics import Expression
from stacks.observability.metrics.connector import ConnectorMetrics
from stacks.observability.metrics.ecs import ServiceMetrics
from stacks.observability.rendering import measured

CPU_PERCENT = 60
"""The mean CPU of a service's tasks that the number of tasks is steered to.

Well below the whole of it, for what arrives while a new task starts and joins the consumer group. A
connector that waits for its stream or its cluster has little load and a growing lag: this does not see it.
"""

BACKLOG = timedelta(minutes=1)
"""How long what waits may take to work off where the file does not say."""

FULL, HALF = 1.0, 0.5
"""Loads above and below which tasks are added and taken away.

When one of two or more tasks goes, each of the others gets at most as much again as it had: from below a
half, the CPU stays below the whole, so taking a task away is never what adds it again.
"""

BUSY_MINUTES, QUIET_MINUTES = 3, 30
"""How long the load has to be so. What a backlog does without a task nobody can tell beforehand; so it takes one
away once in half an hour at most."""

_BETWEEN = (FULL + HALF) / 2


def fixed_count(tasks: Tasks) -> int | None:
    """Return the number of tasks for the service's template; None where it is left to autoscaling.

    A count in the template is set again by every deployment of the service, whatever the load is:
    https://github.com/aws/containers-roadmap/issues/493. Without one a new service begins with one
    task, and a running one keeps what it has.
    """
    return None if tasks.scales else tasks.min


def add_scaling(service: ecs.FargateService, environment: Environment, route: str) -> None:
    """Let the number of `service`'s tasks follow their load between `tasks.min` and `tasks.max`.

    Registering the range moves the service into it at once, so a new one has `tasks.min` tasks:
    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
    """
    tasks = environment.routes[route].tasks
    if not tasks.scales:
        return
    count = service.auto_scale_task_count(min_capacity=tasks.min, max_capacity=tasks.max)
    if environment.connectors.metrics != "cloudwatch":
        count.scale_on_cpu_utilization("Cpu", target_utilization_percent=CPU_PERCENT)
        return
    target = count.node.find_child("Target")
    if not isinstance(target, scaling.ScalableTarget):
        raise TypeError(f"{target.node.path} is not what scales")
    _step(target, environment, route, "Out")
    _step(target, environment, route, "In")


def load(environment: Environment, route: str) -> Expression:
    """Return what the tasks of a route carry, 1 being as much as they should: of CPU and backlog the greater.

    Where nothing at all is acknowledged while records wait, more tasks would not help and fewer would not
    do: it then lies between what adds and what takes away.
    """
    most = (environment.routes[route].tasks.backlog or BACKLOG).total_seconds()
    service = ServiceMetrics(ecs_cluster_name(environment), ecs_service_name(environment, route))
    backlog = ConnectorMetrics(metrics_namespace(environment), route).backlog(hold=_BETWEEN * most)
    return Expression(
        f"MAX([cpu / {CPU_PERCENT}, ({backlog.formula}) / {most:g}])",
        {"cpu": service.cpu(), **backlog.metrics},
        "load of the tasks",
    )


def _step(target: scaling.ScalableTarget, environment: Environment, route: str, way: str) -> None:
    """Add one way of scaling: an alarm, and the policy that it calls, which goes in steps and never at a stroke."""
    out = way == "Out"
    policy = scaling.CfnScalingPolicy(
        target,
        way,
        policy_name=f"{route}-{way.lower()}",
        policy_type="StepScaling",
        scaling_target_id=target.scalable_target_id,
        step_scaling_policy_configuration=scaling.CfnScalingPolicy.StepScalingPolicyConfigurationProperty(
            adjustment_type="PercentChangeInCapacity" if out else "ChangeInCapacity",
            min_adjustment_magnitude=1 if out else None,
            cooldown=180 if out else 600,
            metric_aggregation_type="Average",
            step_adjustments=_more() if out else [_change(-1, above=None, below=0)],
        ),
    )
    minutes = BUSY_MINUTES if out else QUIET_MINUTES
    cloudwatch.CfnAlarm(
        target,
        f"{way}Alarm",
        alarm_name=alarm_name(environment, f"connector/{route}", f"scale-{way.lower()}"),
        alarm_description=f"Autoscaling of connector {route}; not a fault",
        alarm_actions=[policy.attr_arn],
        comparison_operator="GreaterThanThreshold" if out else "LessThanThreshold",
        evaluation_periods=minutes,
        datapoints_to_alarm=minutes,
        # Without numbers nothing is known, so nothing changes.
        treat_missing_data="missing",
        **measured(load(environment, route), FULL if out else HALF),
    )


def _more() -> list[scaling.CfnScalingPolicy.StepAdjustmentProperty]:
    """A quarter more up to twice the load, then as many again."""
    return [_change(25, above=0, below=FULL), _change(100, above=FULL, below=None)]


def _change(
    change: int, *, above: float | None, below: float | None
) -> scaling.CfnScalingPolicy.StepAdjustmentProperty:
    """Return a step; its bounds are distances from the alarm's threshold."""
    return scaling.CfnScalingPolicy.StepAdjustmentProperty(
        scaling_adjustment=change, metric_interval_lower_bound=above, metric_interval_upper_bound=below
    )
