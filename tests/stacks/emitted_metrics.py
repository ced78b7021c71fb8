"""What services tell CloudWatch: each metric with the dimensions under which it can be found.

Written down from the pages of the services, apart from `stacks.observability.metrics`, so that a mistake there shows.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from connector.metrics.catalogue import METRICS

STREAM = ("StreamName",)
CONSUMER = ("ConsumerName", "StreamName")
DELIVERY = ("DeliveryStreamName",)
CLUSTER = ("Cluster Name",)
BROKER = ("Broker ID", "Cluster Name")
GROUP = ("Cluster Name", "Consumer Group", "Topic")
TOPIC = ("Cluster Name", "Topic")
SERVICE = ("ClusterName", "ServiceName")
MACHINES = ("AutoScalingGroupName",)
ROUTE = ("Route",)

Dimensions = tuple[str, ...]

EMITTED: Mapping[str, Mapping[str, AbstractSet[Dimensions]]] = {
    # https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html
    "AWS/Kinesis": {
        "IncomingBytes": {STREAM},
        "IncomingRecords": {STREAM},
        "GetRecords.Bytes": {STREAM},
        "GetRecords.IteratorAgeMilliseconds": {STREAM},
        "GetRecords.Success": {STREAM},
        "PutRecords.FailedRecords": {STREAM},
        "PutRecords.Success": {STREAM},
        "PutRecords.TotalRecords": {STREAM},
        "ReadProvisionedThroughputExceeded": {STREAM},
        "WriteProvisionedThroughputExceeded": {STREAM},
        "SubscribeToShard.RateExceeded": {CONSUMER},
        "SubscribeToShard.Success": {CONSUMER},
        "SubscribeToShardEvent.MillisBehindLatest": {CONSUMER},
    },
    # https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html
    "AWS/Firehose": dict.fromkeys(
        (
            "BytesPerSecondLimit",
            "DataReadFromKinesisStream.Bytes",
            "DataReadFromSource.Bytes",
            "DeliveryToAmazonOpenSearchServerless.Bytes",
            "DeliveryToAmazonOpenSearchServerless.DataFreshness",
            "DeliveryToAmazonOpenSearchServerless.Success",
            "DeliveryToAmazonOpenSearchService.Bytes",
            "DeliveryToAmazonOpenSearchService.DataFreshness",
            "DeliveryToAmazonOpenSearchService.Success",
            "DeliveryToRedshift.Bytes",
            "DeliveryToRedshift.Success",
            "DeliveryToS3.Bytes",
            "DeliveryToS3.DataFreshness",
            "DeliveryToS3.Success",
            "ExecuteProcessing.Success",
            "FailedConversion.Records",
            "IncomingBytes",
            "IncomingPutRequests",
            "IncomingRecords",
            "KMSKeyAccessDenied",
            "KMSKeyDisabled",
            "KMSKeyInvalidState",
            "KMSKeyNotFound",
            "KafkaOffsetLag",
            "KinesisMillisBehindLatest",
            "PartitionCountExceeded",
            "PutRequestsPerSecondLimit",
            "RecordsPerSecondLimit",
            "ThrottledGetRecords",
            "ThrottledRecords",
        ),
        frozenset({DELIVERY}),
    ),
    # https://docs.aws.amazon.com/msk/latest/developerguide/metrics-details.html, metrics-details-express.html,
    # serverless-monitoring.html
    "AWS/Kafka": {
        "ActiveControllerCount": {CLUSTER},
        "BytesInPerSec": {BROKER, (*BROKER, "Topic"), TOPIC},
        "BytesOutPerSec": {BROKER, (*BROKER, "Topic"), TOPIC},
        "OfflinePartitionsCount": {CLUSTER},
        "StorageUsed": {CLUSTER},
        "EstimatedMaxTimeLag": {GROUP},
        "SumOffsetLag": {GROUP},
        **dict.fromkeys(
            (
                "BwInAllowanceExceeded",
                "BwOutAllowanceExceeded",
                "CPUCreditBalance",
                "ConnectionCount",
                "CpuSystem",
                "CpuUser",
                "FetchThrottleTime",
                "HeapMemoryAfterGC",
                "IAMTooManyConnections",
                "KafkaDataLogsDiskUsed",
                "NetworkProcessorAvgIdlePercent",
                "PartitionCount",
                "ProduceThrottleTime",
                "RequestHandlerAvgIdlePercent",
                "UnderMinIsrPartitionCount",
                "UnderReplicatedPartitions",
            ),
            frozenset({BROKER}),
        ),
    },
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html
    "AWS/ECS": {"CPUUtilization": {SERVICE}, "MemoryUtilization": {SERVICE}},
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html
    "ECS/ContainerInsights": {"RunningTaskCount": {SERVICE}, "DesiredTaskCount": {SERVICE}},
    # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html
    "AWS/EC2": {"CPUUtilization": {MACHINES}, "StatusCheckFailed": {MACHINES}},
    # https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-metrics.html
    "AWS/AutoScaling": {"GroupInServiceInstances": {MACHINES}},
}

PER_BROKER = {
    "BwInAllowanceExceeded",
    "BwOutAllowanceExceeded",
    "FetchThrottleTime",
    "IAMTooManyConnections",
    "NetworkProcessorAvgIdlePercent",
    "ProduceThrottleTime",
    "RequestHandlerAvgIdlePercent",
}
"""What MSK tells from the monitoring level PER_BROKER on."""

STANDARD_ONLY = {
    "BwInAllowanceExceeded",
    "BwOutAllowanceExceeded",
    "CPUCreditBalance",
    "HeapMemoryAfterGC",
    "KafkaDataLogsDiskUsed",
    "OfflinePartitionsCount",
    "UnderMinIsrPartitionCount",
    "UnderReplicatedPartitions",
}
"""What Express brokers do not tell."""

CONNECTOR: Mapping[str, AbstractSet[Dimensions]] = {
    metric.name: {ROUTE} for metric in METRICS if metric.in_cloudwatch and metric.kind != "histogram"
}
"""What connectors tell in the namespace of their environment."""
