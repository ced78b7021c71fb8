"""What Firehose measures of a delivery stream.

https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html
"""

from typing import Literal

from stacks.observability.metrics.measurement import FIVE_MINUTES, Expression, Metric, Statistic

NAMESPACE = "AWS/Firehose"

Destination = Literal["S3", "Redshift", "AmazonOpenSearchService", "AmazonOpenSearchServerless"]
"""The destinations as they stand in the names of metrics."""


class DeliveryMetrics:
    """The metrics of the delivery stream that Firehose knows as `name`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def _metric(self, name: str, statistic: Statistic) -> Metric:
        return Metric(NAMESPACE, name, {"DeliveryStreamName": self._name}, statistic, FIVE_MINUTES)

    def incoming_bytes(self) -> Metric:
        """Bytes that were put."""
        return self._metric("IncomingBytes", "Sum")

    def incoming_records(self) -> Metric:
        """Records that were put."""
        return self._metric("IncomingRecords", "Sum")

    def used_limit(self) -> Expression:
        """Percent of the delivery stream's own limits: bytes, records or calls, whichever is most. Direct PUT only."""
        return Expression(
            "100 * MAX([bytes / 300 / mostbytes, records / 300 / mostrecords, calls / 300 / mostcalls])",
            {
                "bytes": self.incoming_bytes(),
                "records": self.incoming_records(),
                "calls": self._metric("IncomingPutRequests", "Sum"),
                "mostbytes": self._metric("BytesPerSecondLimit", "Minimum"),
                "mostrecords": self._metric("RecordsPerSecondLimit", "Minimum"),
                "mostcalls": self._metric("PutRequestsPerSecondLimit", "Minimum"),
            },
            "% of the limit",
        )

    def throttled_records(self) -> Metric:
        """Records that were refused because they were too much. Direct PUT only."""
        return self._metric("ThrottledRecords", "Sum")

    def freshness(self, destination: Destination) -> Metric:
        """Seconds that the oldest record waits that is not delivered.

        Redshift has none of its own: the objects from which it copies tell.
        """
        where = "S3" if destination == "Redshift" else destination
        return self._metric(f"DeliveryTo{where}.DataFreshness", "Maximum")

    def success(self, destination: Destination) -> Metric:
        """Share of what was delivered of what was tried."""
        return self._metric(f"DeliveryTo{destination}.Success", "Average")

    def delivered_bytes(self, destination: Destination) -> Metric:
        """Bytes that were delivered."""
        return self._metric(f"DeliveryTo{destination}.Bytes", "Sum")

    def read_from_stream(self) -> Metric:
        """Bytes that were read from the source, a stream."""
        return self._metric("DataReadFromKinesisStream.Bytes", "Sum")

    def read_from_topic(self) -> Metric:
        """Bytes that were read from the source, a topic."""
        return self._metric("DataReadFromSource.Bytes", "Sum")

    def behind_stream(self) -> Metric:
        """Milliseconds that the last record read is behind the newest one of the source, a stream."""
        return self._metric("KinesisMillisBehindLatest", "Maximum")

    def throttled_source(self) -> Metric:
        """GetRecords calls to the source, a stream, that were refused because others read too much of it."""
        return self._metric("ThrottledGetRecords", "Sum")

    def behind_topic(self) -> Metric:
        """Records of the source, a topic, that are not read yet."""
        return self._metric("KafkaOffsetLag", "Maximum")

    def partitions_exceeded(self) -> Metric:
        """1 while there are more partitions than Firehose keeps open. Dynamic partitioning only."""
        return self._metric("PartitionCountExceeded", "Maximum")

    def failed_conversions(self) -> Metric:
        """Records that could not be converted. Conversion to Parquet or ORC only."""
        return self._metric("FailedConversion.Records", "Sum")

    def transformation_success(self) -> Metric:
        """Share of the calls of the Lambda function that succeeded. Transformation only."""
        return self._metric("ExecuteProcessing.Success", "Average")

    def key_refused(self) -> Expression:
        """How often the key could not be used, for any of the four reasons. Own keys only."""
        reasons = ("KMSKeyAccessDenied", "KMSKeyDisabled", "KMSKeyInvalidState", "KMSKeyNotFound")
        metrics = {f"m{place}": self._metric(reason, "Sum") for place, reason in enumerate(reasons)}
        return Expression(f"SUM([{', '.join(metrics)}])", metrics, "key refused")
