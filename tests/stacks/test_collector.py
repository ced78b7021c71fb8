"""The collector beside connectors, which brings their metrics to Prometheus."""

import json
from typing import Any

import pytest

from connector.config import Http
from stacks.connectors.task import CONFIG_LABEL
from tests.stacks.synthesis import ECR_IMAGE, PLAIN, Templates, describe

WORKSPACE = "arn:aws:aps:eu-west-1:111122223333:workspace/ws-12345678-1234-1234-1234-123456789012"
IMAGE = ECR_IMAGE.replace("team/connector", "team/collector")
ROUTE = "orders-to-stream"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    folder = tmp_path_factory.mktemp("collector")
    connectors = {**PLAIN["connectors"], "prometheus": {"workspace": WORKSPACE, "image": IMAGE}}
    routes = {ROUTE: PLAIN["routes"][ROUTE]}
    environment = describe(folder, "read", routes=routes, connectors=connectors, deliveries=None)
    return Templates([environment], tmp_path_factory.mktemp("assembly"), check=True)


def containers(made: Templates) -> dict[str, dict[str, Any]]:
    (task,) = made.properties("read", "connectors", "ECS::TaskDefinition")
    return {each["Name"]: each for each in task["ContainerDefinitions"]}


def configuration(made: Templates) -> dict[str, Any]:
    parameters = {each["Name"]: each for each in made.properties("read", "connectors", "SSM::Parameter")}
    found = json.loads(parameters["/streamops/read/collector/config"]["Value"])
    assert isinstance(found, dict)
    return found


def test_the_connector_goes_on_without_its_collector(made: Templates):
    found = containers(made)
    assert list(found) == ["connector", "collector"]
    assert found["connector"]["Essential"] is True
    assert found["collector"]["Essential"] is False
    assert found["collector"]["Memory"] == 256


def test_a_collector_can_write_nothing_and_gets_its_configuration_as_a_secret(made: Templates):
    collector = containers(made)["collector"]
    assert collector["ReadonlyRootFilesystem"] is True
    assert collector["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
    (secret,) = collector["Secrets"]
    assert collector["Command"] == [f"--config=env:{secret['Name']}"]
    assert collector["LogConfiguration"]["Options"]["mode"] == "non-blocking"
    assert "Environment" not in collector
    assert len(collector["DockerLabels"][CONFIG_LABEL]) == 64


def test_it_reads_the_port_that_the_connector_serves_and_writes_to_the_workspace(made: Templates):
    config = configuration(made)
    (job,) = config["receivers"]["prometheus"]["config"]["scrape_configs"]
    assert job["static_configs"] == [{"targets": [f"localhost:{Http().port}"]}]
    exporter = config["exporters"]["prometheusremotewrite"]
    host, _, path = exporter["endpoint"].removeprefix("https://").partition("/")
    assert host == "aps-workspaces.eu-west-1.amazonaws.com"
    assert path == f"workspaces/{WORKSPACE.rpartition('/')[2]}/api/v1/remote_write"


def test_every_part_of_the_configuration_is_used_and_every_used_part_is_there(made: Templates):
    config = configuration(made)
    (pipeline,) = config["service"]["pipelines"].values()
    for kind in ("receivers", "processors", "exporters"):
        assert set(pipeline[kind]) == set(config[kind])
    assert set(config["service"]["extensions"]) == set(config["extensions"])
    assert config["exporters"]["prometheusremotewrite"]["auth"]["authenticator"] in config["extensions"]


def test_series_of_different_tasks_are_told_apart(made: Templates):
    """Each is localhost to its own collector."""
    config = configuration(made)
    assert config["processors"]["resourcedetection"]["detectors"] == ["ecs"]
    assert config["exporters"]["prometheusremotewrite"]["resource_to_telemetry_conversion"] == {"enabled": True}


def test_the_task_may_write_to_the_one_workspace(made: Templates):
    statements = [
        statement
        for role in made.properties("read", "connectors", "IAM::Role")
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    (writing,) = (each for each in statements if "aps:RemoteWrite" in each["Action"])
    assert (writing["Action"], writing["Resource"]) == ("aps:RemoteWrite", WORKSPACE)
    (pulling,) = (each for each in statements if "ecr:BatchGetImage" in each["Action"])
    assert any("team/collector" in json.dumps(resource) for resource in pulling["Resource"])


def test_a_network_without_nat_has_an_endpoint_for_it(made: Templates):
    services = json.dumps(made.properties("read", "network", "EC2::VPCEndpoint"))
    assert "aps-workspaces" in services
