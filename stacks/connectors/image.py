"""The container image that connectors run, and what pulling it takes."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecr_assets as assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from constructs import Construct

from environments import Environment

SOURCE = Path(__file__).resolve().parents[2] / "connector_image"

PLATFORMS = {
    "arm64": assets.Platform.LINUX_ARM64,
    "x86_64": assets.Platform.LINUX_AMD64,
}

_ECR_NAME = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?"
    r"/(?P<repository>[a-z0-9._/-]+)(?:[:@](?P<version>.+))?"
)


@dataclass(frozen=True, kw_only=True)
class ConnectorImage:
    """An image for ECS, and the statements that let a task's execution role pull it."""

    container: ecs.ContainerImage
    pull: tuple[iam.PolicyStatement, ...] = field(default=())

    @property
    def in_ecr(self) -> bool:
        """Whether the image lies in Amazon ECR, where pulling needs permission."""
        return bool(self.pull)


def connector_image(scope: Construct, environment: Environment) -> ConnectorImage:
    """Return the image that `environment` names, or else the one of this checkout.

    The checkout's image is built and pushed when it is deployed; synthesis only takes the
    folder's fingerprint and needs no Docker.
    """
    settings = environment.connectors
    if settings.image is not None:
        return named_image(scope, environment, settings.image)
    asset = assets.DockerImageAsset(
        scope,
        "ConnectorImage",
        directory=str(SOURCE),
        platform=PLATFORMS[settings.architecture],
        asset_name="connector",
    )
    return ConnectorImage(
        container=ecs.ContainerImage.from_docker_image_asset(asset),
        pull=_pull_statements(asset.repository.repository_arn),
    )


def ecr_region(name: str) -> str | None:
    """Return the region of Amazon ECR that an image name points into; None for any other registry."""
    match = _ECR_NAME.fullmatch(name)
    return match["region"] if match else None


def named_image(scope: Construct, environment: Environment, name: str) -> ConnectorImage:
    """Return the image of this name, in Amazon ECR or any registry that is open to the task."""
    match = _ECR_NAME.fullmatch(name)
    if match is None:
        return ConnectorImage(container=ecs.ContainerImage.from_registry(name))
    arn = f"arn:{environment.partition}:ecr:{match['region']}:{match['account']}:repository/{match['repository']}"
    repository = ecr.Repository.from_repository_attributes(
        scope, "Repository", repository_arn=arn, repository_name=match["repository"]
    )
    return ConnectorImage(
        container=ecs.ContainerImage.from_ecr_repository(repository, match["version"]),
        pull=_pull_statements(arn),
    )


def _pull_statements(repository_arn: str) -> tuple[iam.PolicyStatement, ...]:
    return (
        iam.PolicyStatement(
            actions=[
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:GetDownloadUrlForLayer",
            ],
            resources=[repository_arn],
        ),
        # Signing in is to the registry, not to a repository: the action knows no resource.
        iam.PolicyStatement(actions=["ecr:GetAuthorizationToken"], resources=["*"]),
    )
