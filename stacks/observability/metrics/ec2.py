"""What EC2 and Auto Scaling measure of a group of machines.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html
https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-metrics.html
"""

from stacks.observability.metrics.measurement import Metric, Statistic

NAMESPACE = "AWS/EC2"
AUTO_SCALING = "AWS/AutoScaling"
"""Only of groups that collect their metrics."""


class GroupOfMachinesMetrics:
    """The metrics of the machines of the Auto Scaling group named `name`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def _metric(self, namespace: str, name: str, statistic: Statistic) -> Metric:
        return Metric(namespace, name, {"AutoScalingGroupName": self._name}, statistic)

    def failed_checks(self) -> Metric:
        """1 while a machine does not pass the checks of EC2."""
        return self._metric(NAMESPACE, "StatusCheckFailed", "Maximum")

    def cpu(self) -> Metric:
        """Percent of the CPU in use."""
        return self._metric(NAMESPACE, "CPUUtilization", "Average")

    def in_service(self) -> Metric:
        """Machines that work."""
        return self._metric(AUTO_SCALING, "GroupInServiceInstances", "Minimum")
