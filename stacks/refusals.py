"""What an environment may describe and the stacks cannot provision.

The model of an environment file is wider than the stacks are. What is not provisioned is refused
before anything is built: a part of a file that is silently skipped would look deployed.
"""

from collections.abc import Iterator

from pydantic import ValidationError

from environments import (
    Environment,
    Finding,
    NewNetwork,
    StreamEnd,
    TopicEnd,
)
from environments.quantities import format_size
from stacks.connectors.cannot_render import CannotRenderError
from stacks.connectors.configuration import LONGEST_BYTES, render_configuration
from stacks.connectors.image import ecr_region
from stacks.observability.stack import MOST_ALARMS, alarm_count

_NOT_YET = "is not provisioned by the stacks yet"


def refusals(environment: Environment) -> tuple[Finding, ...]:
    """Return everything in `environment` that the stacks cannot provision."""
    return (
        *_routes(environment),
        *_image(environment),
        *_alarms(environment),
    )


def _routes(environment: Environment) -> Iterator[Finding]:
    for name, route in environment.routes.items():
        place = ("routes", name)
        way_out = "describe a route from a topic to a stream or a delivery, or take the route out"
        findings: list[Finding] = []
        match route.source:
            case StreamEnd(stream=stream):
                findings.append(Finding(_NOT_YET, way_out, (*place, "from"), f"stream {stream}"))
        match route.target:
            case TopicEnd(topic=topic):
                findings.append(Finding(_NOT_YET, way_out, (*place, "to"), f"topic {topic}"))
        yield from findings or _rendering(environment, name)


def _rendering(environment: Environment, route: str) -> Iterator[Finding]:
    """Yield what the connector or SSM would refuse in a route that is provisioned."""
    try:
        rendered = render_configuration(environment, route)
    except CannotRenderError:
        return  # The cluster, which has a finding of its own.
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            place = ".".join(str(part) for part in detail["loc"])
            yield Finding(
                f"is refused by the connector as its {place}: {detail['msg']}",
                "correct the name or address that it is made of",
                ("routes", route),
                str(detail["input"]),
            )
        return
    yield from _large_records(environment, route, rendered.largest_record)
    if rendered.size > LONGEST_BYTES:
        yield Finding(
            f"is above the {LONGEST_BYTES} bytes that an SSM parameter holds",
            "put the addresses into a parameter of their own, kafka.bootstrap: ssm:/path",
            ("routes", route),
            f"a configuration of {rendered.size} bytes",
        )


def _large_records(environment: Environment, route: str, largest: int) -> Iterator[Finding]:
    """Yield what the connector would refuse when it starts and learns the limit of its stream."""
    described = environment.routes[route]
    if not isinstance(described.target, StreamEnd):
        return
    limit = environment.streams[described.target.stream].max_record_size
    if limit > largest:
        yield Finding(
            f"is too little for {described.processes} processes of route {route} to hold records of "
            f"{format_size(limit)}, which streams.{described.target.stream}.max_record_size allows",
            f"raise it, lower routes.{route}.processes, or lower max_record_size to {format_size(largest)} or less",
            ("connectors", "memory"),
            format_size(environment.connectors.memory),
        )


def _image(environment: Environment) -> Iterator[Finding]:
    settings, network = environment.connectors, environment.network
    if environment.sandbox or not isinstance(network, NewNetwork) or network.nat:
        return
    own = "take it out to have the checkout's own built, "
    named: list[tuple[tuple[str, ...], str, str]] = []
    if environment.routes and settings.image:
        named.append((("connectors", "image"), settings.image, own))
    if environment.routes and settings.prometheus:
        named.append((("connectors", "prometheus", "image"), settings.prometheus.image, ""))
    if settings.autoscaler:
        named.append((("connectors", "autoscaler", "image"), settings.autoscaler.image, ""))
    for path, image, other in named:
        # Interface endpoints reach their own region only.
        if ecr_region(image) != environment.region:
            yield Finding(
                f"cannot be pulled: a network without NAT reaches images in Amazon ECR of {environment.region} only",
                f"push it there, {other}or set network.nat: true",
                path,
                image,
            )


def _alarms(environment: Environment) -> Iterator[Finding]:
    count = alarm_count(environment)
    if count > MOST_ALARMS:
        yield Finding(
            f"makes {count} alarms, above the {MOST_ALARMS} that a CloudFormation stack has room for",
            "split the environment in two, or set it to false and bring alarms of your own",
            ("alarms", "enabled"),
            "true",
        )
