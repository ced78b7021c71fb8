"""A small CDK app with one of everything that the project's stacks deploy, for the stand-in's tests.

Context steers what changes between deployments: `hours` (a retention), `broken` (a stack that must fail).
"""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ssm as ssm
from constructs import Construct

ACCOUNT, REGION = "111122223333", "eu-west-1"


class Network(cdk.Stack):
    """A VPC of two zones with a NAT gateway, endpoints and a flow log."""

    def __init__(self, scope: Construct, id_: str, **named: Any) -> None:
        super().__init__(scope, id_, **named)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            vpc_name="trial",
            ip_addresses=ec2.IpAddresses.cidr("10.20.0.0/20"),
            max_azs=2,
            nat_gateways=1,
            restrict_default_security_group=False,
        )
        group = logs.LogGroup(
            self, "FlowLogs", retention=logs.RetentionDays.ONE_MONTH, removal_policy=cdk.RemovalPolicy.DESTROY
        )
        role = iam.Role(
            self,
            "FlowLogRole",
            assumed_by=iam.ServicePrincipal("vpc-flow-logs.amazonaws.com"),
            inline_policies={
                "write": iam.PolicyDocument(
                    statements=[iam.PolicyStatement(actions=["logs:PutLogEvents"], resources=[group.log_group_arn])]
                )
            },
        )
        ec2.FlowLog(
            self,
            "FlowLog",
            resource_type=ec2.FlowLogResourceType.from_vpc(self.vpc),
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(group, role.without_policy_updates()),
        )
        ec2.GatewayVpcEndpoint(self, "S3", vpc=self.vpc, service=ec2.GatewayVpcEndpointAwsService.S3)
        endpoints = ec2.SecurityGroup(
            self, "Endpoints", vpc=self.vpc, description="HTTPS to endpoints", allow_all_outbound=False
        )
        endpoints.add_ingress_rule(ec2.Peer.ipv4("10.20.0.0/20"), ec2.Port.tcp(443), "HTTPS from inside the VPC")
        ec2.InterfaceVpcEndpoint(
            self,
            "Kinesis",
            vpc=self.vpc,
            service=ec2.InterfaceVpcEndpointAwsService.KINESIS_STREAMS,
            open=False,
            security_groups=[endpoints],
        )

    @property
    def availability_zones(self) -> list[str]:
        """Two zones, not looked up."""
        return [f"{REGION}a", f"{REGION}b"]


class Streams(cdk.Stack):
    """A provisioned and an on-demand stream."""

    def __init__(self, scope: Construct, id_: str, **named: Any) -> None:
        super().__init__(scope, id_, **named)
        hours = int(self.node.try_get_context("hours") or 48)
        self.orders = kinesis.Stream(
            self,
            "orders",
            stream_name="trial-orders",
            shard_count=int(self.node.try_get_context("shards") or 2),
            stream_mode=kinesis.StreamMode.PROVISIONED,
            retention_period=cdk.Duration.hours(hours),
            encryption=kinesis.StreamEncryption.MANAGED,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        resource: Any = self.orders.node.default_child
        resource.max_record_size_in_kib = 10240
        resource.desired_shard_level_metrics = ["IncomingBytes", "OutgoingBytes"]
        dashboard = kinesis.StreamConsumer(self, "dashboard", stream_consumer_name="dashboard", stream=self.orders)
        reader = iam.AccountPrincipal("444455556666")
        share(self.orders, self.orders.stream_arn, ["kinesis:GetRecords"], reader)
        share(dashboard, dashboard.stream_consumer_arn, ["kinesis:SubscribeToShard"], reader)
        clicks = kinesis.Stream(
            self,
            "clicks",
            stream_name="trial-clicks",
            stream_mode=kinesis.StreamMode.ON_DEMAND,
            encryption=kinesis.StreamEncryption.MANAGED,
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        capacity: Any = clicks.node.default_child
        capacity.warm_throughput_mi_bps, capacity.record_distribution_strategy = 100, "AUTO"


def share(scope: Construct, arn: str, actions: list[str], reader: iam.IPrincipal) -> None:
    """Attach a policy to a stream or a consumer."""
    statement = iam.PolicyStatement(actions=actions, resources=[arn], principals=[reader])
    policy = iam.PolicyDocument(statements=[statement])
    kinesis.CfnResourcePolicy(scope, "Sharing", resource_arn=arn, resource_policy=policy)


class Deliveries(cdk.Stack):
    """A delivery stream into a bucket, as the CDK's own construct makes it."""

    def __init__(self, scope: Construct, id_: str, **named: Any) -> None:
        super().__init__(scope, id_, **named)
        bucket = s3.Bucket(
            self,
            "Bucket",
            bucket_name="trial-archive",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        firehose.DeliveryStream(
            self,
            "archive",
            delivery_stream_name="trial-archive",
            encryption=firehose.StreamEncryption.aws_owned_key(),
            destination=firehose.S3Bucket(
                bucket,
                buffering_interval=cdk.Duration.seconds(0),
                buffering_size=cdk.Size.mebibytes(1),
                data_output_prefix="orders/!{timestamp:yyyy}/",
                error_output_prefix="errors/!{firehose:error-output-type}/",
            ),
        )


class Connectors(cdk.Stack):
    """A cluster with one Fargate service as the connectors have it."""

    def __init__(self, scope: Construct, id_: str, *, network: Network, streams: Streams, **named: Any) -> None:
        super().__init__(scope, id_, **named)
        cluster = ecs.Cluster(
            self,
            "Cluster",
            cluster_name="trial",
            vpc=network.vpc,
            container_insights_v2=ecs.ContainerInsights.ENHANCED,
        )
        level = self.node.try_get_context("level") or "one"
        parameter = ssm.StringParameter(
            self,
            "Configuration",
            parameter_name="/trial/connectors/orders/config",
            string_value=f"level: {level}",
            description="Configuration of a route",
            tier=ssm.ParameterTier.ADVANCED,
        )
        group = logs.LogGroup(
            self,
            "Log",
            log_group_name="/trial/connectors/orders",
            retention=logs.RetentionDays.TWO_WEEKS,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        task_role = iam.Role(self, "TaskRole", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
        task_role.add_to_policy(
            iam.PolicyStatement(actions=["kinesis:PutRecords"], resources=[streams.orders.stream_arn])
        )
        task = ecs.FargateTaskDefinition(
            self,
            "Task",
            family="trial-orders",
            cpu=256,
            memory_limit_mib=512,
            task_role=task_role.without_policy_updates(),
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ecs.CpuArchitecture.ARM64,
                operating_system_family=ecs.OperatingSystemFamily.LINUX,
            ),
        )
        linux = ecs.LinuxParameters(self, "Linux", init_process_enabled=True)
        linux.drop_capabilities(ecs.Capability.ALL)
        task.add_container(
            "connector",
            image=ecs.ContainerImage.from_registry("connector:trial"),
            command=["run"],
            secrets={"CONNECTOR_CONFIG": ecs.Secret.from_ssm_parameter(parameter)},
            docker_labels={"streamops.config-sha256": level},
            health_check=ecs.HealthCheck(
                command=["CMD", "true"],
                interval=cdk.Duration.seconds(15),
                start_period=cdk.Duration.seconds(60),
            ),
            logging=ecs.LogDrivers.aws_logs(stream_prefix="orders", log_group=group),
            linux_parameters=linux,
            readonly_root_filesystem=True,
            stop_timeout=cdk.Duration.seconds(120),
            user="1000:1000",
        )
        ecs.FargateService(
            self,
            "Service",
            service_name="orders",
            cluster=cluster,
            task_definition=task,
            desired_count=2,
            min_healthy_percent=100,
            max_healthy_percent=200,
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            enable_ecs_managed_tags=True,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
        )


class Broken(cdk.Stack):
    """A stack whose last resource is of a type that the stand-in does not have."""

    def __init__(self, scope: Construct, id_: str, **named: Any) -> None:
        super().__init__(scope, id_, **named)
        stream = kinesis.CfnStream(self, "Stream", name="trial-broken", shard_count=1)
        unknown = cdk.CfnResource(self, "Unknown", type="AWS::Nowhere::Thing")
        unknown.add_dependency(stream)


class Trial(cdk.Stage):
    """All stacks, as one environment has them."""

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_, env=cdk.Environment(account=ACCOUNT, region=REGION))
        cdk.Tags.of(self).add("streamops:environment", id_)
        network, streams = Network(self, "network"), Streams(self, "streams")
        Deliveries(self, "deliveries")
        Connectors(self, "connectors", network=network, streams=streams)
        if self.node.try_get_context("broken"):
            Broken(self, "broken")


if __name__ == "__main__":
    app = cdk.App(
        analytics_reporting=False,
        context={"@aws-cdk/core:defaultCrossStackReferences": "weak", "@aws-cdk/aws-iam:minimizePolicies": True},
    )
    Trial(app, "trial")
    app.synth()
