"""Names and manifests of images in Amazon ECR. No I/O."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_NAME = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?"
    r"/(?P<repository>[a-z0-9._/-]+)(?::(?P<tag>[A-Za-z0-9_.-]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)

PLATFORMS = {"ARM64": "arm64", "X86_64": "amd64"}
"""Architectures of ECS, as manifests name them."""

MEDIA_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
"""What BatchGetImage is asked for: without the first two it gives no image of several platforms."""


@dataclass(frozen=True)
class EcrImage:
    """An image in Amazon ECR by its name."""

    account: str
    region: str
    repository: str
    tag: str | None
    digest: str | None

    @property
    def id(self) -> dict[str, str]:
        """As ECR's API names it; a digest goes before a tag, and without both it is ``latest``."""
        return {"imageDigest": self.digest} if self.digest else {"imageTag": self.tag or "latest"}

    def repository_arn(self, partition: str) -> str:
        """ARN of its repository."""
        return f"arn:{partition}:ecr:{self.region}:{self.account}:repository/{self.repository}"


def image_in_ecr(name: str) -> EcrImage | None:
    """The image of a task definition, where it is in Amazon ECR; None for any other registry."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    return EcrImage(match["account"], match["region"], match["repository"], match["tag"], match["digest"])


def architectures(manifest: str) -> list[str] | None:
    """The architectures that an index has images for, on Linux; None for the manifest of a single image.

    What buildx adds of provenance stands in an index as the platform ``unknown/unknown``.
    """
    document: Mapping[str, Any] = json.loads(manifest)
    if "manifests" not in document:
        return None
    platforms = [each.get("platform") or {} for each in document["manifests"]]
    return sorted({p["architecture"] for p in platforms if p.get("os") == "linux" and "architecture" in p})


def config_digest(manifest: str) -> str | None:
    """Digest of the blob that tells the architecture of a single image; None where the manifest names none."""
    document: Mapping[str, Any] = json.loads(manifest)
    config = document.get("config") or {}
    digest = config.get("digest")
    return str(digest) if digest else None
