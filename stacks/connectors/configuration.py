"""The configuration of a connector: a route of the environment in the connector's own words."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

from aws_cdk import aws_ssm as ssm

from connector.config import ConnectorConfig, Emf, KafkaSource
from environments import Environment, ExternalKafka, TopicEnd
from environments.naming import bootstrap_reference, consumer_group, metrics_namespace, topic_name
from stacks.connectors.cannot_render import CannotRenderError
from stacks.connectors.dead_letters import dead_letters
from stacks.connectors.login import kafka_login
from stacks.connectors.sinks import sink

STANDARD_BYTES = 4096
"""The longest value of a standard SSM parameter, which costs nothing."""

LONGEST_BYTES = 8192
"""The longest value of any SSM parameter, the advanced tier's.

https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
"""

MEMORY_SHARE = 4
"""A task's memory is this many times what its connector may hold of records.

The other three quarters are for what that bound does not count: Python with its libraries, librdkafka's
own buffers for fetches that are being received, and what the allocator keeps of memory that was freed.
Even the smallest task (512 MiB) has 384 MiB for them; running out of memory would kill the task
and send everything again that was under way.
"""


@dataclass(frozen=True)
class RenderedConfiguration:
    """The text a connector starts with; equal configurations give equal texts."""

    text: str
    largest_record: int
    """Bytes of the largest record that the task has the memory for."""

    @cached_property
    def size(self) -> int:
        """The length in bytes, as SSM counts it."""
        return len(self.text.encode())

    @cached_property
    def sha256(self) -> str:
        """The fingerprint in hexadecimal digits."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def tier(self) -> ssm.ParameterTier:
        """The cheapest tier that holds the text."""
        standard = self.size <= STANDARD_BYTES
        return ssm.ParameterTier.STANDARD if standard else ssm.ParameterTier.ADVANCED


def render_configuration(environment: Environment, route: str) -> RenderedConfiguration:
    """Render the route named `route`.

    Raises:
        CannotRenderError: the route is of a kind that `stacks.refusals` refuses.
        pydantic.ValidationError: the connector's model refuses a value.
    """
    described = environment.routes[route]
    source = described.source
    if not isinstance(source, TopicEnd):
        raise CannotRenderError(f"routes.{route}: only a route from a topic can be rendered")
    configuration = ConnectorConfig(
        route=route,
        source=KafkaSource(
            kind="kafka",
            bootstrap=kafka_bootstrap(environment),
            topic=topic_name(environment, source.topic),
            group=consumer_group(environment, route),
            start=described.start,
            linger=described.linger,
            security=kafka_login(environment).security,
        ),
        sink=sink(environment, route),
        ordering=described.ordering,
        format=described.format,
        compression=described.compression,
        tombstones=described.tombstones,
        dead_letters=dead_letters(environment, described.dead_letters),
        processes=described.processes,
        memory=environment.connectors.memory // MEMORY_SHARE,
        # CloudWatch finds the lines in the log by itself, so the task needs no permission for it.
        emf=Emf(namespace=metrics_namespace(environment)) if environment.connectors.metrics == "cloudwatch" else None,
    )
    return RenderedConfiguration(configuration.to_json(), configuration.largest_record)


def kafka_bootstrap(environment: Environment) -> str:
    """Return where the brokers are: the file's own words, or the parameter that a cluster of ours is told in."""
    kafka = environment.kafka
    return kafka.bootstrap if isinstance(kafka, ExternalKafka) else bootstrap_reference(environment.name)
