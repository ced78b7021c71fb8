"""Kafka on EC2 in the templates: what stays, what comes and goes, in which order, and who may do what."""

import base64
import io
import re
import tarfile
from dataclasses import fields
from itertools import pairwise
from typing import Any

import pytest

from cli.deployed import PATH
from environments import Ec2Kafka, load_environment
from environments.kafka.ec2_nodes import node_places
from stacks.kafka.ec2.machine import HOOK_SECONDS
from stacks.kafka.ec2.rendering import Start
from tests.stacks.conftest import Describe, Synthesize
from tests.stacks.synthesis import PROJECT, SILENT, Templates
from tests.stacks.variants import DISTRIBUTION

ORDER = ["controller-1001", "broker-1", "broker-2"]
MOST_USER_DATA = 16384


@pytest.fixture(scope="module")
def groups(templates: Templates) -> dict[str, tuple[str, dict[str, Any]]]:
    """The group of each node, with its logical id, by the node's name."""
    found = templates.resources("nodes", "kafka", "AutoScaling::AutoScalingGroup")
    return {
        each["Properties"]["AutoScalingGroupName"].removeprefix("streamops-nodes-"): (key, each)
        for key, each in found.items()
    }


def user_data(template: dict[str, Any]) -> str:
    """What a machine gets to see, with a word for each reference."""
    (_, parts) = template["Properties"]["LaunchTemplateData"]["UserData"]["Fn::Base64"]["Fn::Join"]
    return "".join(part if isinstance(part, str) else "REFERENCE" for part in parts)


def files(text: str) -> dict[str, str]:
    """The files that user data brings along."""
    (packed,) = re.findall(r"<<'FILES'\n(.+)\nFILES\n", text)
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(packed))) as tar:
        return {name: (tar.extractfile(name) or io.BytesIO()).read().decode() for name in tar.getnames()}


def test_nodes_are_made_and_rolled_one_after_the_other_voters_first(groups: dict[str, Any]):
    assert sorted(groups) == sorted(ORDER)
    for before, after in pairwise(ORDER):
        assert groups[before][0] in groups[after][1]["DependsOn"]


def test_the_address_is_published_when_the_last_node_serves(templates: Templates, groups: dict[str, Any]):
    (address,) = (
        each
        for each in templates.resources("nodes", "kafka", "SSM::Parameter").values()
        if each["Properties"]["Name"] == "/streamops/nodes/kafka/bootstrap"
    )
    assert groups[ORDER[-1]][0] in address["DependsOn"]
    assert address["Properties"]["Value"] == "node-1.nodes.kafka.internal:9094,node-2.nodes.kafka.internal:9094"


def test_a_deployment_waits_for_the_signal_of_every_node(groups: dict[str, Any]):
    for _, group in groups.values():
        assert group["CreationPolicy"]["ResourceSignal"] == {"Count": 1, "Timeout": "PT60M"}
        rolling = group["UpdatePolicy"]["AutoScalingRollingUpdate"]
        assert rolling["WaitOnResourceSignals"]
        assert rolling["MinInstancesInService"] == 0
        assert {group["Properties"][size] for size in ("MinSize", "MaxSize", "DesiredCapacity")} == {"1"}


def test_a_node_is_more_patient_than_the_machine_before_may_be_slow_and_the_deployment_more_than_both():
    """A machine that its hook holds keeps disk and address, while its group makes the next one already."""
    waits: dict[str, Any] = {field.name: field.default for field in fields(Start)}
    assert waits["patience_seconds"] > HOOK_SECONDS
    assert waits["patience_seconds"] + waits["gate_seconds"] < 60 * 60
    assert waits["leave_seconds"] < HOOK_SECONDS


def test_no_node_starts_before_every_node_has_a_name(templates: Templates, groups: dict[str, Any]):
    names = templates.resources("nodes", "kafka", "Route53::RecordSet")
    assert len(names) == len(ORDER)
    assert names.keys() <= set(groups[ORDER[0]][1]["DependsOn"])


def test_disks_are_encrypted_with_the_environments_key_and_stay_in_production(templates: Templates):
    volumes = templates.resources("nodes", "kafka", "EC2::Volume").values()
    assert len(volumes) == len(ORDER)
    for volume in volumes:
        assert volume["Properties"]["Encrypted"] is True
        assert volume["Properties"]["KmsKeyId"]
        assert volume["UpdateReplacePolicy"] == "Retain"


def test_preflight_finds_each_disk_with_its_node(shipped: Templates):
    """The path in its metadata is all that tells a deployed disk's node; what preflight guards hangs on it."""
    paths = [each["Metadata"][PATH].split("/") for each in shipped.resources("ec2", "kafka", "EC2::Volume").values()]
    example = load_environment(PROJECT / "examples" / "ec2.yaml")
    assert isinstance(example.kafka, Ec2Kafka)
    places = node_places(example.kafka, example.network.zones)
    assert sorted(map(tuple, paths)) == sorted(
        ("ec2", "kafka", "Cluster", place.short_name, "Volume") for place in places
    )


def test_a_disk_stands_in_the_zone_of_its_nodes_subnet(templates: Templates):
    zones = {
        key: each["Properties"]["AvailabilityZone"]
        for key, each in templates.resources("nodes", "kafka", "EC2::Volume").items()
    }
    assert {key.removeprefix("Cluster").partition("Volume")[0]: zone for key, zone in zones.items()} == {
        "controller1001": "eu-west-1a",
        "broker1": "eu-west-1a",
        "broker2": "eu-west-1b",
    }


def test_user_data_fits_and_brings_the_rendered_files(templates: Templates):
    launched = templates.resources("nodes", "kafka", "EC2::LaunchTemplate").values()
    for template in launched:
        text = user_data(template)
        assert len(text) < MOST_USER_DATA
        brought = files(text)
        assert "num.io.threads=16" in brought["etc/kafka/server.properties"]
        assert {"etc/kafka/gate.py", "etc/kafka/start.sh", "etc/systemd/system/kafka.service"} <= brought.keys()
        assert template["Properties"]["LaunchTemplateData"]["ImageId"] == (
            "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
        )


def test_no_secret_is_in_user_data(templates: Templates):
    for template in templates.resources("nodes", "kafka", "EC2::LaunchTemplate").values():
        text = user_data(template) + "".join(files(user_data(template)).values())
        assert "PRIVATE KEY" not in text
        assert not re.search(r"password=(?!%s)", text)


def test_clients_reach_brokers_on_one_port_and_nodes_one_another_on_two(templates: Templates):
    found = templates.properties("nodes", "kafka", "EC2::SecurityGroupIngress")
    assert sorted(each["FromPort"] for each in found) == [9091, 9093, 9094]
    brokers = {str(each["GroupId"]) for each in found}
    assert len(brokers) == 1
    for each in found:
        assert "CidrIp" not in each
        assert (str(each["SourceSecurityGroupId"]) in brokers) == (each["FromPort"] != 9094)


def test_a_controller_may_not_read_passwords_and_no_node_another_nodes_disk(templates: Templates):
    roles = templates.resources("nodes", "kafka", "IAM::Role")
    attached = []
    for key, role in roles.items():
        (policy,) = role["Properties"]["Policies"]
        statements = policy["PolicyDocument"]["Statement"]
        actions = [action for each in statements for action in _listed(each["Action"])]
        assert ("secretsmanager:GetSecretValue" in actions) == ("broker" in key)
        (own,) = (each["Resource"] for each in statements if each["Action"] == "ec2:AttachVolume")
        attached.append(str(own))
    assert len(set(attached)) == len(ORDER)


def test_a_broker_that_is_added_leaves_the_others_machines_as_they_are(described: Describe, synthesized: Synthesize):
    def machines(brokers: int) -> dict[str, Any]:
        kafka = {"kind": "ec2", "distribution": DISTRIBUTION, "brokers": brokers, "controllers": 1}
        sections = {"topics": None, "streams": None, "deliveries": None, "routes": None, **SILENT}
        made = synthesized(described(kafka=kafka, **sections))
        return made.resources("changed", "kafka", "EC2::LaunchTemplate")

    before, after = machines(3), machines(4)
    assert len(after) == len(before) + 1
    assert {key: after[key] for key in before} == before


def test_a_given_authority_signs_and_none_is_made(described: Describe, synthesized: Synthesize):
    authority = "arn:aws:acm-pca:eu-west-1:111122223333:certificate-authority/12345678-1234-1234-1234-123456789012"
    kafka = {
        "kind": "ec2",
        "distribution": DISTRIBUTION,
        "brokers": 1,
        "controllers": 0,
        "auth": "mtls",
        "secret": "secret:kafka",
        "authority": authority,
        "ca": "ssm:/team/ca",
    }
    sections = {"topics": None, "streams": None, "deliveries": None, "routes": None, **SILENT}
    made = synthesized(described(kafka=kafka, **sections))
    everything = made.resources("changed", "kafka")
    assert not [each for each in everything.values() if each["Type"].startswith(("AWS::ACMPCA", "AWS::SecretsManager"))]
    (template,) = made.resources("changed", "kafka", "EC2::LaunchTemplate").values()
    assert f"AUTHORITY={authority}\n" in user_data(template)
    assert "listener.name.clients.ssl.client.auth=required" in files(user_data(template))["etc/kafka/server.properties"]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
