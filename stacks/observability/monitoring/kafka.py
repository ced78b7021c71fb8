"""The Kafka cluster as it is watched: what MSK, or EC2 below Kafka, tells CloudWatch.

An external cluster tells CloudWatch nothing. Kafka on EC2 tells Prometheus, and only its machines CloudWatch.
"""

from collections.abc import Iterator

from environments import Ec2Kafka, Environment, MskExpressKafka, MskKafka, MskServerlessKafka
from environments.naming import kafka_cluster_name, kafka_node_name, topic_name
from stacks.kafka.ec2.nodes import cluster_of
from stacks.observability.alarms import Alarm
from stacks.observability.alarms import ec2 as node_alarms
from stacks.observability.alarms import msk as alarms
from stacks.observability.metrics.ec2 import GroupOfMachinesMetrics
from stacks.observability.metrics.msk import ClusterMetrics, ExpressMetrics, StandardMetrics
from stacks.observability.metrics.msk_groups import ServerlessTopicMetrics
from stacks.observability.monitoring.monitoring import Graph, Monitoring

CLUSTER = "kafka/cluster"
MOST_LINES = 10
"""What can be told apart in one graph."""


def kafka_monitoring(environment: Environment) -> Iterator[Monitoring]:
    """Yield the cluster, and each of its brokers, as far as CloudWatch knows them."""
    name = kafka_cluster_name(environment)
    match environment.kafka:
        case MskKafka() as kafka:
            yield from _standard(kafka, StandardMetrics(name))
        case MskExpressKafka() as express:
            yield from _express(express, ExpressMetrics(name))
        case MskServerlessKafka():
            yield _serverless(environment, name)
        case Ec2Kafka() as machines:
            yield from _machines(environment, machines)


def _standard(kafka: MskKafka, metrics: StandardMetrics) -> Iterator[Monitoring]:
    yield Monitoring(
        CLUSTER,
        "Kafka",
        (alarms.no_controller(metrics), alarms.offline_partitions(metrics)),
        (Graph("Active controllers", (metrics.active_controllers(),)), *_traffic(metrics, kafka.brokers)),
    )
    for broker in range(1, kafka.brokers + 1):
        yield Monitoring(
            f"kafka/broker-{broker}",
            f"Broker {broker}",
            tuple(_of_standard_broker(kafka, metrics, broker)),
            (
                Graph("CPU, %", (metrics.cpu(broker),)),
                Graph("Disk, %", (metrics.data_disk_used(broker),)),
                Graph("Heap, %", (metrics.heap_used(broker),)),
                Graph("Partitions that lack replicas", (metrics.under_replicated(broker),)),
            ),
        )


def _of_standard_broker(kafka: MskKafka, metrics: StandardMetrics, broker: int) -> Iterator[Alarm]:
    yield alarms.cpu(metrics, broker)
    yield alarms.disk(metrics, broker)
    yield alarms.disk_filling(metrics, broker)
    yield alarms.under_replicated(metrics, broker)
    yield alarms.under_min_insync(metrics, broker)
    yield alarms.heap(metrics, broker)
    if kafka.instance.startswith("kafka.t3."):
        yield alarms.credits_used_up(metrics, broker)
    if kafka.monitoring != "default":
        yield alarms.busy_threads(metrics, broker)
        yield alarms.shaped_traffic(metrics, broker)
        if "iam" in kafka.auth:
            yield alarms.rejected_iam(metrics, broker)


def _express(kafka: MskExpressKafka, metrics: ExpressMetrics) -> Iterator[Monitoring]:
    yield Monitoring(
        CLUSTER,
        "Kafka",
        (alarms.no_controller(metrics), alarms.unusual_storage(metrics)),
        (Graph("Storage used, bytes", (metrics.storage_used(),)), *_traffic(metrics, kafka.brokers)),
    )
    for broker in range(1, kafka.brokers + 1):
        yield Monitoring(
            f"kafka/broker-{broker}",
            f"Broker {broker}",
            tuple(_of_express_broker(kafka, metrics, broker)),
            (
                Graph("CPU, %", (metrics.cpu(broker),)),
                Graph("Connections", (metrics.connections(broker),)),
                Graph("Partitions", (metrics.partitions(broker),)),
            ),
        )


def _of_express_broker(kafka: MskExpressKafka, metrics: ExpressMetrics, broker: int) -> Iterator[Alarm]:
    yield alarms.cpu(metrics, broker)
    if kafka.monitoring != "default":
        yield alarms.produce_throttled(metrics, broker)
        yield alarms.fetch_throttled(metrics, broker)
        if "iam" in kafka.auth:
            yield alarms.rejected_iam(metrics, broker)


def _serverless(environment: Environment, cluster: str) -> Monitoring:
    """MSK runs the brokers and tells nothing of them; how far groups are behind stands with the connectors."""
    topics = [
        (topic, ServerlessTopicMetrics(cluster, topic_name(environment, topic)))
        for topic in list(environment.topics)[:MOST_LINES]
    ]
    return Monitoring(
        CLUSTER,
        "Kafka",
        (),
        (
            Graph("Written, bytes a second", tuple(metrics.bytes_in().labelled(topic) for topic, metrics in topics)),
            Graph("Read, bytes a second", tuple(metrics.bytes_out().labelled(topic) for topic, metrics in topics)),
        )
        if topics
        else (),
    )


def _machines(environment: Environment, kafka: Ec2Kafka) -> Iterator[Monitoring]:
    for node in cluster_of(environment, kafka).nodes:
        metrics = GroupOfMachinesMetrics(kafka_node_name(environment, node.short_name))
        yield Monitoring(
            f"kafka/{node.short_name}",
            f"Kafka {node.short_name}",
            (node_alarms.failed_checks(metrics), node_alarms.not_in_service(metrics)),
            (
                Graph("CPU, %", (metrics.cpu(),)),
                Graph("Machines in service", (metrics.in_service(),)),
            ),
        )


def _traffic(metrics: ClusterMetrics, brokers: int) -> tuple[Graph, Graph]:
    shown = range(1, min(brokers, MOST_LINES) + 1)
    return (
        Graph("Written, bytes a second", tuple(metrics.bytes_in(each).labelled(f"broker {each}") for each in shown)),
        Graph("Read, bytes a second", tuple(metrics.bytes_out(each).labelled(f"broker {each}") for each in shown)),
    )
