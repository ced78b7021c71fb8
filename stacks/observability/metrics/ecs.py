"""What ECS measures of a service.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html
"""

from stacks.observability.metrics.measurement import Metric, Statistic

NAMESPACE = "AWS/ECS"
INSIGHTS = "ECS/ContainerInsights"
"""Only of clusters with Container Insights."""


class ServiceMetrics:
    """The metrics of a service in a cluster, both by their names in ECS."""

    def __init__(self, cluster: str, service: str) -> None:
        self._dimensions = {"ClusterName": cluster, "ServiceName": service}

    def _metric(self, namespace: str, name: str, statistic: Statistic) -> Metric:
        return Metric(namespace, name, self._dimensions, statistic)

    def cpu(self) -> Metric:
        """Percent of the CPU that the tasks have, in the mean."""
        return self._metric(NAMESPACE, "CPUUtilization", "Average")

    def memory(self) -> Metric:
        """Percent of the memory that the tasks have, in the mean."""
        return self._metric(NAMESPACE, "MemoryUtilization", "Average")

    def running(self) -> Metric:
        """Tasks that run."""
        return self._metric(INSIGHTS, "RunningTaskCount", "Average")

    def desired(self) -> Metric:
        """Tasks that should run."""
        return self._metric(INSIGHTS, "DesiredTaskCount", "Average")
