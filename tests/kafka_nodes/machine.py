"""A node of the rendered cluster as this machine can play it: its files in a folder, its services as processes."""

import os
import re
import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.process import ProcessRecord, accepts_connections, start_server
from stacks.kafka.ec2.nodes import Cluster, Node
from stacks.kafka.ec2.rendering import Installation, Paths, render_node

START_SECONDS = 120
STOP_SECONDS = 30
HEAP = "-Xmx400m"


@dataclass
class Machine:
    """One node; `install`, `start` and `settle` do what its user data does."""

    cluster: Cluster
    node: Node
    folder: Path
    distribution: Path
    programs: Path
    """What goes before the PATH: the program `aws`."""
    process: ProcessRecord | None = field(default=None, init=False)

    @property
    def paths(self) -> Paths:
        return Paths(
            kafka=str(self.distribution),
            configuration=str(self.folder / "etc"),
            data=str(self.folder / "data"),
            logs=str(self.folder / "logs"),
        )

    @property
    def configuration(self) -> Path:
        return Path(self.paths.configuration)

    @property
    def client(self) -> dict[str, str]:
        """How a client of confluent-kafka comes in as this node."""
        pem = str(self.configuration / "tls" / "node.pem")
        return {
            "bootstrap.servers": f"{self.node.host}:{self.node.ports.internal}",
            "security.protocol": "ssl",
            "ssl.ca.location": str(self.configuration / "tls" / "ca.pem"),
            "ssl.certificate.location": pem,
            "ssl.key.location": pem,
        }

    def install(self) -> None:
        """Write the rendered files that concern Kafka, and get a certificate."""
        installation = Installation(auth="scram", paths=self.paths, steady_seconds=0, scram_iterations=4096)
        self.configuration.mkdir(parents=True)
        self.files = render_node(self.cluster, self.node, installation)
        for path, text in self.files.items():
            if path.startswith(self.paths.configuration):
                Path(path).write_text(text)
        self.run("certificate.sh", AUTHORITY="arn:of:the:authority")

    def format(self, phase: str) -> None:
        self.run("format.sh", PHASE=phase)

    def settle(self) -> None:
        self.run("settle.sh", ADMIN_PASSWORD="admin-secret", CONNECTORS_PASSWORD="connectors-secret")

    def run(self, script: str, **variables: str) -> None:
        done = subprocess.run(
            ["bash", self.configuration / script],
            env=self._environment(**variables),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{script}: {done.stdout}{done.stderr}"

    def start(self) -> None:
        """Start what the rendered unit starts."""
        unit = self.files["/etc/systemd/system/kafka.service"]
        (command,) = re.findall(r"^ExecStart=(.+)$", unit, re.MULTILINE)
        ports = self.node.ports
        self.process = start_server(
            f"node-{self.node.id}",
            shlex.split(command),
            port=ports.controller,
            log=self.folder / "logs" / "kafka.log",
            owner=self.folder,
            timeout_seconds=START_SECONDS,
            environment={"KAFKA_HEAP_OPTS": HEAP},
        )

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop(STOP_SECONDS)
        assert not accepts_connections(self.node.ports.internal)

    def gate(
        self, *, phase: str = "running", question: str = "ready", wait: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Ask the gate as the user data does."""
        script = self.configuration / "gate.py"
        return subprocess.run(
            [
                "python3",
                script,
                "--config",
                self.configuration / "gate.json",
                f"--wait={wait}",
                f"--phase={phase}",
                question,
            ],
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    def _environment(self, **variables: str) -> dict[str, str]:
        path = f"{self.programs}:{os.environ['PATH']}"
        return {**os.environ, "PATH": path, "KAFKA_HEAP_OPTS": "-Xmx256m", **variables}
