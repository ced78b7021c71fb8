"""Reaching AWS for one environment: credentials, endpoint, account and time limits.

A sandbox environment takes endpoint and credentials only from its running sandbox, whatever stands in the shell, so
that a command for it can never touch a real account.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config

from cli.errors import NotAuthenticatedError
from environments import Environment

if TYPE_CHECKING:
    from mypy_boto3_ecs.client import ECSClient
    from mypy_boto3_kinesis.client import KinesisClient
    from mypy_boto3_ssm.client import SSMClient
    from mypy_boto3_sts.client import STSClient

CONCURRENT_CALLS = 10
"""Calls in flight for one command; DescribeStreamSummary allows 20 a second and account, DescribeServices 20."""

ATTEMPTS = 3
TIMEOUT_SECONDS = 4
"""Of an attempt, for the connection and then for the answer."""

LIMITS = Config(
    connect_timeout=TIMEOUT_SECONDS,
    read_timeout=TIMEOUT_SECONDS,
    retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    max_pool_connections=CONCURRENT_CALLS,
)
"""A service that does not answer is reported within 15 seconds: three attempts, and the pauses between them. botocore's
own limits add up to minutes."""


class Aws:
    """The clients of one environment; safe to use from several threads once made."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self._session, self._where = (
            _sandbox_session(environment) if environment.sandbox else _user_session(environment)
        )

    @cached_property
    def kinesis(self) -> KinesisClient:
        """Kinesis Data Streams."""
        client: KinesisClient = self._client("kinesis")
        return client

    @cached_property
    def ecs(self) -> ECSClient:
        """Elastic Container Service."""
        client: ECSClient = self._client("ecs")
        return client

    @cached_property
    def ssm(self) -> SSMClient:
        """Systems Manager, for its parameters."""
        client: SSMClient = self._client("ssm")
        return client

    @cached_property
    def cloudformation(self) -> Any:  # noqa: ANN401 - there are no stubs for it among ours
        """CloudFormation."""
        return self._client("cloudformation")

    @cached_property
    def sts(self) -> STSClient:
        """Security Token Service: who is calling."""
        client: STSClient = self._client("sts")
        return client

    @cached_property
    def secrets(self) -> Any:  # noqa: ANN401 - there are no stubs for it among ours
        """Secrets Manager."""
        return self._client("secretsmanager")

    @cached_property
    def kms(self) -> Any:  # noqa: ANN401 - there are no stubs for it among ours
        """Key Management Service."""
        return self._client("kms")

    @cached_property
    def cloudwatch(self) -> Any:  # noqa: ANN401 - there are no stubs for it among ours
        """CloudWatch, for its metrics."""
        return self._client("cloudwatch")

    @cached_property
    def logs(self) -> Any:  # noqa: ANN401 - there are no stubs for it among ours
        """CloudWatch Logs."""
        return self._client("logs")

    @cached_property
    def cloudtrail(self) -> Any:  # noqa: ANN401 - there are no stubs for it among ours
        """CloudTrail: who called what in the last 90 days."""
        return self._client("cloudtrail")

    @cached_property
    def autoscaling(self) -> Any:  # noqa: ANN401 - there are no stubs for it among ours
        """Application Auto Scaling."""
        return self._client("application-autoscaling")

    @cached_property
    def iam(self) -> Any:  # noqa: ANN401 - there are no stubs for it among ours
        """Identity and Access Management."""
        return self._client("iam")

    @cached_property
    def ec2(self) -> Any:  # noqa: ANN401 - there are no stubs for it among ours
        """EC2, for security groups."""
        return self._client("ec2")

    @cached_property
    def s3(self) -> Any:  # noqa: ANN401 - there are no stubs for it among ours
        """S3."""
        return self._client("s3")

    @cached_property
    def firehose(self) -> Any:  # noqa: ANN401 - there are no stubs for it among ours
        """Amazon Data Firehose."""
        return self._client("firehose")

    def ecr(self, region: str) -> Any:  # noqa: ANN401 - there are no stubs for it among ours
        """Elastic Container Registry, in the region of an image."""
        return self._session.client("ecr", **{**self._where, "region_name": region})

    def kafka(self, region: str) -> Any:  # noqa: ANN401 - there are no stubs for it among ours
        """Amazon MSK, in the region of the cluster."""
        return self._session.client("kafka", **{**self._where, "region_name": region})

    def credentials(self) -> Any:  # noqa: ANN401 - botocore has no types
        """What calls are signed with, as they are now; None where there is nothing."""
        found = self._session.get_credentials()
        return found and found.get_frozen_credentials()

    def _client(self, service: str) -> Any:  # noqa: ANN401 - each property above names its type
        make: Callable[..., Any] = self._session.client
        return make(service, **self._where)

    def check_account(self) -> None:
        """Make sure that the credentials are of the environment's account.

        A stream of the same name in another account would be described, or changed, without anybody noticing.

        Raises:
            NotAuthenticatedError: they are of another account.
        """
        if self.environment.sandbox:
            return
        identity = self.sts.get_caller_identity()
        if identity["Account"] != self.environment.account:
            raise NotAuthenticatedError(
                f"these credentials are of account {identity['Account']} ({identity['Arn']}), "
                f"but environment {self.environment.name} is in account {self.environment.account}",
                "choose another profile with AWS_PROFILE, or correct account: in the environment file",
            )


def _user_session(environment: Environment) -> tuple[boto3.Session, dict[str, Any]]:
    return boto3.Session(region_name=environment.region), {"config": LIMITS}


def _sandbox_session(environment: Environment) -> tuple[boto3.Session, dict[str, Any]]:
    from sandbox.state import running_sandbox

    sandbox = running_sandbox(environment.name)
    # Without this, an AWS_PROFILE that is meant for real accounts would be looked up, and fail where it is unknown.
    core = botocore.session.Session(session_vars={"profile": (None, [], None, None)})
    session = boto3.Session(
        aws_access_key_id=sandbox.access_key_id,
        aws_secret_access_key=sandbox.secret_access_key,
        region_name=sandbox.region,
        botocore_session=core,
    )
    return session, {"endpoint_url": sandbox.endpoint_url, "config": LIMITS.merge(Config(proxies={}))}


def profile_in_use() -> str | None:
    """The profile that the shell chose, for messages."""
    return os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE")
