"""How many tasks a connector runs: a fixed number, or as many as its load needs."""

from aws_cdk import aws_ecs as ecs

from environments import Tasks

CPU_PERCENT = 60
"""The mean CPU of a service's tasks that the number of tasks is steered to.

Well below the whole of it, for what arrives while a new task starts and joins the consumer group. A
connector that waits for its stream or its cluster has little load and a growing lag: this does not see it.
"""


def fixed_count(tasks: Tasks) -> int | None:
    """Return the number of tasks for the service's template; None where it is left to autoscaling.

    A count in the template is set again by every deployment of the service, whatever the load is:
    https://github.com/aws/containers-roadmap/issues/493. Without one a new service begins with one
    task, and a running one keeps what it has.
    """
    return None if _scales(tasks) else tasks.min


def add_scaling(service: ecs.FargateService, tasks: Tasks) -> None:
    """Let the number of `service`'s tasks follow their CPU between `tasks.min` and `tasks.max`.

    Registering the range moves the service into it at once, so a new one has `tasks.min` tasks:
    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
    """
    if _scales(tasks):
        scaling = service.auto_scale_task_count(min_capacity=tasks.min, max_capacity=tasks.max)
        scaling.scale_on_cpu_utilization("Cpu", target_utilization_percent=CPU_PERCENT)


def _scales(tasks: Tasks) -> bool:
    return tasks.max > tasks.min
