"""What a connector measures of itself, in CloudWatch's embedded metric format.

The names are those of `connector.metrics.catalogue`, which this room may not import; a test holds
them against it. Every task writes once a minute, counters as what was added since.
"""

from stacks.observability.metrics.measurement import FIVE_MINUTES, MINUTE, Expression, Metric, Statistic

WRITES = 5
"""Lines that a task writes in five minutes."""


class ConnectorMetrics:
    """The metrics of a route in the namespace of its environment. Only with `connectors.metrics: cloudwatch`."""

    def __init__(self, namespace: str, route: str) -> None:
        self._namespace = namespace
        self._route = route

    def _metric(self, name: str, statistic: Statistic, period: int = MINUTE) -> Metric:
        return Metric(self._namespace, name, {"Route": self._route}, statistic, period)

    def lag(self) -> Expression:
        """Records that wait in the topic.

        Each task tells those of its own partitions. Their sum over one minute would be twice too much
        whenever a task writes early; over five it is one in ten off.
        """
        return Expression(
            f"written / {WRITES}",
            {"written": self._metric("lag_records", "Sum", FIVE_MINUTES)},
            "records that wait",
        )

    def backlog(self, hold: float) -> Expression:
        """Seconds that what waits will take at the pace of now; `hold` where nothing at all is taken.

        Both come in the same lines, so it does not matter how many of them fall into a minute.
        """
        return Expression(
            f"IF(taken > 0, 60 * waiting / taken, IF(waiting > 0, {hold:g}, 0))",
            {"waiting": self._metric("lag_records", "Sum"), "taken": self.acknowledged()},
            "seconds behind",
        )

    def age(self) -> Metric:
        """Seconds from a record's timestamp to its acknowledgement, the longest."""
        return self._metric("age_seconds", "Maximum")

    def consumed(self) -> Metric:
        """Records that were read."""
        return self._metric("records_consumed", "Sum")

    def acknowledged(self) -> Metric:
        """Records that the target has taken."""
        return self._metric("records_acknowledged", "Sum")

    def throttled(self) -> Expression:
        """Percent of the records sent that the target refused because they were too much at a time."""
        return Expression(
            "100 * refused / (refused + taken)",
            {
                "refused": self._metric("records_throttled", "Sum", FIVE_MINUTES),
                "taken": self._metric("records_acknowledged", "Sum", FIVE_MINUTES),
            },
            "% throttled",
        )

    def dead_letters(self) -> Metric:
        """Records that went to the dead-letter target."""
        return self._metric("dead_letters", "Sum", FIVE_MINUTES)

    def inversions(self) -> Metric:
        """Sequence numbers not above what their shard had given out before. To streams only."""
        return self._metric("inversions", "Sum", FIVE_MINUTES)

    def stopped_partitions(self) -> Metric:
        """Partitions of a task that stopped."""
        return self._metric("stopped_partitions", "Maximum")

    def circuit(self) -> Metric:
        """0 closed, 1 probing, 2 open: the target takes nothing at all."""
        return self._metric("circuit_state", "Maximum")
