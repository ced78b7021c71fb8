"""The images of a task: there, for the platform that it runs on, and the same one tomorrow."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

from cli.aws import TIMEOUT_SECONDS
from cli.connector.checks.check import Check, failed, ok, unknown
from cli.connector.checks.registry import (
    MEDIA_TYPES,
    PLATFORMS,
    EcrImage,
    architectures,
    config_digest,
    image_in_ecr,
)
from cli.connector.checks.subject import Subject


def images(subject: Subject) -> Iterator[Check]:
    """The image of each container."""
    if not subject.containers:
        yield unknown("image", "there is no task definition that names one", subject.deploy)
    for container in subject.containers:
        yield from _image(subject, container["image"])


def _image(subject: Subject, name: str) -> Iterator[Check]:
    image = image_in_ecr(name)
    if image is None:
        yield unknown("image", f"{name} is not in Amazon ECR: whether it can be pulled shows when a task starts")
        if "@sha256:" not in name:
            yield _movable(name, name)
        return
    ecr = subject.aws.ecr(image.region)
    try:
        answer = ecr.batch_get_image(
            registryId=image.account,
            repositoryName=image.repository,
            imageIds=[image.id],
            acceptedMediaTypes=list(MEDIA_TYPES),
        )
    except ecr.exceptions.RepositoryNotFoundException:
        yield failed(
            "image", f"{name}: there is no repository {image.repository} in account {image.account}", _push(subject)
        )
        return
    if not answer["images"]:
        reasons = ", ".join(str(each.get("failureReason", "")) for each in answer.get("failures", ()))
        yield failed("image", f"{name} does not exist ({reasons or 'no such image'})", _push(subject))
        return
    found = answer["images"][0]
    yield _platform(subject, name, image, found["imageManifest"], ecr)
    if image.digest:
        yield ok("image-pinned", f"{name} is named by its digest")
    elif _immutable(ecr, image):
        yield ok("image-pinned", f"{name}: tags of its repository cannot be moved")
    else:
        digest = found["imageId"].get("imageDigest", "")
        yield _movable(name, f"{name.rpartition(':')[0] if image.tag else name}@{digest}")


def _movable(name: str, better: str) -> Check:
    """ECS keeps the digest for as long as a deployment lasts, and finds it anew for the next one.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html#deployment-container-image-stability
    """
    way_out = f"name it by its digest: {better}" if "@" in better else "name it by its digest: NAME@sha256:…"
    return unknown(
        "image-pinned", f"{name} is a tag that can be moved: the next deployment may get another one", way_out
    )


def _push(subject: Subject) -> str:
    return f"push it, or name one that exists: streamops connector deploy {subject.route} --image IMAGE"


def _immutable(ecr: Any, image: EcrImage) -> bool:  # noqa: ANN401 - there are no stubs for it among ours
    told = ecr.describe_repositories(registryId=image.account, repositoryNames=[image.repository])["repositories"]
    return bool(told) and told[0].get("imageTagMutability") == "IMMUTABLE"


def _platform(subject: Subject, name: str, image: EcrImage, manifest: str, ecr: Any) -> Check:  # noqa: ANN401
    platform = (subject.definition or {}).get("runtimePlatform") or {}
    wanted = PLATFORMS.get(platform.get("cpuArchitecture") or "X86_64", "")
    there = architectures(manifest)
    if there is None:
        try:
            there = [_single(ecr, image, manifest)]
        except (OSError, ValueError, KeyError) as error:
            return unknown("image", f"{name} exists; its platform cannot be read ({error})")
    if wanted in there:
        return ok("image", f"{name} is there for {wanted}")
    return failed(
        "image",
        f"{name} is there for {', '.join(there) or 'no platform'}, and the task runs on {wanted}: no task would start",
        f"build it for linux/{wanted}, or change connectors.architecture",
    )


def _single(ecr: Any, image: EcrImage, manifest: str) -> str:  # noqa: ANN401
    """Architecture of an image without an index, which stands in a blob of its own."""
    digest = config_digest(manifest)
    if digest is None:
        raise ValueError("its manifest names no configuration")
    where = ecr.get_download_url_for_layer(
        registryId=image.account, repositoryName=image.repository, layerDigest=digest
    )["downloadUrl"]
    with urllib.request.urlopen(where, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - a URL that ECR signed
        return str(json.load(answer)["architecture"])
