"""A Firehose delivery as it is watched."""

from collections.abc import Iterator

from environments import Environment, OpenSearchDelivery, RedshiftDelivery, S3Delivery, StreamEnd
from environments.naming import delivery_name
from stacks.observability.alarms import Alarm
from stacks.observability.alarms import firehose as alarms
from stacks.observability.metrics.firehose import DeliveryMetrics, Destination
from stacks.observability.monitoring.monitoring import Graph, Monitoring


def delivery_monitoring(environment: Environment, name: str) -> Monitoring:
    """Return the delivery; what is measured depends on its source, its destination and its features."""
    metrics = DeliveryMetrics(delivery_name(environment, name))
    destination = _destination(environment, name)
    return Monitoring(
        f"delivery/{name}",
        f"Delivery {name}",
        tuple(_alarms(environment, name, metrics, destination)),
        (
            _incoming(environment, name, metrics),
            Graph("Delivered, bytes", (metrics.delivered_bytes(destination),)),
            Graph("Oldest record that waits, s", (metrics.freshness(destination),)),
            Graph("Share delivered", (metrics.success(destination),)),
        ),
    )


def _destination(environment: Environment, name: str) -> Destination:
    match environment.deliveries[name]:
        case RedshiftDelivery():
            return "Redshift"
        case OpenSearchDelivery() as delivery:
            return "AmazonOpenSearchService" if delivery.collection is None else "AmazonOpenSearchServerless"
    return "S3"


def _incoming(environment: Environment, name: str, metrics: DeliveryMetrics) -> Graph:
    source = environment.deliveries[name].source
    if source is None:
        return Graph("Put, bytes", (metrics.incoming_bytes(),))
    read = metrics.read_from_stream() if isinstance(source, StreamEnd) else metrics.read_from_topic()
    return Graph("Read from the source, bytes", (read,))


def _alarms(environment: Environment, name: str, metrics: DeliveryMetrics, destination: Destination) -> Iterator[Alarm]:
    delivery = environment.deliveries[name]
    given = environment.alarms.of_delivery(name).freshness
    yield alarms.freshness(metrics, destination, interval=delivery.buffer.interval, given=given)
    yield alarms.failing(metrics, destination)
    if delivery.source is None:
        yield alarms.limit(metrics)
        yield alarms.throttled(metrics)
        if environment.security.own_key:
            yield alarms.key_refused(metrics)
    elif isinstance(delivery.source, StreamEnd):
        yield alarms.behind_stream(metrics)
        yield alarms.source_throttled(metrics)
    else:
        yield alarms.behind_topic(metrics)
    if delivery.transform is not None:
        yield alarms.failing_transformation(metrics)
    if isinstance(delivery, S3Delivery):
        if delivery.partition_by:
            yield alarms.too_many_partitions(metrics)
        if delivery.convert is not None:
            yield alarms.failed_conversions(metrics)
