"""The ECS task of a connector: one locked-down container with the route's configuration."""

from collections.abc import Iterable

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from connector.config import Http
from environments import Environment
from environments.naming import task_family
from stacks.connectors.configuration import RenderedConfiguration
from stacks.connectors.image import ConnectorImage
from stacks.connectors.secrets import InjectedSecret

CONTAINER = "connector"
CONFIG_VARIABLE = "CONNECTOR_CONFIG"
CONFIG_LABEL = "streamops.config-sha256"
HEALTH_PORT = Http().port

DRAIN = cdk.Duration.seconds(120)
"""What a stopping task gets to finish what is in flight and commit: all that Fargate allows."""

USER = "1000:1000"

ARCHITECTURES = {
    "arm64": ecs.CpuArchitecture.ARM64,
    "x86_64": ecs.CpuArchitecture.X86_64,
}

_HEALTH_CHECK = f"import urllib.request as r; r.urlopen('http://127.0.0.1:{HEALTH_PORT}/healthz', timeout=4).close()"


def task_definition(
    scope: Construct,
    environment: Environment,
    route: str,
    *,
    task_role: iam.Role,
    execution_role: iam.Role,
) -> ecs.FargateTaskDefinition:
    """Add the task of a route, in the size that the environment gives all its connectors."""
    settings = environment.connectors
    return ecs.FargateTaskDefinition(
        scope,
        "Task",
        family=task_family(environment, route),
        cpu=settings.cpu,
        memory_limit_mib=settings.memory // 2**20,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ARCHITECTURES[settings.architecture],
            operating_system_family=ecs.OperatingSystemFamily.LINUX,
        ),
        # Both roles are complete as they are. The CDK would add its own, wider grants.
        task_role=task_role.without_policy_updates(),
        execution_role=execution_role.without_policy_updates(),
    )


def add_container(
    task: ecs.FargateTaskDefinition,
    environment: Environment,
    route: str,
    *,
    image: ConnectorImage,
    configuration: RenderedConfiguration,
    parameter: ssm.IStringParameter,
    secrets: Iterable[InjectedSecret],
    log_group: logs.ILogGroup,
) -> None:
    """Add the connector's container; `parameter` holds the text of `configuration`."""
    container = task.add_container(
        CONTAINER,
        container_name=CONTAINER,
        image=image.container,
        command=["run"],
        secrets={CONFIG_VARIABLE: ecs.Secret.from_ssm_parameter(parameter)},
        # ECS reads a secret when a task starts and never again. The label makes a new
        # revision of the task out of a new configuration, and so a deployment.
        docker_labels={CONFIG_LABEL: configuration.sha256},
        # On liveness alone: were it readiness, a slow sink would restart every task.
        health_check=ecs.HealthCheck(
            command=["CMD", "python", "-c", _HEALTH_CHECK],
            interval=cdk.Duration.seconds(15),
            timeout=cdk.Duration.seconds(5),
            retries=3,
            start_period=cdk.Duration.seconds(60),
        ),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix=route,
            log_group=log_group,
            # A slow log must not stop records from crossing.
            mode=ecs.AwsLogDriverMode.NON_BLOCKING,
            max_buffer_size=cdk.Size.mebibytes(25),
        ),
        linux_parameters=_linux(task),
        readonly_root_filesystem=True,
        stop_timeout=DRAIN,
        user=USER,
    )
    for secret in secrets:
        container.add_secret(secret.variable, secret.to_ecs(task, environment))


def _linux(scope: Construct) -> ecs.LinuxParameters:
    linux = ecs.LinuxParameters(scope, "Linux", init_process_enabled=True)
    linux.drop_capabilities(ecs.Capability.ALL)
    return linux
