"""One connector as an ECS service: the route's configuration, roles, log, task and service."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_ssm as ssm
from connector.config import Http
from constructs import Construct

from environments import Environment
from environments.naming import (
    config_parameter_name,
    ecs_service_name,
    log_group_name,
    task_family,
)
from stacks.connectors.configuration import render_configuration
from stacks.connectors.image import ConnectorImage
from stacks.connectors.roles import execution_role, task_role
from stacks.log_retention import log_retention
from stacks.network.placement import Placement

CONTAINER = "connector"
CONFIG_VARIABLE = "CONNECTOR_CONFIG"
CONFIG_LABEL = "streamops.config-sha256"
HEALTH_PORT = Http().port

DRAIN = cdk.Duration.seconds(120)
"""What a stopping task gets to finish what is in flight and commit: all that Fargate allows."""

USER = "1000:1000"

_ARCHITECTURES = {
    "arm64": ecs.CpuArchitecture.ARM64,
    "x86_64": ecs.CpuArchitecture.X86_64,
}

_HEALTH_CHECK = f"import urllib.request as r; r.urlopen('http://127.0.0.1:{HEALTH_PORT}/healthz', timeout=4).close()"


class ConnectorService(Construct):
    """The service of one route; `tasks.min` tasks share its work through one consumer group."""

    def __init__(
        self,
        scope: Construct,
        environment: Environment,
        route: str,
        *,
        cluster: ecs.ICluster,
        placement: Placement,
        image: ConnectorImage,
    ) -> None:
        super().__init__(scope, route)
        configuration = render_configuration(environment, route)
        parameter = ssm.StringParameter(
            self,
            "Configuration",
            parameter_name=config_parameter_name(environment, route),
            description=f"Configuration of the connector of route {route}",
            string_value=configuration.text,
            tier=configuration.tier,
        )
        log_group = logs.LogGroup(
            self,
            "Log",
            log_group_name=log_group_name(environment, route),
            retention=log_retention(environment),
            # Not kept: with its fixed name it would stand in the way of a route that comes back.
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        task = ecs.FargateTaskDefinition(
            self,
            "Task",
            family=task_family(environment, route),
            cpu=environment.connectors.cpu,
            memory_limit_mib=environment.connectors.memory // 2**20,
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=_ARCHITECTURES[environment.connectors.architecture],
                operating_system_family=ecs.OperatingSystemFamily.LINUX,
            ),
            # Both roles are complete as they are. The CDK would add its own, wider grants.
            task_role=task_role(self, environment, route).without_policy_updates(),
            execution_role=execution_role(
                self,
                environment,
                route,
                image=image,
                log_group=log_group,
                configuration=parameter,
            ).without_policy_updates(),
        )
        task.add_container(
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
            linux_parameters=_linux(self),
            readonly_root_filesystem=True,
            stop_timeout=DRAIN,
            user=USER,
        )
        ecs.FargateService(
            self,
            "Service",
            service_name=ecs_service_name(environment, route),
            cluster=cluster,
            task_definition=task,
            desired_count=environment.routes[route].tasks.min,
            # New tasks join the consumer group before old ones leave it, so no partition is ever
            # without a reader during a deployment. Safe, because offsets are committed only for
            # what was acknowledged.
            min_healthy_percent=100,
            max_healthy_percent=200,
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            vpc_subnets=placement.subnets,
            security_groups=_security_groups(self, route, placement),
            assign_public_ip=False,
            enable_ecs_managed_tags=True,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
        )


def _linux(scope: Construct) -> ecs.LinuxParameters:
    linux = ecs.LinuxParameters(scope, "Linux", init_process_enabled=True)
    linux.drop_capabilities(ecs.Capability.ALL)
    return linux


def _security_groups(scope: Construct, route: str, placement: Placement) -> list[ec2.ISecurityGroup]:
    """Return the service's own group, which lets nobody in, and those the network adds.

    Out it lets everything: the ports of a cluster's brokers are known from its metadata only, not
    from the bootstrap addresses.
    """
    own = ec2.SecurityGroup(
        scope,
        "SecurityGroup",
        vpc=placement.vpc,
        description=f"Connector of route {route}: outbound only",
        allow_all_outbound=True,
    )
    given = [
        ec2.SecurityGroup.from_security_group_id(scope, f"Given-{group}", group, mutable=False)
        for group in placement.security_groups
    ]
    return [own, *given]
