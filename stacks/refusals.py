"""What an environment may describe and the stacks cannot provision.

The model of an environment file is wider than the stacks are. What is not provisioned is refused
before anything is built: a part of a file that is silently skipped would look deployed.
"""

from collections.abc import Iterator

from pydantic import ValidationError

from environments import (
    DeliveryEnd,
    Environment,
    ExternalKafka,
    NewNetwork,
    Problem,
    StreamEnd,
    TopicEnd,
)
from stacks.connectors.configuration import LONGEST_BYTES, render_configuration
from stacks.connectors.image import is_ecr_image

_NOT_YET = "is not provisioned by the stacks yet"


def refusals(environment: Environment, *, file: str) -> tuple[Problem, ...]:
    """Return everything in `environment`, read from `file`, that the stacks cannot provision."""
    return tuple(
        Problem(file=file, line=None, path=path, value=value, rule=rule, remedy=remedy)
        for path, value, rule, remedy in (
            *_kafka(environment),
            *_streams(environment),
            *_deliveries(environment),
            *_routes(environment),
            *_image(environment),
        )
    )


_Refusal = tuple[str, str, str, str]


def _kafka(environment: Environment) -> Iterator[_Refusal]:
    kafka = environment.kafka
    if not isinstance(kafka, ExternalKafka):
        yield (
            "kafka.kind",
            kafka.kind,
            _NOT_YET,
            "use 'external' and give the addresses of a cluster that stands in `bootstrap`",
        )
        return
    if kafka.auth != "none":
        remedy = "use 'none', with `tls: true` where the brokers speak TLS"
        yield "kafka.auth", kafka.auth, _NOT_YET, remedy
    if kafka.ca is not None:
        remedy = "leave it out and let the brokers show a certificate of a public authority"
        yield "kafka.ca", kafka.ca, _NOT_YET, remedy


def _streams(environment: Environment) -> Iterator[_Refusal]:
    for name, stream in environment.streams.items():
        if ":alias/" in stream.encryption:
            # IAM evaluates the key, never the alias that a request named:
            # https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
            yield (
                f"streams.{name}.encryption",
                stream.encryption,
                "is an alias, and a role that may use one key only has to name the key",
                "give the key's own ARN, arn:…:key/…",
            )


def _deliveries(environment: Environment) -> Iterator[_Refusal]:
    for name, delivery in environment.deliveries.items():
        yield f"deliveries.{name}.to", delivery.to, _NOT_YET, f"take deliveries.{name} out"


def _routes(environment: Environment) -> Iterator[_Refusal]:
    for name, route in environment.routes.items():
        way_out = "describe a route from a topic to a stream, or take the route out"
        problems: list[_Refusal] = []
        if isinstance(route.source, StreamEnd):
            problems.append((f"routes.{name}.from", f"stream {route.source.stream}", _NOT_YET, way_out))
        if isinstance(route.target, TopicEnd):
            problems.append((f"routes.{name}.to", f"topic {route.target.topic}", _NOT_YET, way_out))
        if isinstance(route.target, DeliveryEnd):
            problems.append((f"routes.{name}.to", f"delivery {route.target.delivery}", _NOT_YET, way_out))
        if not isinstance(route.start, str):
            start = f"{route.start:%Y-%m-%dT%H:%M:%S%z}"
            problems.append((f"routes.{name}.start", start, _NOT_YET, "use 'earliest' or 'latest'"))
        yield from problems or _rendering(environment, name)


def _rendering(environment: Environment, route: str) -> Iterator[_Refusal]:
    kafka = environment.kafka
    if not isinstance(kafka, ExternalKafka) or kafka.auth != "none" or kafka.ca is not None:
        return
    try:
        size = render_configuration(environment, route).size
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            place = ".".join(str(part) for part in detail["loc"])
            yield (
                f"routes.{route}",
                f"({error.title}.{place} = {detail['input']!r})",
                f"is refused by the connector: {detail['msg']}",
                "correct the name or address that it comes from",
            )
        return
    if size > LONGEST_BYTES:
        yield (
            f"routes.{route}",
            f"a configuration of {size} bytes",
            f"is longer than the {LONGEST_BYTES} bytes of an SSM parameter",
            "keep long lists of brokers in a parameter of their own: `bootstrap: ssm:/path`",
        )


def _image(environment: Environment) -> Iterator[_Refusal]:
    image, network = environment.connectors.image, environment.network
    if image is None or environment.sandbox or not environment.routes:
        return
    if isinstance(network, NewNetwork) and not network.nat and not is_ecr_image(image):
        yield (
            "connectors.image",
            image,
            "cannot be pulled: a network without NAT reaches images in Amazon ECR only",
            "push it to ECR, leave it out to have the checkout's image built, or set `network.nat: true`",
        )
