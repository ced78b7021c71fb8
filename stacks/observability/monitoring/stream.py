"""A Kinesis stream as it is watched."""

from collections.abc import Iterator

from environments import Environment, ProvisionedStream, StreamEnd
from environments.naming import stream_name
from stacks.observability.alarms import Alarm
from stacks.observability.alarms import kinesis as alarms
from stacks.observability.metrics.kinesis import StreamMetrics
from stacks.observability.monitoring.monitoring import Graph, Monitoring


def stream_monitoring(environment: Environment, name: str) -> Iterator[Monitoring]:
    """Yield the stream, and each of its registered consumers.

    Nothing is said about single shards: a reshard gives them other names.
    """
    described = environment.streams[name]
    metrics = StreamMetrics(stream_name(environment, name))
    yield Monitoring(
        f"stream/{name}",
        f"Stream {name}",
        tuple(_alarms(environment, name, metrics)),
        (
            Graph("Written, bytes", (metrics.incoming_bytes(),)),
            Graph("Written, records", (metrics.incoming_records(),)),
            Graph("Age of what is read, ms", (metrics.iterator_age(),)),
            Graph(
                "Share refused",
                (metrics.throttled_writes().labelled("writes"), metrics.throttled_reads().labelled("reads")),
            ),
        ),
    )
    for consumer in described.consumers:
        yield Monitoring(
            f"stream/{name}/consumer/{consumer}",
            f"Consumer {consumer} of stream {name}",
            (
                alarms.consumer_behind(metrics, consumer, environment.alarms.of_stream(name).iterator_age),
                alarms.consumer_refused(metrics, consumer),
                alarms.consumer_throttled(metrics, consumer),
            ),
            (
                Graph("Behind the end, ms", (metrics.consumer_delay(consumer),)),
                Graph("Share of calls that succeed", (metrics.consumer_success(consumer),)),
            ),
        )


def _alarms(environment: Environment, name: str, metrics: StreamMetrics) -> Iterator[Alarm]:
    described = environment.streams[name]
    thresholds = environment.alarms.of_stream(name)
    yield alarms.iterator_age(
        metrics, thresholds.iterator_age, missing="breaching" if _is_polled(environment, name) else "notBreaching"
    )
    yield alarms.expiring(metrics, described.retention)
    yield alarms.write_throttled(metrics)
    yield alarms.read_throttled(metrics)
    yield alarms.write_failed(metrics)
    yield alarms.write_unavailable(metrics)
    yield alarms.read_unavailable(metrics)
    if isinstance(described, ProvisionedStream):
        yield alarms.capacity(metrics, described.shards)


def _is_polled(environment: Environment, stream: str) -> bool:
    """Whether something of the environment reads the stream all the time; Firehose and the connector poll."""
    ends = [
        *(delivery.source for delivery in environment.deliveries.values()),
        *(route.source for route in environment.routes.values()),
    ]
    return any(isinstance(end, StreamEnd) and end.stream == stream for end in ends)
