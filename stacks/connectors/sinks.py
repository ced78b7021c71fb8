"""The sink of a connector: the end of a route in the connector's own words."""

from connector.config import FirehoseLimits, FirehoseSink, FromField, FromHeader, KinesisSink, Sink
from connector.config import PartitionKey as SinkPartitionKey
from environments import Delivery, DeliveryEnd, Environment, OpenSearchDelivery, Route, S3Delivery, StreamEnd
from environments import FromField as RouteField
from environments import FromHeader as RouteHeader
from environments.naming import delivery_name, stream_name
from stacks.connectors.cannot_render import CannotRenderError

DEAGGREGATED_MESSAGES = 500
"""As many messages in one record are as Firehose takes apart again, which dynamic partitioning does.

https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-multirecord-deaggergation.html
"""


def sink(environment: Environment, route: str) -> Sink:
    """Return the sink of the route named `route`.

    Raises:
        CannotRenderError: the route leads to what `stacks.refusals` refuses.
    """
    described = environment.routes[route]
    match described.target:
        case StreamEnd(stream=name):
            return KinesisSink(
                kind="kinesis",
                stream=stream_name(environment, name),
                region=environment.region,
                partition_key=_partition_key(described),
                explicit_hash_key=_explicit_hash_key(described),
                aggregation=described.aggregation,
            )
        case DeliveryEnd(delivery=name):
            delivery = environment.deliveries[name]
            return FirehoseSink(
                kind="firehose",
                delivery_stream=delivery_name(environment, name),
                region=environment.region,
                packing=described.packing,
                delimiter=described.delimiter or ("none" if isinstance(delivery, OpenSearchDelivery) else "newline"),
                limits=_limits(delivery),
            )
    raise CannotRenderError(f"routes.{route}: a route to a topic cannot be rendered")


def _partition_key(route: Route) -> SinkPartitionKey:
    match route.partition_key:
        case RouteHeader(header=name):
            return FromHeader(header=name)
        case RouteField(field=path):
            return FromField(field=path)
        case word:
            return word


def _explicit_hash_key(route: Route) -> str | FromHeader | None:
    match route.explicit_hash_key:
        case RouteHeader(header=name):
            return FromHeader(header=name)
        case number:
            return number


def _limits(delivery: Delivery) -> FirehoseLimits:
    taken_apart = isinstance(delivery, S3Delivery) and bool(delivery.partition_by)
    return FirehoseLimits(messages=DEAGGREGATED_MESSAGES if taken_apart else None)
