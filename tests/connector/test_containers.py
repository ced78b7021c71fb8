"""What the image's README says of containers is what image and code are; nothing here can run them."""

from __future__ import annotations

import contextlib
import re
import shlex
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from ruamel.yaml import YAML

from connector.__main__ import CONFIG_VARIABLE, PORT_VARIABLE
from connector.config import ConnectorConfig, load_config
from connector.health import HealthServer
from connector.units import parse_duration
from stacks.connectors.configuration import MEMORY_SHARE

IMAGE = Path(__file__).parents[2] / "connector_image"
README = (IMAGE / "README.md").read_text()
DOCKERFILE = (IMAGE / "Dockerfile").read_text()
RUN = README.partition("## Run the image")[2]
GRACE = 120


def documents(kind: str) -> list[dict[str, Any]]:
    found = [document for text in re.findall(r"```yaml\n(.*?)```", RUN, re.DOTALL) for document in read(text)]
    return [document for document in found if kind in document or document.get("kind") == kind]


def read(text: str) -> list[Any]:
    return list(YAML(typ="safe", pure=True).load_all(text))


def instruction(name: str) -> str:
    (found,) = re.findall(rf"^{name} (.*)$", DOCKERFILE, re.MULTILINE)
    return str(found)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    (document,) = documents("services")
    (service,) = document["services"].values()
    return dict(service)


@pytest.fixture(scope="module")
def deployment() -> dict[str, Any]:
    (document,) = documents("Deployment")
    return document


@pytest.fixture(scope="module")
def pod(deployment: dict[str, Any]) -> dict[str, Any]:
    return dict(deployment["spec"]["template"]["spec"])


@pytest.fixture(scope="module")
def container(pod: dict[str, Any]) -> dict[str, Any]:
    (container,) = pod["containers"]
    return dict(container)


@pytest.fixture(scope="module")
def config_map() -> dict[str, Any]:
    (document,) = documents("ConfigMap")
    return document


@pytest.fixture(scope="module")
def docker() -> list[str]:
    """The words of the command that runs the connector for good."""
    lines = RUN.replace("\\\n", " ").splitlines()
    (command,) = [line.strip() for line in lines if line.strip().startswith("docker run --detach")]
    return shlex.split(command)


def test_the_image_is_called_as_it_is_built(compose, container, docker):
    (built,) = re.findall(r"docker buildx build .* -t (\S+) connector_image", README)
    assert built in DOCKERFILE
    assert compose["image"] == container["image"] == docker[-1] == built


def test_the_port_is_the_one_that_is_listened_on(compose, container, docker):
    port = ConnectorConfig.model_fields["http"].default.port
    assert instruction("EXPOSE") == str(port)
    assert container["ports"] == [{"name": "http", "containerPort": port}]
    assert compose["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert docker[docker.index("-p") + 1] == f"127.0.0.1:{port}:{port}"


def test_the_user_is_the_images(pod):
    given = pod["securityContext"]
    assert given["runAsNonRoot"]
    assert instruction("USER") == f"{given['runAsUser']}:{given['runAsGroup']}"


def test_nothing_is_written_and_no_capability_kept(compose, container, docker):
    assert compose["read_only"]
    assert compose["cap_drop"] == ["ALL"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert "--read-only" in docker
    assert docker[docker.index("--cap-drop") + 1] == "ALL"


def test_there_is_time_to_drain(compose, pod, docker):
    longest = ConnectorConfig.model_fields["stop_timeout"].metadata[1].le
    assert longest < parse_duration(f"{GRACE}s")
    assert pod["terminationGracePeriodSeconds"] == GRACE
    assert compose["stop_grace_period"] == f"{GRACE}s"
    assert docker[docker.index("--stop-timeout") + 1] == str(GRACE)


def test_probes_ask_for_what_is_served_and_restart_on_liveness_only(container, served):
    asked = {name: container[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert {probe["port"] for probe in asked.values()} == {"http"}
    assert [probe["path"] for probe in asked.values()] == ["/healthz", "/healthz", "/readyz"]
    assert {status(served, probe["path"]) for probe in asked.values()} == {200}
    assert status(served, "/health") == 404
    assert "/healthz" in instruction("  CMD")


class Well:
    """Answers that all is well."""

    def alive(self) -> tuple[bool, dict[str, object]]:
        return True, {}

    def ready(self) -> tuple[bool, dict[str, object]]:
        return True, {}


@pytest.fixture
def served() -> Iterator[int]:
    """The port at which a connector that is well answers."""
    server = HealthServer("127.0.0.1", 0, Well(), CollectorRegistry())
    server.start()
    yield server.port
    server.close()


def status(port: int, path: str) -> int:
    with contextlib.closing(HTTPConnection("127.0.0.1", port)) as connection:
        connection.request("GET", path)
        return connection.getresponse().status


def test_the_configuration_is_where_the_connector_looks_for_it(compose, container, config_map, docker):
    variables = {each["name"]: each["valueFrom"] for each in container["env"]}
    (key,) = config_map["data"]
    assert variables[CONFIG_VARIABLE] == {"configMapKeyRef": {"name": config_map["metadata"]["name"], "key": key}}
    assert load_config(compose["environment"][CONFIG_VARIABLE], "compose").route
    assert docker[docker.index("-e") + 1].startswith(f"{CONFIG_VARIABLE}=")


def test_the_secrets_of_the_configuration_are_in_the_environment(container, config_map):
    (text,) = config_map["data"].values()
    security = load_config(text, "config map").source.security.model_dump()
    named = {secret["env"] for secret in security.values() if isinstance(secret, dict)}
    assert named
    assert named == {each["name"] for each in container["env"]} - {CONFIG_VARIABLE}


def test_no_service_of_the_cluster_sets_a_variable_of_the_connector(pod):
    """Kubernetes sets NAME_PORT=tcp://… for each service, and the connector reads a port in such a name."""
    assert PORT_VARIABLE == "CONNECTOR_HTTP_PORT"
    assert pod["enableServiceLinks"] is False


def test_memory_is_what_the_smallest_task_of_a_deployment_gets(compose, container, docker):
    held = ConnectorConfig.model_fields["memory"].default
    assert container["resources"]["limits"]["memory"] == f"{held * MEMORY_SHARE >> 20}Mi"
    assert compose["mem_limit"] == docker[docker.index("--memory") + 1] == f"{held * MEMORY_SHARE >> 20}m"


def test_names_within_the_manifests_agree(deployment, pod, config_map):
    (account,) = documents("ServiceAccount")
    assert pod["serviceAccountName"] == account["metadata"]["name"] == config_map["metadata"]["name"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"] == labels
