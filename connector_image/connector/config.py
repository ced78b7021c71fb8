"""The configuration of one connector: one route, one source, one sink.

It is the contract between what renders a configuration (the deployment) and what runs it (the
image), so it imports nothing heavier than pydantic. Every problem of a text is reported together,
each with its path, the value that stands there, the rule it breaks and the way out.
"""

import json
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from connector.problems import Problem, describe, duplicate_free
from connector.units import Duration, Size, format_size, parse_duration

MEBIBYTE: Final = 1 << 20


class ConfigError(Exception):
    """A configuration that cannot be used. Its text is the complete report."""

    def __init__(self, source_name: str, problems: list[Problem]) -> None:
        self.source_name = source_name
        self.problems = problems
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines = "".join(f"\n  {problem}" for problem in problems)
        super().__init__(f"{source_name}: {count}{lines}")

    @classmethod
    def of(cls, place: str, rule: str, way_out: str, value: object = None) -> "ConfigError":
        """Make the error of a single problem."""
        return cls(place, [Problem("(whole text)", value, rule, way_out)])


def is_port(text: str) -> bool:
    """Tell whether a text is the number of a port, 0 included; `isdigit` alone takes digits that `int` does not."""
    return text.isascii() and text.isdigit() and len(text) <= len("65535") and int(text) < 1 << 16


def _bootstrap(value: str) -> str:
    if value.startswith("ssm:"):
        if not value.startswith("ssm:/"):
            raise ValueError("must name the parameter by its whole path, like ssm:/team/kafka/bootstrap")
        return value
    for address in value.split(","):
        host, colon, port = address.strip().rpartition(":")
        if not (host and colon and is_port(port) and int(port)):
            raise ValueError("must be host:port (several separated by commas) or ssm:/path of a parameter")
    return value


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class Secret(_Model):
    """Where a secret is found: the name of an environment variable or of a file, never the secret itself."""

    env: str | None = Field(default=None, min_length=1, description="environment variable that holds it")
    file: str | None = Field(default=None, min_length=1, description="file that holds it")

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise ValueError("must name exactly one of env and file")
        return self


class Plaintext(_Model):
    """No encryption, no authentication."""

    protocol: Literal["plaintext"]


class Tls(_Model):
    """TLS that verifies the brokers."""

    protocol: Literal["tls"]
    ca: str | None = Field(default=None, description="PEM file of the authority; without it the system's")


class Sasl(_Model):
    """A user name and a password, over TLS or in the clear."""

    protocol: Literal["sasl-tls", "sasl-plaintext"]
    mechanism: Literal["plain", "scram-sha-256", "scram-sha-512"] = Field(
        description="how the password is proven", examples=["scram-sha-512"]
    )
    username: Secret = Field(description="where the user name is found", examples=['{"env": "KAFKA_USERNAME"}'])
    password: Secret = Field(description="where the password is found", examples=['{"env": "KAFKA_PASSWORD"}'])
    ca: str | None = Field(default=None, description="PEM file of the authority; only with sasl-tls")

    @model_validator(mode="after")
    def _ca_needs_tls(self) -> Self:
        if self.ca is not None and self.protocol != "sasl-tls":
            raise ValueError("ca has no meaning with sasl-plaintext; use sasl-tls or remove ca")
        return self


Security = Annotated[Plaintext | Tls | Sasl, Field(discriminator="protocol")]


class KafkaSource(_Model):
    """A topic, read as a member of a consumer group."""

    kind: Literal["kafka"]
    bootstrap: Annotated[str, AfterValidator(_bootstrap)] = Field(
        description="brokers, or ssm:/path of the parameter that holds them",
        examples=["kafka-1:9092,kafka-2:9092"],
    )
    topic: str = Field(pattern=r"^[a-zA-Z0-9._-]{1,249}$", description="topic to read", examples=["flights"])
    group: str = Field(min_length=1, max_length=255, description="consumer group", examples=["streamops-dev-flights"])
    start: Literal["earliest", "latest"] = Field(
        default="earliest",
        description="where the very first start begins; later starts continue from the commit",
    )
    security: Security = Field(default=Plaintext(protocol="plaintext"), description="how the brokers are reached")
    linger: Duration = Field(
        default=parse_duration("100ms"),
        description="longest wait for a batch to fill",
        ge=parse_duration("1ms"),
        le=parse_duration("10s"),
    )
    # Kafka's own default is 45 s (KIP-735), for clients whose pauses stop the heartbeat. librdkafka's comes from a
    # thread of its own, so a short silence means a dead process, and its partitions should not wait.
    session_timeout: Duration = Field(
        default=parse_duration("10s"),
        description="silence after which the group gives a member's partitions to others",
        ge=parse_duration("6s"),
        le=parse_duration("30m"),
    )


class Limits(_Model):
    """What one PutRecords call may hold; a stream takes records up to 1 MiB unless its own limit was raised."""

    records: int = Field(default=500, ge=1, le=500, description="records in a call")
    request: Size = Field(
        default=10 * MEBIBYTE, ge=1024, le=10 * MEBIBYTE, description="bytes in a call, keys included"
    )
    record: Size = Field(default=MEBIBYTE, ge=1, le=10 * MEBIBYTE, description="bytes of a record, key included")

    @model_validator(mode="after")
    def _record_fits(self) -> Self:
        if self.record > self.request:
            raise ValueError(
                f"record ({format_size(self.record)}) must not exceed request ({format_size(self.request)})"
            )
        return self


class Retry(_Model):
    """Full jitter: each wait is drawn from zero to a ceiling that doubles from `first` to `longest`."""

    first: Duration = Field(
        default=parse_duration("100ms"),
        ge=parse_duration("1ms"),
        le=parse_duration("1m"),
        description="ceiling of the first wait",
    )
    longest: Duration = Field(
        default=parse_duration("10s"),
        ge=parse_duration("1ms"),
        le=parse_duration("10m"),
        description="ceiling of every wait",
    )

    @model_validator(mode="after")
    def _grows(self) -> Self:
        if self.longest < self.first:
            raise ValueError("longest must not be shorter than first")
        return self


class KinesisSink(_Model):
    """A Kinesis data stream, written by PutRecords."""

    kind: Literal["kinesis"]
    stream: str = Field(
        pattern=r"^([a-zA-Z0-9_.-]{1,128}|arn:[^:]+:kinesis:[^:]+:\d{12}:stream/[a-zA-Z0-9_.-]{1,128})$",
        description="name or ARN of the stream",
        examples=["dev-flights"],
    )
    region: str | None = Field(
        default=None,
        min_length=1,
        description="AWS region; without it the one the AWS settings name",
        examples=["eu-west-1"],
    )
    connections: int = Field(default=16, ge=1, le=256, description="calls under way at the same time")
    request_timeout: Duration = Field(
        default=parse_duration("10s"),
        ge=parse_duration("100ms"),
        le=parse_duration("5m"),
        description="longest wait for an answer",
    )
    limits: Limits = Field(default=Limits(), description="what a call may hold")
    retry: Retry = Field(default=Retry(), description="waits before a record is sent again")


class Http(_Model):
    """Where /healthz, /readyz and /metrics are served."""

    host: str = Field(default="0.0.0.0", min_length=1, description="address to listen on")  # noqa: S104 - a container's probes come from outside it
    port: int = Field(default=8080, ge=0, le=65535, description="port to listen on; 0 takes a free one")


class ConnectorConfig(_Model):
    """One route, as the connector runs it."""

    route: str = Field(
        pattern=r"^[a-zA-Z0-9._-]{1,128}$",
        description="name of the route in logs and metrics",
        examples=["flights-to-stream"],
    )
    source: KafkaSource = Field(description="where records come from")
    sink: KinesisSink = Field(description="where records go")
    ordering: Literal["key", "none"] = Field(default="key", description="keep the order of each key, or none")
    tombstones: Literal["stop", "empty", "drop"] = Field(
        default="stop",
        description="fate of a record without a value: stop the connector, send it empty, drop and count it",
    )
    memory: Size = Field(
        default=128 * MEBIBYTE,
        ge=8 * MEBIBYTE,
        le=64 << 30,
        description="for records: a quarter read ahead, a quarter not yet acknowledged, the rest for calls under way",
    )
    commit_interval: Duration = Field(
        default=parse_duration("1s"),
        ge=parse_duration("100ms"),
        le=parse_duration("5m"),
        description="time between commits",
    )
    drain_timeout: Duration = Field(
        default=parse_duration("20s"),
        ge=parse_duration("0s"),
        le=parse_duration("2m"),
        description="longest wait for records under way before a partition is given up",
    )
    stop_timeout: Duration = Field(
        default=parse_duration("90s"),
        ge=parse_duration("1s"),
        le=parse_duration("105s"),
        description="longest wait for records under way when stopping; ECS kills after 120 s at most",
    )
    http: Http = Field(default=Http(), description="health and metrics")
    log: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least severity that is logged"
    )

    def to_json(self) -> str:
        """Render the canonical text: sorted keys, defaults left out, so equal configurations hash equally."""
        return json.dumps(self.model_dump(mode="json", exclude_defaults=True), sort_keys=True, separators=(",", ":"))


def load_config(text: str, source_name: str) -> ConnectorConfig:
    """Read a configuration from YAML or JSON text.

    Args:
        text: The configuration itself.
        source_name: What the text is called in messages: a file's path or a variable's name.

    Raises:
        ConfigError: the text is unreadable or breaks rules; it names all of them.
    """
    data = _parse(text, source_name)
    if not isinstance(data, dict):
        rule = "must be a mapping with the keys route, source and sink"
        raise ConfigError.of(source_name, rule, "see the example in the README", data)
    try:
        return ConnectorConfig.model_validate(data)
    except ValidationError as error:
        raise ConfigError(source_name, describe(error, ConnectorConfig)) from None


def _parse(text: str, source_name: str) -> Any:  # noqa: ANN401 - what a text holds is only known after validation
    try:
        return json.loads(text, object_pairs_hook=duplicate_free)
    except json.JSONDecodeError:
        pass
    except ValueError as error:
        raise ConfigError.of(source_name, str(error), "keep one of them") from None
    # Deployed configurations are JSON: only a person's YAML pays for the import of the parser.
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).load(text)
    # A date that does not exist comes as a ValueError of the date itself.
    except (YAMLError, ValueError) as error:
        rule = " ".join(str(error).split())
        raise ConfigError.of(source_name, rule, "correct the YAML (or JSON) at that place") from None
