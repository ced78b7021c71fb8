"""Three nodes of one cluster, formed from the rendered files, for all tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.process import free_port
from stacks.kafka.ec2.nodes import Cluster, Node, Ports, kafka_uuid
from tests.kafka_nodes.authority import make_authority
from tests.kafka_nodes.distribution import make_distribution
from tests.kafka_nodes.machine import Machine

NODES = 3


@pytest.fixture(scope="session")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Machine]]:
    """Nodes 1 to 3 of a cluster that has formed, one after the other, each through its gate."""
    folder = tmp_path_factory.mktemp("nodes")
    cluster = three_nodes()
    distribution = folder / "kafka"
    make_distribution(distribution)
    programs = make_authority(folder / "authority")
    made = [Machine(cluster, node, folder / node.short_name, distribution, programs) for node in cluster.nodes]
    try:
        form(made)
        yield made
    finally:
        for machine in made:
            if machine.process is not None:
                machine.process.stop(0)


def three_nodes() -> Cluster:
    """Three combined nodes on ports of the loopback interface."""
    return Cluster(
        name="test",
        domain="test.kafka.internal",
        id=kafka_uuid("test"),
        nodes=tuple(
            Node(
                id=number,
                roles=("broker", "controller"),
                name=f"node-{number}.test.kafka.internal",
                host="localhost",
                zone=f"zone-{number}",
                directory_id=kafka_uuid(f"test/{number}"),
                ports=Ports(internal=free_port(), controller=free_port(), clients=free_port(), exporter=free_port()),
            )
            for number in range(1, NODES + 1)
        ),
    )


def form(machines: list[Machine]) -> None:
    """Bring the nodes up in the order in which CloudFormation does."""
    for machine in machines:
        machine.install()
        machine.format("forming")
        machine.start()
        opened = machine.gate(phase="forming")
        assert opened.returncode == 0, (
            f"node {machine.node.id}: {opened.stderr}{machine.process and machine.process.log_tail(40)}"
        )
    machines[-1].settle()


@pytest.fixture(scope="session")
def logs(machines: list[Machine]) -> list[Path]:
    return [machine.folder / "logs" / "kafka.log" for machine in machines]
