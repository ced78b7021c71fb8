"""What MSK measures of a cluster with brokers, standard or Express.

Standard: https://docs.aws.amazon.com/msk/latest/developerguide/metrics-details.html
Express: https://docs.aws.amazon.com/msk/latest/developerguide/metrics-details-express.html
"""

from stacks.observability.metrics.measurement import FIVE_MINUTES, MINUTE, Expression, Metric, Statistic

NAMESPACE = "AWS/Kafka"


class ClusterMetrics:
    """The metrics of the cluster named `name` that both kinds of brokers have."""

    def __init__(self, name: str) -> None:
        self._name = name

    def _of_cluster(self, name: str, statistic: Statistic, period: int = MINUTE) -> Metric:
        return Metric(NAMESPACE, name, {"Cluster Name": self._name}, statistic, period)

    def _of_broker(self, name: str, broker: int, statistic: Statistic, period: int = FIVE_MINUTES) -> Metric:
        return Metric(NAMESPACE, name, {"Cluster Name": self._name, "Broker ID": str(broker)}, statistic, period)

    def active_controllers(self) -> Metric:
        """Controllers that are active: one, always."""
        return self._of_cluster("ActiveControllerCount", "Maximum")

    def cpu(self, broker: int) -> Expression:
        """Percent of the CPU that a broker uses."""
        return Expression(
            "user + system",
            {
                "user": self._of_broker("CpuUser", broker, "Average"),
                "system": self._of_broker("CpuSystem", broker, "Average"),
            },
            f"CPU of broker {broker}",
        )

    def bytes_in(self, broker: int) -> Metric:
        """Bytes a second that clients send to a broker."""
        return self._of_broker("BytesInPerSec", broker, "Average")

    def bytes_out(self, broker: int) -> Metric:
        """Bytes a second that clients fetch from a broker."""
        return self._of_broker("BytesOutPerSec", broker, "Average")

    def connections(self, broker: int) -> Metric:
        """Connections that a broker has."""
        return self._of_broker("ConnectionCount", broker, "Maximum")

    def rejected_iam_connections(self, broker: int) -> Metric:
        """Connections refused because more than 100 logged in by IAM at a time. From PER_BROKER on."""
        return self._of_broker("IAMTooManyConnections", broker, "Sum")

    def partitions(self, broker: int) -> Metric:
        """Replicas of partitions that a broker holds."""
        return self._of_broker("PartitionCount", broker, "Maximum")


class StandardMetrics(ClusterMetrics):
    """What standard brokers have besides."""

    def offline_partitions(self) -> Metric:
        """Partitions without a leader: nobody can read or write them."""
        return self._of_cluster("OfflinePartitionsCount", "Maximum")

    def under_replicated(self, broker: int) -> Metric:
        """Partitions led by a broker that have fewer replicas in sync than they should."""
        return self._of_broker("UnderReplicatedPartitions", broker, "Maximum")

    def under_min_insync(self, broker: int) -> Metric:
        """Partitions led by a broker that take no writes with acks=all."""
        return self._of_broker("UnderMinIsrPartitionCount", broker, "Maximum", MINUTE)

    def data_disk_used(self, broker: int) -> Metric:
        """Percent of the disk that holds the topics."""
        return self._of_broker("KafkaDataLogsDiskUsed", broker, "Maximum")

    def heap_used(self, broker: int) -> Metric:
        """Percent of the heap that is in use after a garbage collection."""
        return self._of_broker("HeapMemoryAfterGC", broker, "Average")

    def cpu_credits(self, broker: int) -> Metric:
        """Credits that are left. Burstable sizes (t3) only."""
        return self._of_broker("CPUCreditBalance", broker, "Minimum")

    def idle_handlers(self, broker: int) -> Expression:
        """Share of time that request handlers and network threads are idle, whichever is less. From PER_BROKER on."""
        return Expression(
            "MIN([requests, network])",
            {
                "requests": self._of_broker("RequestHandlerAvgIdlePercent", broker, "Average"),
                "network": self._of_broker("NetworkProcessorAvgIdlePercent", broker, "Average"),
            },
            f"idle threads of broker {broker}",
        )

    def shaped_traffic(self, broker: int) -> Expression:
        """Packets held back because the machine's bandwidth was used up, in or out. From PER_BROKER on."""
        return Expression(
            "inward + outward",
            {
                "inward": self._of_broker("BwInAllowanceExceeded", broker, "Sum"),
                "outward": self._of_broker("BwOutAllowanceExceeded", broker, "Sum"),
            },
            f"packets of broker {broker} held back",
        )


class ExpressMetrics(ClusterMetrics):
    """What Express brokers have besides."""

    def storage_used(self) -> Metric:
        """Bytes that all topics take, replicas not counted."""
        return self._of_cluster("StorageUsed", "Average", FIVE_MINUTES)

    def produce_throttle(self, broker: int) -> Metric:
        """Milliseconds for which producers are held back. From PER_BROKER on."""
        return self._of_broker("ProduceThrottleTime", broker, "Average")

    def fetch_throttle(self, broker: int) -> Metric:
        """Milliseconds for which consumers are held back. From PER_BROKER on."""
        return self._of_broker("FetchThrottleTime", broker, "Average")
