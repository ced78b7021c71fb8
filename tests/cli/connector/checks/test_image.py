"""The image of a connector: there, for the platform of its tasks, and named so that it stays the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from cli.connector.checks.registry import architectures, image_in_ecr
from cli.errors import CliError
from environments import load_environment
from tests.cli.conftest import ACCOUNT, REGION
from tests.cli.connector.checks.conftest import Scene
from tests.connector.aws_stub import AwsStub

REGISTRY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
INDEX = "application/vnd.oci.image.index.v1+json"
SINGLE = "application/vnd.oci.image.manifest.v1+json"


def platform(architecture: str, os: str = "linux") -> dict[str, Any]:
    return {
        "mediaType": SINGLE,
        "size": 1,
        "digest": f"sha256:{architecture:0<64.64}",
        "platform": {"architecture": architecture, "os": os},
    }


def index(*platforms: dict[str, Any]) -> str:
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": list(platforms)})


def push(scene: Scene, manifest: str, tag: str = "1.4.0", **repository: Any) -> str:
    """Put an image into a repository of its own; give its name."""
    ecr, name = scene.client("ecr"), f"streamops/{scene.name}"
    ecr.create_repository(repositoryName=name, **repository)
    ecr.put_image(repositoryName=name, imageManifest=manifest, imageTag=tag)
    scene.change(image=f"{REGISTRY}/{name}:{tag}")
    return f"{REGISTRY}/{name}"


def test_an_image_for_the_platform_is_ok_and_a_tag_that_can_move_is_not(scene: Scene) -> None:
    name = push(scene, index(platform("arm64"), platform("amd64"), platform("unknown", "unknown")))
    found = {item["check"]: item for item in scene.verify().items}
    assert found["image"]["result"] == "ok"
    assert found["image"]["detail"] == f"{name}:1.4.0 is there for arm64"
    assert found["image-pinned"]["result"] == "unknown"
    digest = scene.client("ecr").describe_images(repositoryName=f"streamops/{scene.name}")["imageDetails"][0]
    assert f"{name}@{digest['imageDigest']}" in found["image-pinned"]["way_out"]


def test_an_image_by_its_digest_or_of_tags_that_stay_is_pinned(scene: Scene) -> None:
    name = push(scene, index(platform("arm64")), imageTagMutability="IMMUTABLE")
    assert scene.result("image-pinned") == "ok"
    digest = scene.client("ecr").describe_images(repositoryName=f"streamops/{scene.name}")["imageDetails"][0]
    scene.change(image=f"{name}@{digest['imageDigest']}")
    assert scene.result("image") == "ok"
    assert scene.result("image-pinned") == "ok"


def test_an_image_of_another_platform_would_not_start(scene: Scene) -> None:
    push(scene, index(platform("amd64")))
    found = scene.check("image")
    assert found["result"] == "failed"
    assert "there for amd64, and the task runs on arm64" in found["detail"]


@pytest.mark.parametrize("named", ["{}:9.9.9", "{}-not-there:1.4.0", "{}@sha256:" + "0" * 64])
def test_an_image_that_is_not_there_fails(scene: Scene, named: str) -> None:
    name = push(scene, index(platform("arm64")))
    scene.change(image=named.format(name))
    assert scene.result("image") == "failed"


def test_another_registry_is_unknown_and_no_failure(scene: Scene) -> None:
    outcome = scene.verify()
    found = {item["check"]: item for item in outcome.items}
    assert found["image"]["result"] == "unknown"
    assert found["image-pinned"]["result"] == "unknown"
    assert outcome.exit_code == 0
    shown = scene.project.run("connector", "verify", "-e", scene.name)
    assert "unknown: they could not be looked at" in shown.stderr


class Blob(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"architecture": self.path[1:], "os": "linux"}).encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def blobs() -> Iterator[str]:
    """Where a registry would keep what tells of a single image; the path is its architecture."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Blob) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("architecture", "result"), [("arm64", "ok"), ("amd64", "failed")])
def test_an_image_without_an_index_tells_its_platform_in_a_blob(
    project, monkeypatch, blobs: str, architecture: str, result: str
) -> None:
    """The stand-in has no blobs of images, so here ECR's answers are recorded ones."""
    from cli.aws import Aws
    from cli.connector.checks.image import images
    from cli.connector.checks.subject import Subject

    digest = "sha256:" + "a" * 64
    manifest = json.dumps({"schemaVersion": 2, "mediaType": SINGLE, "config": {"digest": digest}, "layers": []})
    answers: dict[str, Any] = {
        "BatchGetImage": lambda _: {"images": [{"imageId": {"imageDigest": digest}, "imageManifest": manifest}]},
        "GetDownloadUrlForLayer": lambda asked: {
            "downloadUrl": f"{blobs}/{architecture}",
            "layerDigest": asked["layerDigest"],
        },
    }
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with AwsStub(answers=answers) as stub:
        monkeypatch.setenv("AWS_ENDPOINT_URL", stub.url)
        environment = load_environment(project.write())
        definition = {
            "runtimePlatform": {"cpuArchitecture": "ARM64"},
            "containerDefinitions": [{"name": "connector", "image": f"{REGISTRY}/streamops@{digest}"}],
        }
        subject = Subject(environment, Aws(environment), "r", "ACTIVE", None, definition, CliError("none"))
        found, pinned = images(subject)
    assert (found.result.value, pinned.result.value) == (result, "ok")
    assert [call.content.get("layerDigest") for call in stub.calls] == [None, digest]


def test_names_in_ecr_are_told_from_others() -> None:
    digest = "sha256:" + "a" * 64
    image = image_in_ecr(f"{REGISTRY}/a/b:1@{digest}")
    assert image is not None
    assert (image.repository, image.tag, image.id) == ("a/b", "1", {"imageDigest": digest})
    bare = image_in_ecr(f"{REGISTRY}/a/b")
    assert bare is not None
    assert bare.id == {"imageTag": "latest"}
    assert image_in_ecr("public.ecr.aws/a/b:1") is None
    assert image_in_ecr("streamops/connector:local") is None


def test_an_index_of_another_system_has_no_platform_of_ours() -> None:
    assert architectures(index(platform("amd64", "windows"))) == []
    assert architectures(json.dumps({"config": {}})) is None
