"""What Kinesis measures of a stream.

https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html
"""

from stacks.observability.metrics.measurement import Expression, Metric, Statistic

NAMESPACE = "AWS/Kinesis"

SHARD_BYTES = 1 << 20
SHARD_RECORDS = 1000
"""What one shard takes in a second."""


class StreamMetrics:
    """The metrics of the stream that Kinesis knows as `name`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def _of_stream(self, name: str, statistic: Statistic) -> Metric:
        return Metric(NAMESPACE, name, {"StreamName": self._name}, statistic)

    def _of_consumer(self, name: str, consumer: str, statistic: Statistic) -> Metric:
        return Metric(NAMESPACE, name, {"StreamName": self._name, "ConsumerName": consumer}, statistic)

    def incoming_bytes(self) -> Metric:
        """Bytes that were written."""
        return self._of_stream("IncomingBytes", "Sum")

    def incoming_records(self) -> Metric:
        """Records that were written."""
        return self._of_stream("IncomingRecords", "Sum")

    def outgoing_bytes(self) -> Metric:
        """Bytes that were read by polling."""
        return self._of_stream("GetRecords.Bytes", "Sum")

    def used_capacity(self, shards: int) -> Expression:
        """Percent of what `shards` take, of bytes or of records, whichever is more."""
        return Expression(
            f"100 * MAX([bytes / {60 * shards * SHARD_BYTES}, records / {60 * shards * SHARD_RECORDS}])",
            {"bytes": self.incoming_bytes(), "records": self.incoming_records()},
            "% of the shards' capacity",
        )

    def iterator_age(self) -> Metric:
        """Milliseconds between the end of the stream and the last record of the latest GetRecords."""
        return self._of_stream("GetRecords.IteratorAgeMilliseconds", "Maximum")

    def read_success(self) -> Metric:
        """Share of the GetRecords calls that succeeded."""
        return self._of_stream("GetRecords.Success", "Average")

    def write_success(self) -> Metric:
        """Share of the PutRecords calls in which at least one record was taken."""
        return self._of_stream("PutRecords.Success", "Average")

    def failed_records(self) -> Expression:
        """Percent of the records of PutRecords calls that failed inside of Kinesis."""
        return Expression(
            "100 * failed / total",
            {
                "failed": self._of_stream("PutRecords.FailedRecords", "Sum"),
                "total": self._of_stream("PutRecords.TotalRecords", "Sum"),
            },
            "% failed",
        )

    def throttled_writes(self) -> Metric:
        """Share of writes that were refused because they were too much."""
        return self._of_stream("WriteProvisionedThroughputExceeded", "Average")

    def throttled_reads(self) -> Metric:
        """Share of reads that were refused because they were too much."""
        return self._of_stream("ReadProvisionedThroughputExceeded", "Average")

    def consumer_delay(self, consumer: str) -> Metric:
        """Milliseconds that a registered consumer is behind the end of the stream."""
        return self._of_consumer("SubscribeToShardEvent.MillisBehindLatest", consumer, "Maximum")

    def consumer_success(self, consumer: str) -> Metric:
        """Share of the SubscribeToShard calls of a registered consumer that succeeded."""
        return self._of_consumer("SubscribeToShard.Success", consumer, "Average")

    def consumer_throttled(self, consumer: str) -> Metric:
        """Share of the SubscribeToShard calls of a registered consumer that came too often."""
        return self._of_consumer("SubscribeToShard.RateExceeded", consumer, "Average")
