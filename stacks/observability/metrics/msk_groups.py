"""What MSK measures of consumer groups, and of the topics of a Serverless cluster.

The metrics of a group come while it is stable or empty and has committed something.
https://docs.aws.amazon.com/msk/latest/developerguide/consumer-lag.html
https://docs.aws.amazon.com/msk/latest/developerguide/serverless-monitoring.html
"""

from stacks.observability.metrics.measurement import FIVE_MINUTES, Metric, Statistic
from stacks.observability.metrics.msk import NAMESPACE


class GroupMetrics:
    """The metrics of a consumer group on one topic of the cluster named `cluster`."""

    def __init__(self, cluster: str, group: str, topic: str) -> None:
        self._dimensions = {"Cluster Name": cluster, "Consumer Group": group, "Topic": topic}

    def _metric(self, name: str, statistic: Statistic) -> Metric:
        return Metric(NAMESPACE, name, self._dimensions, statistic, FIVE_MINUTES)

    def lag(self) -> Metric:
        """Records after the committed offsets, of all partitions together."""
        return self._metric("SumOffsetLag", "Average")

    def delay(self) -> Metric:
        """Estimated seconds until the partition that is most behind is read to its end."""
        return self._metric("EstimatedMaxTimeLag", "Average")


class ServerlessTopicMetrics:
    """The metrics of a topic of the Serverless cluster named `cluster`."""

    def __init__(self, cluster: str, topic: str) -> None:
        self._dimensions = {"Cluster Name": cluster, "Topic": topic}

    def bytes_in(self) -> Metric:
        """Bytes a second that clients send."""
        return Metric(NAMESPACE, "BytesInPerSec", self._dimensions, "Average", FIVE_MINUTES)

    def bytes_out(self) -> Metric:
        """Bytes a second that clients fetch."""
        return Metric(NAMESPACE, "BytesOutPerSec", self._dimensions, "Average", FIVE_MINUTES)
