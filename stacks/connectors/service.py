"""One connector as an ECS service, with everything that belongs to it alone."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from environments import Environment
from environments.naming import config_parameter_name, ecs_service_name, log_group_name
from stacks.connectors.configuration import render_configuration
from stacks.connectors.login import kafka_login
from stacks.connectors.roles import execution_role, task_role
from stacks.connectors.scaling import add_scaling, fixed_count
from stacks.connectors.security_groups import outbound_only
from stacks.connectors.surroundings import Surroundings
from stacks.connectors.task import add_container, task_definition
from stacks.log_retention import log_retention
from stacks.observability.monitoring.connector import deployment_alarms


class ConnectorService(Construct):
    """The service of one route; its tasks, from `tasks.min` to `tasks.max`, share the work in one consumer group."""

    def __init__(self, scope: Construct, environment: Environment, route: str, *, surroundings: Surroundings) -> None:
        super().__init__(scope, route)
        login = kafka_login(environment, key=surroundings.key_arn)
        collector = surroundings.collector
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
            encryption_key=surroundings.key,
            retention=log_retention(environment),
            # Not kept: with its fixed name it would stand in the way of a route that comes back.
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        task = task_definition(
            self,
            environment,
            route,
            task_role=task_role(
                self, environment, route, key=surroundings.key_arn, cluster_arn=surroundings.cluster_arn
            ),
            execution_role=execution_role(
                self,
                environment,
                f"the connector of route {route}",
                images=surroundings.images,
                log_group=log_group,
                configurations=[parameter, *([collector.parameter] if collector else [])],
                login=login,
            ),
        )
        add_container(
            task,
            environment,
            route,
            image=surroundings.image,
            configuration=configuration,
            parameter=parameter,
            secrets=login.secrets,
            log_group=log_group,
        )
        if collector is not None:
            collector.add_to(task, route, log_group=log_group)
        own, *given = outbound_only(self, surroundings.placement, f"Connector of route {route}")
        kafka = surroundings.kafka
        tasks = environment.routes[route].tasks
        service = ecs.FargateService(
            self,
            "Service",
            service_name=ecs_service_name(environment, route),
            cluster=surroundings.cluster,
            task_definition=task,
            desired_count=fixed_count(tasks),
            # New tasks join the consumer group before old ones leave it, so no partition is ever
            # without a reader during a deployment. Safe, because offsets are committed only for
            # what was acknowledged.
            min_healthy_percent=100,
            max_healthy_percent=200,
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            deployment_alarms=_deployment_alarms(environment, route),
            vpc_subnets=surroundings.placement.subnets,
            security_groups=[own, *([kafka.clients] if kafka else []), *given],
            assign_public_ip=False,
            enable_ecs_managed_tags=True,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
        )
        add_scaling(service, environment, route)


def _deployment_alarms(environment: Environment, route: str) -> ecs.DeploymentAlarmConfig | None:
    """Return what rolls a deployment back whose tasks run and are healthy, and yet move nothing.

    The alarms are named, not referred to: they watch the service by its name and are made after it.
    """
    names = deployment_alarms(environment, route)
    if not names:
        return None
    return ecs.DeploymentAlarmConfig(alarm_names=list(names), behavior=ecs.AlarmBehavior.ROLLBACK_ON_ALARM)
