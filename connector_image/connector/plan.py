"""The effective configuration: every key with its value and where that comes from, and what follows from it.

Nothing is called: it is the same on a machine that reaches neither end.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import botocore.session
from botocore.config import Config
from pydantic import BaseModel

from connector.aws.explained import explained, without_login
from connector.aws.regions import doubt
from connector.config import ConnectorConfig, FirehoseSink, Secret
from connector.permissions import acls, policies
from connector.units import format_duration, format_size

DEFAULT: Final = "default"
_OF_THE_STREAM: Final = "the stream's own"
_LIMIT_OF_THE_STREAM: Final = f"up to {_OF_THE_STREAM} maximum record size; 1MiB unless it was raised, `check` shows it"
_WIRES: Final = {"auto": "cbor, or json where that is not understood", "cbor": "cbor", "json": "json"}


@dataclass(frozen=True, slots=True)
class Row:
    """One key of the configuration."""

    key: str
    value: object
    origin: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a connector with this configuration would do, and what it must be allowed to."""

    rows: list[Row]
    derived: dict[str, str]
    iam: dict[str, dict[str, Any]]
    kafka: list[str]

    def to_json(self) -> str:
        """Write it for a program."""
        return json.dumps(
            {
                "configuration": [{"key": row.key, "value": row.value, "from": row.origin} for row in self.rows],
                "derived": self.derived,
                "iam": self.iam,
                "kafka_acls": self.kafka,
            },
            indent=2,
        )

    def __str__(self) -> str:
        """Write it for a person."""
        width = max(len(row.key) for row in self.rows)
        values = [_shown(row.value) for row in self.rows]
        longest = min(48, max(map(len, values)))
        lines = ["CONFIGURATION", ""]
        lines += [
            f"  {row.key:{width}}  {value:{longest}}  {row.origin}"
            for row, value in zip(self.rows, values, strict=True)
        ]
        lines += ["", "WHAT FOLLOWS", ""]
        width = max(map(len, self.derived))
        lines += [f"  {name:{width}}  {text}" for name, text in self.derived.items()]
        for identity, policy in self.iam.items():
            lines += ["", f"IAM POLICY of {identity}", ""]
            lines += [f"  {line}" for line in json.dumps(policy, indent=2).splitlines()]
        if self.kafka:
            lines += ["", "KAFKA ACLS, arguments of kafka-acls.sh", ""]
            lines += [f"  {command}" for command in self.kafka]
        return "\n".join(lines)


def plan(config: ConnectorConfig, origin: str, overrides: Mapping[str, str]) -> Plan:
    """Work out the plan.

    Args:
        config: The configuration as it is used.
        origin: Where it was read from.
        overrides: Of each key that something else decided, what that was.

    Raises:
        ConnectorError: the AWS settings name no region, or make no sense.
    """
    region, endpoint = _place(config)
    rows = [
        Row(row.key, row.value, overrides.get(row.key, row.origin)) for row in _rows(config, "", origin, given=True)
    ]
    if config.sink.region is None:
        named = "sink.stream" if config.sink.named_region else "AWS settings"
        rows = [Row(row.key, region, named) if row.key == "sink.region" else row for row in rows]
    if config.sink.limits.record is None:
        rows = [Row(row.key, _OF_THE_STREAM, row.origin) if row.key == "sink.limits.record" else row for row in rows]
    return Plan(
        rows, _derived(config, region, endpoint), policies(config, region), [acl.command() for acl in acls(config)]
    )


def _rows(section: BaseModel, path: str, origin: str, *, given: bool) -> Iterator[Row]:
    for name in type(section).model_fields:
        value, key = getattr(section, name), f"{path}{name}"
        known = given and name in section.model_fields_set
        if isinstance(value, Secret):
            yield Row(key, _place_of(value), origin if known else DEFAULT)
        elif isinstance(value, BaseModel):
            yield from _rows(value, f"{key}.", origin, given=known)
        else:
            written = section.model_dump(mode="json", include={name})[name]
            yield Row(key, written, origin if known else DEFAULT)


def _place_of(secret: Secret) -> str:
    """Tell where a secret is, and whether it is there; never what it is."""
    if secret.env is not None:
        return f"variable {secret.env} ({'set' if os.environ.get(secret.env) else 'not set'})"
    readable = secret.file is not None and os.access(secret.file, os.R_OK)
    return f"file {secret.file} ({'readable' if readable else 'not readable'})"


def _derived(config: ConnectorConfig, region: str, endpoint: str) -> dict[str, str]:
    source, sink = config.source, config.sink
    memory = config.memory // config.processes
    limits = sink.limits
    call = "PutRecordBatch" if isinstance(sink, FirehoseSink) else "PutRecords"
    wire = "json" if isinstance(sink, FirehoseSink) else _WIRES[sink.wire]
    share = "each process" if config.processes > 1 else "the process"
    return {
        "route": f"{source.topic} → {sink.target}, by {call} as {wire}",
        "region": f"{region} ({doubtful})" if (doubtful := doubt(region, endpoint)) else region,
        "endpoint": endpoint,
        "identity": sink.role.arn if sink.role else "the environment's own",
        "group": f"{source.group}, {config.processes} of its members here",
        "order": "kept for each key" if config.ordering == "key" else "not kept",
        "tombstones": config.fate_of_tombstones,
        "undeliverable records": _dead_letters(config),
        "a call": f"up to {limits.records} records and {format_size(limits.request)},"
        f" {sink.connections * config.processes} at the same time",
        "a record": f"up to {format_size(limits.record)}" if limits.record else _LIMIT_OF_THE_STREAM,
        f"memory of {share}": f"{format_size(memory)} for records: {format_size(memory // 4)} read ahead,"
        f" {format_size(memory // 4)} not yet acknowledged, the rest for calls under way",
        "stopping": f"drains for {format_duration(config.stop_timeout)} at most; let what stops it wait 10 s longer",
    }


def _dead_letters(config: ConnectorConfig) -> str:
    if config.dead_letters is None:
        return "stop the connector"
    ((kind, name), *_) = config.dead_letters.model_dump().items()
    return f"go to the {kind} {name}"


def _place(config: ConnectorConfig) -> tuple[str, str]:
    """Find region and endpoint as a client does; credentials that mean nothing keep it from looking for real ones."""
    sink = config.sink
    with explained("the AWS settings"):
        session = botocore.session.get_session()
        client = without_login(
            session.create_client(
                sink.kind,
                region_name=sink.named_region or os.environ.get("AWS_REGION") or None,
                endpoint_url=sink.endpoint,
                aws_access_key_id="none",
                aws_secret_access_key="none",  # noqa: S106 - says so itself
                config=Config(use_fips_endpoint=True) if sink.fips else None,
            )
        )
        return str(client.meta.region_name), str(client.meta.endpoint_url)


def _shown(value: object) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else json.dumps(value)
