"""Everything of an environment that is watched."""

from collections.abc import Iterator

from environments import Environment
from stacks.observability.monitoring.connector import connector_monitoring
from stacks.observability.monitoring.delivery import delivery_monitoring
from stacks.observability.monitoring.kafka import kafka_monitoring
from stacks.observability.monitoring.monitoring import Monitoring
from stacks.observability.monitoring.stream import stream_monitoring


def monitorings(environment: Environment) -> tuple[Monitoring, ...]:
    """Return each resource of `environment` with its alarms and graphs, in the order of the dashboard."""
    return tuple(_all(environment))


def _all(environment: Environment) -> Iterator[Monitoring]:
    for route in environment.routes:
        yield connector_monitoring(environment, route)
    yield from kafka_monitoring(environment)
    for stream in environment.streams:
        yield from stream_monitoring(environment, stream)
    for delivery in environment.deliveries:
        yield delivery_monitoring(environment, delivery)
