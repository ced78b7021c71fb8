"""Ids, names and zones of nodes, and the properties that are rendered for them."""

import base64
import random
import subprocess
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from environments import Environment
from environments.kafka import Ec2Kafka
from environments.kafka.ec2 import LONGEST_URL, MOST_SETTINGS_TEXT
from stacks.kafka.ec2.nodes import Cluster, cluster_of, kafka_uuid
from stacks.kafka.ec2.rendering import Download, Installation, Paths, Start, packed, render, render_node

START = Start(
    region="eu-west-1",
    group_name="group",
    lifecycle_hook="hook",
    bootstrap_parameter="/bootstrap",
    distribution=Download(url="s3://bucket/kafka.tgz", sha512="a"),
    exporter=None,
)


def cluster(brokers: int, controllers: int = 3) -> Cluster:
    kafka: dict[str, Any] = {
        "kind": "ec2",
        "distribution": {"url": "s3://bucket/kafka.tgz", "sha512": 128 * "a"},
        "brokers": brokers,
        "controllers": controllers,
    }
    environment = Environment.model_validate(
        {
            "name": "test",
            "account": "111122223333",
            "region": "eu-west-1",
            "network": {"zones": ["eu-west-1a", "eu-west-1b", "eu-west-1c"]},
            "kafka": kafka,
        }
    )
    assert isinstance(environment.kafka, Ec2Kafka)
    return cluster_of(environment, environment.kafka)


def properties(text: str) -> dict[str, str]:
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return dict(pair for pair in pairs)


@given(st.text())
def test_ids_are_of_sixteen_bytes_and_never_read_as_an_option(name: str):
    assert kafka_uuid(name) == kafka_uuid(name)
    assert len(kafka_uuid(name)) == 22
    assert not kafka_uuid(name).startswith("-")


def test_nodes_that_are_added_change_none_that_are_there():
    before, after = cluster(3), cluster(5)
    assert after.nodes[: len(before.nodes)] == before.nodes
    assert after.id == before.id
    for node in before.nodes:
        assert render_node(after, node, Installation(auth="scram"), START) == render_node(
            before, node, Installation(auth="scram"), START
        )


def test_no_two_nodes_share_an_id_a_name_or_a_directory():
    nodes = cluster(9, 5).nodes
    for values in ({node.id for node in nodes}, {node.name for node in nodes}, {node.directory_id for node in nodes}):
        assert len(values) == len(nodes)


def test_the_rack_of_a_broker_is_its_zone_and_zones_take_turns():
    assert [node.zone[-1] for node in cluster(4).brokers] == ["a", "b", "c", "a"]
    (first, *_) = cluster(3).brokers
    text = render_node(cluster(3), first, Installation(auth="scram"))["/etc/kafka/server.properties"]
    assert properties(text)["broker.rack"] == "eu-west-1a"


def test_controllers_of_their_own_have_neither_rack_nor_clients():
    controller = cluster(3).controllers[0]
    rendered = properties(
        render_node(cluster(3), controller, Installation(auth="scram"))["/etc/kafka/server.properties"]
    )
    assert rendered["process.roles"] == "controller"
    assert rendered["listeners"] == "CONTROLLER://node-1001.test.kafka.internal:9093"
    assert "broker.rack" not in rendered


def test_settings_of_the_user_go_before_ours_and_keep_their_backslashes():
    installation = Installation(auth="scram", settings={"min.insync.replicas": "1", "some.pattern": r"a\.b"})
    rendered = properties(render_node(cluster(3), cluster(3).brokers[0], installation)["/etc/kafka/server.properties"])
    assert rendered["min.insync.replicas"] == "1"
    assert rendered["some.pattern"] == r"a\\.b"


def test_a_value_that_a_template_lacks_is_an_error():
    with pytest.raises(UndefinedError):
        render("client.properties.j2")


@pytest.mark.parametrize("controllers", [0, 3])
@pytest.mark.parametrize("auth", ["scram", "mtls"])
def test_every_script_of_a_node_is_one_that_bash_can_read(controllers: int, auth: Any):
    nodes = cluster(3, controllers)
    for node in nodes.nodes:
        scripts = {
            path: text
            for path, text in render_node(nodes, node, Installation(auth=auth), START).items()
            if path.endswith(".sh")
        }
        assert len(scripts) == 4
        for path, text in scripts.items():
            read = subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True, check=False)
            assert read.returncode == 0, f"{path}: {read.stderr}"


def test_what_root_runs_is_not_the_services_to_change():
    nodes = cluster(3)
    files = render_node(nodes, nodes.brokers[0], Installation(auth="scram"), START)
    folders = [line.split()[3:] for line in files["/etc/kafka/start.sh"].splitlines() if line.startswith("chown ")]
    assert folders == [["/etc/kafka/tls", "/var/lib/kafka", "/var/log/kafka"]]
    assert not [path for path in files if path.startswith(tuple(folders[0]))]


def test_the_largest_node_that_a_file_can_describe_fits_into_user_data():
    """Text that cannot be packed, as long as the model lets it be."""
    text = base64.b64encode(random.Random(1).randbytes(4 * LONGEST_URL + 2 * MOST_SETTINGS_TEXT)).decode()
    downloads = [
        Download(url=f"s3://{text[start : start + LONGEST_URL - 5]}", sha512=text[start : start + 128])
        for start in (0, LONGEST_URL)
    ]
    installation = Installation(
        auth="scram",
        exporter=True,
        log_group="/streamops/test/kafka/brokers",
        settings={"x": text[-MOST_SETTINGS_TEXT:]},
    )
    nodes = cluster(5, 0)
    start = replace(START, distribution=downloads[0], exporter=downloads[1])
    files = packed(render_node(nodes, nodes.nodes[0], installation, start))
    variables = dict.fromkeys("abcdefgh", 120 * "x")
    made = render(
        "user_data.sh.j2",
        cluster=nodes,
        node=nodes.nodes[0],
        paths=Paths(),
        generation=1,
        variables=variables,
        files=files,
    )
    assert len(made) < 16384
