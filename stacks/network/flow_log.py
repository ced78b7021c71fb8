"""The flow log of a VPC: who talked to whom, kept in CloudWatch Logs."""

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from environments import Environment
from stacks.environment_stack import removal_policy
from stacks.log_retention import log_retention


def add_flow_log(scope: Construct, environment: Environment, vpc: ec2.IVpc) -> None:
    """Log all traffic of `vpc` into a group of its own, through a role that can do only that."""
    group = logs.LogGroup(
        scope,
        "FlowLogGroup",
        retention=log_retention(environment),
        removal_policy=removal_policy(environment),
    )
    role = iam.Role(
        scope,
        "FlowLogRole",
        description=f"Writes the flow log of {environment.name}",
        assumed_by=iam.ServicePrincipal(
            "vpc-flow-logs.amazonaws.com",
            conditions={"StringEquals": {"aws:SourceAccount": environment.account}},
        ),
        inline_policies={
            "WriteFlowLog": iam.PolicyDocument(
                statements=[
                    iam.PolicyStatement(
                        actions=[
                            "logs:CreateLogStream",
                            "logs:DescribeLogStreams",
                            "logs:PutLogEvents",
                        ],
                        resources=[group.log_group_arn],
                    )
                ]
            )
        },
    )
    ec2.FlowLog(
        scope,
        "FlowLog",
        resource_type=ec2.FlowLogResourceType.from_vpc(vpc),
        # Left to itself the CDK adds a second policy, with iam:PassRole of the role to itself.
        destination=ec2.FlowLogDestination.to_cloud_watch_logs(group, role.without_policy_updates()),
        traffic_type=ec2.FlowLogTrafficType.ALL,
    )
