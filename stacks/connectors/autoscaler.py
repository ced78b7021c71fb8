"""What scales streams by their load: a task that EventBridge Scheduler runs every few minutes."""

from datetime import timedelta

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from environments import Autoscaler as AutoscalerSettings
from environments import Environment
from environments.autoscaler_permissions import autoscaler_permissions, scaled_streams
from environments.naming import autoscaler_family, autoscaler_log_group_name, autoscaler_schedule_name
from stacks.checks import acknowledge
from stacks.connectors.image import named_image
from stacks.connectors.roles import ecs_tasks, execution_role
from stacks.connectors.security_groups import outbound_only
from stacks.connectors.task import ARCHITECTURES, USER
from stacks.log_retention import log_retention
from stacks.network.placement import Placement

CONTAINER = "autoscaler"


class Autoscaler(Construct):
    """The task that runs `streamops stream reshard --auto`, and its schedule. It keeps no state between two runs."""

    def __init__(
        self,
        scope: Construct,
        environment: Environment,
        settings: AutoscalerSettings,
        *,
        cluster: ecs.ICluster,
        placement: Placement,
        key: kms.IKey | None,
    ) -> None:
        super().__init__(scope, "Autoscaler")
        task = self._task(environment, settings, key)
        groups = outbound_only(self, placement, f"Autoscaler of the streams of {environment.name}")
        scheduler.CfnSchedule(
            self,
            "Schedule",
            name=autoscaler_schedule_name(environment),
            description=f"Has the streams of {environment.name} scaled by their load",
            schedule_expression=_rate(settings.every),
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=cluster.cluster_arn,
                role_arn=_schedule_role(self, environment, task).role_arn,
                # The next run is the retry: two at once would look at the same load.
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(maximum_retry_attempts=0),
                ecs_parameters=scheduler.CfnSchedule.EcsParametersProperty(
                    task_definition_arn=task.task_definition_arn,
                    launch_type="FARGATE",
                    network_configuration=scheduler.CfnSchedule.NetworkConfigurationProperty(
                        awsvpc_configuration=scheduler.CfnSchedule.AwsVpcConfigurationProperty(
                            subnets=placement.subnet_ids,
                            security_groups=[group.security_group_id for group in groups],
                            assign_public_ip="DISABLED",
                        )
                    ),
                ),
            ),
        )

    def _task(
        self, environment: Environment, settings: AutoscalerSettings, key: kms.IKey | None
    ) -> ecs.FargateTaskDefinition:
        image = named_image(self, environment, settings.image)
        log_group = logs.LogGroup(
            self,
            "Log",
            log_group_name=autoscaler_log_group_name(environment),
            encryption_key=key,
            retention=log_retention(environment),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        starts = execution_role(
            self, environment, f"the autoscaler of {environment.name}", images=[image], log_group=log_group
        )
        task = ecs.FargateTaskDefinition(
            self,
            "Task",
            family=autoscaler_family(environment),
            # The smallest that Fargate has: it asks, and waits.
            cpu=256,
            memory_limit_mib=512,
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ARCHITECTURES[environment.connectors.architecture],
                operating_system_family=ecs.OperatingSystemFamily.LINUX,
            ),
            task_role=_task_role(self, environment).without_policy_updates(),
            execution_role=starts.without_policy_updates(),
        )
        linux = ecs.LinuxParameters(task, "Linux", init_process_enabled=True)
        linux.drop_capabilities(ecs.Capability.ALL)
        task.add_container(
            CONTAINER,
            container_name=CONTAINER,
            image=image.container,
            entry_point=["streamops"],
            command=["stream", "reshard", *scaled_streams(environment), "--auto", "--yes", "-e", environment.name],
            logging=ecs.LogDrivers.aws_logs(
                stream_prefix=CONTAINER,
                log_group=log_group,
                mode=ecs.AwsLogDriverMode.NON_BLOCKING,
                max_buffer_size=cdk.Size.mebibytes(1),
            ),
            linux_parameters=linux,
            readonly_root_filesystem=True,
            user=USER,
        )
        return task


def _rate(every: timedelta) -> str:
    """Return how often, in the words of EventBridge Scheduler."""
    minutes = every // timedelta(minutes=1)
    return "rate(1 minute)" if minutes == 1 else f"rate({minutes} minutes)"


def _task_role(scope: Construct, environment: Environment) -> iam.Role:
    """Add the role of the command: resharding the streams that say so, and reading what speaks for or against it."""
    role = iam.Role(
        scope,
        "TaskRole",
        description=f"What the autoscaler of {environment.name} may do",
        assumed_by=ecs_tasks(environment),
        inline_policies={
            "Scale": iam.PolicyDocument(
                statements=[
                    iam.PolicyStatement(actions=list(permission.actions), resources=[permission.resource])
                    for permission in autoscaler_permissions(environment)
                ]
            )
        },
    )
    acknowledge(
        role,
        "IAM5",
        findings=["Resource::*"],
        reason="metrics, alarms, scalable targets, events of CloudTrail and limits of Kinesis are read for the whole "
        "account: these calls know no resource, or list what has any name",
    )
    return role


def _schedule_role(scope: Construct, environment: Environment, task: ecs.FargateTaskDefinition) -> iam.Role:
    """Add the role of the schedule: it starts this task, with the two roles of this task.

    EventBridge Scheduler tells the group of a schedule as the source, never the schedule:
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
    """
    group = f"arn:{environment.partition}:scheduler:{environment.region}:{environment.account}:schedule-group/default"
    roles = [task.task_role.role_arn, task.obtain_execution_role().role_arn]
    return iam.Role(
        scope,
        "ScheduleRole",
        description=f"What the schedule of the autoscaler of {environment.name} may do",
        assumed_by=iam.ServicePrincipal(
            "scheduler.amazonaws.com",
            conditions={
                "StringEquals": {"aws:SourceAccount": environment.account},
                "ArnEquals": {"aws:SourceArn": group},
            },
        ),
        inline_policies={
            "Run": iam.PolicyDocument(
                statements=[
                    iam.PolicyStatement(actions=["ecs:RunTask"], resources=[task.task_definition_arn]),
                    iam.PolicyStatement(
                        actions=["iam:PassRole"],
                        resources=roles,
                        conditions={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
                    ),
                ]
            )
        },
    )
