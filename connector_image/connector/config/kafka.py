"""Kafka as an end of a route."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema

from connector.config.section import MEBIBYTE, Section, is_port, no_login
from connector.config.security import Plaintext, Security
from connector.units import Duration, Size, parse_duration

TOPIC_NAME = r"^[a-zA-Z0-9._-]{1,249}$"

# The ARN that MSK gives to a cluster, provisioned or Serverless.
MSK_CLUSTER = r"msk:arn:aws[a-z-]*:kafka:[a-z0-9-]+:[0-9]{12}:cluster/[a-zA-Z0-9-]+/[a-zA-Z0-9-]+"


def _bootstrap(value: str) -> str:
    no_login(value)
    if value.startswith("ssm:"):
        if not value.startswith("ssm:/"):
            raise ValueError("must name the parameter by its whole path, like ssm:/team/kafka/bootstrap")
        return value
    if value.startswith("msk:"):
        if re.fullmatch(MSK_CLUSTER, value) is None:
            raise ValueError(
                "must name the cluster by its ARN, like msk:arn:aws:kafka:REGION:ACCOUNT:cluster/NAME/UUID"
            )
        return value
    for address in value.split(","):
        host, colon, port = address.strip().rpartition(":")
        if not (host and colon and is_port(port) and int(port)):
            raise ValueError(
                "must be host:port (several separated by commas), ssm:/path of a parameter, or msk:ARN of a cluster"
            )
    return value


Bootstrap = Annotated[str, AfterValidator(_bootstrap)]


def _read_start(value: object) -> str | datetime:
    if value in {"earliest", "latest"}:
        return str(value)
    rule = "must be earliest, latest or a time with its zone, like 2026-01-31T00:00:00Z"
    try:
        start = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError(rule) from None
    if start.tzinfo is None:
        raise ValueError(rule)
    return start


def _write_start(start: str | datetime, _: Any = None) -> str:  # noqa: ANN401 - what pydantic passes on
    return start if isinstance(start, str) else start.isoformat()


Start = Annotated[
    Literal["earliest", "latest"] | datetime,
    PlainValidator(_read_start),
    PlainSerializer(_write_start, return_type=str),
    WithJsonSchema({"anyOf": [{"enum": ["earliest", "latest"]}, {"type": "string", "format": "date-time"}]}),
]


class KafkaSource(Section):
    """A topic, read as a member of a consumer group."""

    kind: Literal["kafka"]
    bootstrap: Bootstrap = Field(
        description="brokers, ssm:/path of the parameter that holds them, or msk:ARN of a cluster on Amazon MSK",
        examples=["kafka-1:9092,kafka-2:9092"],
    )
    topic: str = Field(pattern=TOPIC_NAME, description="topic to read", examples=["flights"])
    group: str = Field(min_length=1, max_length=255, description="consumer group", examples=["streamops-dev-flights"])
    start: Start = Field(
        default="earliest",
        description="where the very first start begins: earliest, latest or a time; later starts continue from the"
        " commit",
    )
    security: Security = Field(default=Plaintext(protocol="plaintext"), description="how the brokers are reached")
    linger: Duration = Field(
        default=parse_duration("100ms"),
        description="longest wait for a batch to fill",
        ge=parse_duration("1ms"),
        le=parse_duration("10s"),
    )
    # What is read long before it is sent has left the processor's cache when its turn comes: 1 MiB costs a tenth less
    # than librdkafka's own 50 MiB. librdkafka wants room for the 1,000,000 bytes that brokers take in a message.
    fetch: Size = Field(
        default=MEBIBYTE,
        ge=MEBIBYTE,
        le=50 * MEBIBYTE,
        description="bytes that one request to a broker brings (fetch.max.bytes), or a single larger batch; more where"
        " brokers are far away, since each answers one request at a time",
    )
    # Kafka's own default is 45 s (KIP-735), for clients whose pauses stop the heartbeat. librdkafka's comes from a
    # thread of its own, so a short silence means a dead process, and its partitions should not wait.
    session_timeout: Duration = Field(
        default=parse_duration("10s"),
        description="silence after which the group gives a member's partitions to others; with protocol: consumer the"
        " broker's group.consumer.session.timeout.ms counts instead",
        ge=parse_duration("6s"),
        le=parse_duration("30m"),
    )
    protocol: Literal["classic", "consumer"] = Field(
        default="classic",
        description="group protocol; consumer is KIP-848's, where the broker assigns (Kafka 4.0 and later)",
    )
    instance: str | None = Field(
        default=None,
        pattern=r"^[a-zA-Z0-9._-]{1,249}$",
        description="name of this one member for static membership (KIP-345): it keeps its partitions over a restart",
    )
