"""The files of a node, rendered from the templates beside this module. Knows nothing of the CDK.

So a test can render a node and run it, and what runs there is what runs on EC2.
"""

from __future__ import annotations

import ast
import base64
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment as Templates
from jinja2 import FileSystemLoader, StrictUndefined

from environments.naming import CONNECTORS_USER, KAFKA_ADMIN, KAFKA_NODE
from stacks.kafka.ec2.nodes import Cluster, Node

HERE = Path(__file__).parent
ADMIN = KAFKA_ADMIN
"""Principal of whoever administers the cluster; beside the nodes the only one that needs no ACL."""
CONNECTORS = CONNECTORS_USER
"""Principal of the connectors where they log in with SCRAM."""
NODE_PRINCIPAL = KAFKA_NODE
"""What the certificate of any node makes it, so that no node's properties change when another is added."""
MOST_REPLICAS = 3


@dataclass(frozen=True, kw_only=True)
class Paths:
    """Where things lie on a node."""

    kafka: str = "/opt/kafka"
    configuration: str = "/etc/kafka"
    data: str = "/var/lib/kafka"
    logs: str = "/var/log/kafka"


@dataclass(frozen=True, kw_only=True)
class Installation:
    """How the nodes of a cluster are set up, besides who they are."""

    auth: Literal["scram", "mtls"]
    settings: Mapping[str, str] = field(default_factory=dict)
    """Server properties of the user's."""
    heap_mib: int | None = None
    """None: half of the machine's memory, at most 6 GiB."""
    log_group: str = ""
    """CloudWatch log group that the node's logs go to."""
    exporter: bool = False
    """Whether the Prometheus exporter is there."""
    partition: str = "aws"
    """Partition of AWS, as in ARNs."""
    paths: Paths = Paths()
    steady_seconds: int = 15
    """How long the gate must have been open; longer than a broker that died is believed alive (9 s)."""
    scram_iterations: int = 8192
    certificate_days: int = 395
    """How long a node's certificate is good; the longest that other authorities give, too."""


@dataclass(frozen=True, kw_only=True)
class Download:
    """A file that a machine fetches, and its checksum."""

    url: str
    sha512: str


@dataclass(frozen=True, kw_only=True)
class Start:
    """What the first start of a machine needs to know, as far as it is known at synthesis."""

    region: str
    group_name: str
    lifecycle_hook: str
    bootstrap_parameter: str
    distribution: Download
    exporter: Download | None
    java: int = 21
    patience_seconds: int = 1200
    """For how long disk and address may still be held by the machine before: its lifecycle hook, and its end."""
    gate_seconds: int = 1500
    leave_seconds: int = 480


def render_node(cluster: Cluster, node: Node, installation: Installation, start: Start | None = None) -> dict[str, str]:
    """Return the files of a node by path: all of its configuration, nothing secret among it.

    Without `start` what brings a machine of EC2 up is left out.
    """
    paths = installation.paths
    values = {
        "cluster": cluster,
        "node": node,
        "installation": installation,
        "start": start,
        "paths": paths,
        "settings": server_settings(cluster, installation),
        "quorum_while_forming": _has_quorum(cluster, node),
        "admin": ADMIN,
        "connectors": CONNECTORS,
        "node_principal": NODE_PRINCIPAL,
    }
    files = {
        f"{paths.configuration}/server.properties": "server.properties.j2",
        f"{paths.configuration}/client.properties": "client.properties.j2",
        f"{paths.configuration}/certificate.sh": "certificate.sh.j2",
        f"{paths.configuration}/format.sh": "format.sh.j2",
        f"{paths.configuration}/logs.json": "logs.json.j2",
        f"{paths.configuration}/settle.sh": "settle.sh.j2",
        **({f"{paths.configuration}/start.sh": "start.sh.j2"} if start else {}),
        "/etc/systemd/system/kafka.service": "kafka.service.j2",
        "/etc/systemd/system/kafka-health.service": "kafka-health.service.j2",
        "/etc/sysctl.d/90-kafka.conf": "sysctl.conf.j2",
        **({f"{paths.configuration}/jmx_exporter.yml": "jmx_exporter.yml.j2"} if installation.exporter else {}),
    }
    return {
        **{path: render(template, **values) for path, template in files.items()},
        f"{paths.configuration}/gate.json": json.dumps(gate_settings(cluster, node, installation), indent=2) + "\n",
        **{f"{paths.configuration}/{program.name}": terse(program.read_text("utf-8")) for program in _programs()},
    }


def packed(files: Mapping[str, str]) -> str:
    """Return files as a tar with xz in base64, the same for the same files: user data takes 16 KB of text only."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:xz", preset=9) as tar:
        for path, text in sorted(files.items()):
            content = text.encode()
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return base64.b64encode(archive.getvalue()).decode()


def render(template: str, **values: object) -> str:
    """Render one template; a value that it asks for and does not get is an error."""
    return _templates().get_template(template).render(**values)


def server_settings(cluster: Cluster, installation: Installation) -> dict[str, str]:
    """Return what is tuned rather than given by who a node is; the user's own go before ours."""
    replicas = str(min(MOST_REPLICAS, len(cluster.brokers)))
    insync = str(max(1, int(replicas) - 1))
    ours = {
        "auto.create.topics.enable": "false",
        "default.replication.factor": replicas,
        "min.insync.replicas": insync,
        "offsets.topic.replication.factor": replicas,
        "replica.selector.class": "org.apache.kafka.common.replica.RackAwareReplicaSelector",
        "share.coordinator.state.topic.min.isr": insync,
        "share.coordinator.state.topic.replication.factor": replicas,
        "transaction.state.log.min.isr": insync,
        "transaction.state.log.replication.factor": replicas,
        "unclean.leader.election.enable": "false",
    }
    return dict(sorted({**ours, **installation.settings}.items()))


def gate_settings(cluster: Cluster, node: Node, installation: Installation) -> dict[str, Any]:
    """Return what `gate.py` needs to know of the cluster; ids and addresses only."""
    paths = installation.paths
    voters = [each.id for each in cluster.controllers]
    return {
        "node": node.id,
        "voters": voters,
        # Nodes start in this order, so of a cluster that forms these voters are there, and no others.
        "started": voters[: voters.index(node.id) + 1] if node.controller else voters,
        "controllers": [f"{each.host}:{each.ports.controller}" for each in cluster.controllers],
        # Any broker knows all partitions. The first few are enough, and stay the same when others are added.
        "brokers": [f"{each.host}:{each.ports.internal}" for each in cluster.brokers[:MOST_REPLICAS]],
        "listens": [node.host, node.ports.controller if node.controller else node.ports.internal],
        "tools": f"{paths.kafka}/bin",
        "client": f"{paths.configuration}/client.properties",
        "steady_seconds": installation.steady_seconds,
    }


def _has_quorum(cluster: Cluster, node: Node) -> bool:
    """Whether the voters that are started no later than `node` are a majority of all; nodes start in their order."""
    voters = [each.id for each in cluster.controllers]
    return not node.controller or voters.index(node.id) >= len(voters) // 2


def terse(program: str) -> str:
    """Return a Python program without its comments and docstrings, for which user data has no room."""
    tree = ast.parse(program)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            node.body = [each for each in node.body if not _is_text(each)] or [ast.Pass()]
    return ast.unparse(tree) + "\n"


def _is_text(statement: ast.stmt) -> bool:
    """Whether a statement is nothing but a string: a docstring, or what is said of a constant below it."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _programs() -> list[Path]:
    return sorted(path for path in (HERE / "node").glob("*.py") if path.name != "__init__.py")


@cache
def _templates() -> Templates:
    templates = Templates(  # noqa: S701  properties and scripts, not HTML
        loader=FileSystemLoader(HERE / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # In properties a backslash escapes.
    templates.filters["property"] = lambda value: str(value).replace("\\", "\\\\")
    return templates
