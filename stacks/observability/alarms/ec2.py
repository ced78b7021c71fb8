"""When something is wrong with a machine of Kafka's on EC2.

Kafka itself is watched by Prometheus: see `stacks/observability/prometheus`.
"""

from stacks.observability.alarms.alarm import Alarm
from stacks.observability.metrics.ec2 import GroupOfMachinesMetrics


def failed_checks(metrics: GroupOfMachinesMetrics) -> Alarm:
    """The machine or what is under it is broken."""
    return Alarm(
        kind="node-failed-checks",
        text="The machine does not pass the status checks of EC2",
        severity="warning",
        measurement=metrics.failed_checks(),
        comparison="GreaterThanThreshold",
        threshold=0,
        bad=3,
        of=3,
        missing="notBreaching",
    )


def not_in_service(metrics: GroupOfMachinesMetrics) -> Alarm:
    """The node is gone. A deployment replaces a machine within half an hour."""
    return Alarm(
        kind="node-gone",
        text="The node has had no machine in service for 30 minutes",
        severity="critical",
        measurement=metrics.in_service(),
        comparison="LessThanThreshold",
        threshold=1,
        bad=30,
        of=30,
        missing="breaching",
    )
