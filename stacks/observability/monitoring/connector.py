"""A connector as it is watched: by ECS, by itself, and by the cluster that it reads."""

from collections.abc import Iterator

from environments import Environment, MskExpressKafka, MskKafka, MskServerlessKafka, StreamEnd, TopicEnd
from environments.naming import (
    alarm_name,
    consumer_group,
    ecs_cluster_name,
    ecs_service_name,
    kafka_cluster_name,
    metrics_namespace,
    topic_name,
)
from stacks.observability.alarms import Alarm
from stacks.observability.alarms import connector as alarms
from stacks.observability.metrics.connector import ConnectorMetrics
from stacks.observability.metrics.ecs import ServiceMetrics
from stacks.observability.metrics.msk_groups import GroupMetrics
from stacks.observability.monitoring.monitoring import Graph, Monitoring

DEPLOYMENT = ("connector-stopped", "connector-circuit")
"""Alarms that a bad image or configuration raises, though its tasks run and are healthy."""


def connector_monitoring(environment: Environment, route: str) -> Monitoring:
    """Return the connector; what is measured depends on where its metrics go, and on the cluster."""
    service = ServiceMetrics(ecs_cluster_name(environment), ecs_service_name(environment, route))
    own, group = _own(environment, route), _group(environment, route)
    return Monitoring(
        _subject(route),
        f"Connector {route}",
        (
            *_of_service(environment, route, service),
            *(_of_itself(environment, route, own) if own else ()),
            *(_of_group(environment, route, group) if group and not own else ()),
        ),
        tuple(_graphs(service, own, group)),
    )


def deployment_alarms(environment: Environment, route: str) -> tuple[str, ...]:
    """Return the names of the alarms that shall roll a deployment back; they are made after the service, by name."""
    if not environment.alarms.enabled:
        return ()
    made = connector_monitoring(environment, route).alarms
    return tuple(alarm_name(environment, _subject(route), alarm.name) for alarm in made if alarm.kind in DEPLOYMENT)


def _subject(route: str) -> str:
    return f"connector/{route}"


def _own(environment: Environment, route: str) -> ConnectorMetrics | None:
    if environment.connectors.metrics != "cloudwatch":
        return None
    return ConnectorMetrics(metrics_namespace(environment), route)


def _group(environment: Environment, route: str) -> GroupMetrics | None:
    """What MSK tells of the connector's group; no other cluster tells CloudWatch of any."""
    source = environment.routes[route].source
    if not isinstance(source, TopicEnd) or not isinstance(
        environment.kafka, MskKafka | MskExpressKafka | MskServerlessKafka
    ):
        return None
    return GroupMetrics(
        kafka_cluster_name(environment), consumer_group(environment, route), topic_name(environment, source.topic)
    )


def _of_service(environment: Environment, route: str, metrics: ServiceMetrics) -> Iterator[Alarm]:
    least = environment.routes[route].tasks.min
    yield alarms.not_running(metrics)
    if least > 1:
        yield alarms.too_few_tasks(metrics, least)
    yield alarms.cpu(metrics)
    yield alarms.memory(metrics)


def _of_itself(environment: Environment, route: str, metrics: ConnectorMetrics) -> Iterator[Alarm]:
    described, thresholds = environment.routes[route], environment.alarms.of_route(route)
    yield alarms.late(metrics, thresholds.age)
    yield alarms.lag(metrics, thresholds.lag)
    yield alarms.stopped(metrics)
    yield alarms.circuit_open(metrics)
    yield alarms.throttled(metrics)
    if described.dead_letters is not None:
        yield alarms.dead_letters(metrics)
    if isinstance(described.target, StreamEnd) and described.ordering == "key":
        yield alarms.inversions(metrics)


def _of_group(environment: Environment, route: str, metrics: GroupMetrics) -> Iterator[Alarm]:
    thresholds = environment.alarms.of_route(route)
    yield alarms.group_late(metrics, thresholds.age)
    yield alarms.lag(metrics, thresholds.lag)


def _graphs(service: ServiceMetrics, own: ConnectorMetrics | None, group: GroupMetrics | None) -> Iterator[Graph]:
    yield Graph("Tasks", (service.running().labelled("running"), service.desired().labelled("desired")))
    yield Graph("CPU and memory, %", (service.cpu().labelled("CPU"), service.memory().labelled("memory")))
    if own:
        crossed = (own.consumed().labelled("read"), own.acknowledged().labelled("acknowledged"))
        yield Graph("Records a minute", crossed)
        yield Graph("Records that wait", (own.lag(),))
    elif group:
        yield Graph("Records that wait", (group.lag(),))
        yield Graph("Estimated delay, s", (group.delay(),))
