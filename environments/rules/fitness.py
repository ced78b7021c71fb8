"""Rules between the cluster and the rest: the network it lies in, the topics it must hold, the sandbox it may be."""

from __future__ import annotations

from collections.abc import Iterator

from environments.identifiers import account_of_arn, region_of_arn
from environments.kafka import Ec2Kafka, ExternalKafka, MskExpressKafka, MskKafka, MskServerlessKafka
from environments.naming import bootstrap_reference
from environments.network import NewNetwork
from environments.rules.findings import Finding
from environments.rules.parts import Parts, sound
from environments.security import MANAGED_KEYS, NEW_KEY

SANDBOX_ACCOUNT = "000000000000"
"""No real account has this number: what is meant for the sandbox can never reach AWS, and the other way round."""

SANDBOX_PARTS = frozenset({"kafka", "aws", "runner", "cdk", "streamops"})
"""What else runs in a sandbox; each part has a process or a log of its name, as each route has."""

EXPRESS_ZONES = 3
EXPRESS_REPLICATION = 3
EXPRESS_INSYNC = "2"
SERVERLESS_SETTINGS = {
    "cleanup.policy",
    "compression.type",
    "max.message.bytes",
    "message.timestamp.type",
    "retention.bytes",
}
SERVERLESS_MESSAGE_BYTES = 8 << 20


def zones_in_region(parts: Parts) -> Iterator[Finding]:
    """Availability zones belong to the region."""
    if parts.network is None or parts.region is None:
        return
    for place, zone in enumerate(parts.network.zones):
        if zone[:-1] != parts.region:
            yield Finding(
                f"is not a zone of {parts.region}", f"write it as in {parts.region}a", ("network", "zones", place), zone
            )


def enough_zones(parts: Parts) -> Iterator[Finding]:
    """MSK spreads its brokers evenly over two or three zones (MSK API Reference, BrokerNodeGroupInfo)."""
    if parts.network is None:
        return
    zones = len(parts.network.zones)
    match parts.kafka:
        case MskKafka():
            enough, count = zones in {2, 3}, "two or three"
        case MskExpressKafka():
            enough, count = zones == EXPRESS_ZONES, "exactly three"
        case MskServerlessKafka():
            enough, count = zones > 1, "at least two"
        case _:
            return
    if not enough:
        yield Finding(
            f"has {zones} zone{'s' if zones > 1 else ''}, and kafka.kind {parts.kafka.kind} needs {count}",
            f"name {count}",
            ("network", "zones"),
        )
    elif isinstance(parts.kafka, MskKafka | MskExpressKafka) and parts.kafka.brokers % zones:
        below = parts.kafka.brokers - parts.kafka.brokers % zones
        yield Finding(
            f"is not a multiple of the {zones} zones, over which MSK spreads brokers evenly",
            f"use {f'{below} or ' if below else ''}{below + zones}",
            ("kafka", "brokers"),
            str(parts.kafka.brokers),
        )


def topics_fit(parts: Parts) -> Iterator[Finding]:
    """Each kind of cluster has its own bounds for topics."""
    for name, topic in sound(parts.topics):
        path = ("topics", name)
        match parts.kafka:
            case MskKafka(brokers=brokers) | Ec2Kafka(brokers=brokers) if topic.replication > brokers:
                yield Finding(
                    f"is above the {brokers} broker{'s' if brokers > 1 else ''} of the cluster",
                    f"use at most {brokers}",
                    (*path, "replication"),
                    str(topic.replication),
                )
            case MskExpressKafka() | MskServerlessKafka() if topic.replication != EXPRESS_REPLICATION:
                yield Finding(
                    f"is not {EXPRESS_REPLICATION}, the only replication of kafka.kind {parts.kafka.kind}",
                    f"use {EXPRESS_REPLICATION}, or remove it",
                    (*path, "replication"),
                    str(topic.replication),
                )
        if isinstance(parts.kafka, MskExpressKafka):
            insync = topic.config.get("min.insync.replicas", EXPRESS_INSYNC)
            if insync != EXPRESS_INSYNC:
                yield Finding(
                    f"is not {EXPRESS_INSYNC}, which Express brokers fix",
                    "remove it",
                    (*path, "config", "min.insync.replicas"),
                    insync,
                )
        if isinstance(parts.kafka, MskServerlessKafka):
            yield from _serverless_findings(name, topic.config)


def _serverless_findings(topic: str, config: dict[str, str]) -> Iterator[Finding]:
    """Serverless takes few settings (MSK Developer Guide, "Configuration properties for MSK Serverless clusters")."""
    for setting, value in config.items():
        path = ("topics", topic, "config", setting)
        if setting not in SERVERLESS_SETTINGS:
            yield Finding("cannot be set on MSK Serverless", "remove it", path, setting)
        elif setting == "max.message.bytes" and int(value) > SERVERLESS_MESSAGE_BYTES:
            yield Finding(
                f"is above the MSK Serverless maximum of {SERVERLESS_MESSAGE_BYTES} (8 MiB)",
                f"use at most {SERVERLESS_MESSAGE_BYTES}",
                path,
                value,
            )


def keys_in_region(parts: Parts) -> Iterator[Finding]:
    """KMS keys are used in their own region only, and Kinesis asks for them in the stream's."""
    if parts.region is None:
        return
    key = parts.security.key if parts.security else MANAGED_KEYS
    if key not in {MANAGED_KEYS, NEW_KEY} and region_of_arn(key) != parts.region:
        yield Finding(
            "is a key of another region, and services take keys of their own only",
            f"give a key of {parts.region}, or create",
            ("security", "key"),
            key,
        )
    for name, stream in sound(parts.streams):
        if stream.encryption.startswith("arn:") and region_of_arn(stream.encryption) != parts.region:
            yield Finding(
                f"is a key of another region, and Kinesis takes keys of {parts.region} only",
                f"give a key of {parts.region}, or managed",
                ("streams", name, "encryption"),
                stream.encryption,
            )


def boundary_in_account(parts: Parts) -> Iterator[Finding]:
    """A role is bounded by a policy of its own account, or by one of AWS (IAM API Reference, CreateRole)."""
    boundary = parts.security.permissions_boundary if parts.security else None
    if boundary is None or parts.account is None or not boundary.startswith("arn:"):
        return
    if account_of_arn(boundary) not in {parts.account, "aws"}:
        yield Finding(
            f"is a policy of another account than {parts.account}, whose roles it cannot bound",
            "write the name of a policy of the account",
            ("security", "permissions_boundary"),
            boundary,
        )


def sandbox_parts_keep_their_names(parts: Parts) -> Iterator[Finding]:
    """A sandbox has one process name and one log for each of its parts and each route."""
    if not parts.sandbox:
        return
    for name in parts.routes:
        if name in SANDBOX_PARTS:
            yield Finding(
                "is the name of a part of the sandbox, whose log and processes could not be told from the route's",
                "give the route another name",
                ("routes", name),
                name,
            )


def sandbox_stays_inside(parts: Parts) -> Iterator[Finding]:
    """A sandbox has an account that does not exist, and an external cluster whose address it fills in."""
    if parts.sandbox is None:
        return
    if parts.account is not None and parts.sandbox != (parts.account == SANDBOX_ACCOUNT):
        yield Finding(
            "is not the account of a sandbox" if parts.sandbox else "is the account of sandboxes, and of nobody in AWS",
            f'use "{SANDBOX_ACCOUNT}" with sandbox: true, and a real account without it',
            ("account",),
            parts.account,
        )
    if not parts.sandbox:
        return
    if parts.production:
        yield Finding("cannot go with sandbox: true", "remove one of them", ("production",), "true")
    if isinstance(parts.network, NewNetwork) is False and parts.network is not None:
        yield Finding(
            "exists in AWS already, and a sandbox cannot reach it", "give cidr and zones instead", ("network", "vpc_id")
        )
    if isinstance(parts.kafka, ExternalKafka):
        if not parts.kafka.bootstrap.startswith("ssm:"):
            yield Finding(
                "is fixed, and the sandbox's broker listens on whatever port is free",
                f"write {bootstrap_reference(parts.name)}, which the sandbox fills in",
                ("kafka", "bootstrap"),
                parts.kafka.bootstrap,
            )
    elif parts.kafka is not None:
        yield Finding(
            "cannot run in a sandbox, which brings its own broker",
            f"use kind: external with bootstrap: {bootstrap_reference(parts.name)}",
            ("kafka", "kind"),
            parts.kafka.kind,
        )
