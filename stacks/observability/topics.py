"""The SNS topics to which alarms are published, one for each severity."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from environments import AlarmReceiver, Environment
from environments.alarms import CREATED
from environments.naming import alarm_topic_name
from stacks.observability.alarms import Severity


def alarm_topic(scope: Construct, environment: Environment, severity: Severity, *, key: kms.IKey | None) -> str:
    """Return the ARN of the topic that the environment gives, or else of one that is added and subscribed to."""
    receiver: AlarmReceiver = getattr(environment.alarms, severity)
    if receiver.topic != CREATED:
        return receiver.topic
    topic = sns.Topic(
        scope,
        f"{severity}-topic",
        topic_name=alarm_topic_name(environment, severity),
        display_name=f"{severity} {environment.name}",
        master_key=key,
        enforce_ssl=True,
    )
    topic.add_to_resource_policy(_alarms_may_publish(environment, topic))
    for address in receiver.email:
        sns.CfnSubscription(topic, address, topic_arn=topic.topic_arn, protocol="email", endpoint=address)
    return topic.topic_arn


def _alarms_may_publish(environment: Environment, topic: sns.Topic) -> iam.PolicyStatement:
    """A policy of its own replaces the one by which CloudWatch could publish to every topic of its account.

    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
    """
    alarms = f"arn:{environment.partition}:cloudwatch:{environment.region}:{environment.account}:alarm"
    return iam.PolicyStatement(
        sid="RaiseAlarms",
        principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
        actions=["sns:Publish"],
        resources=[topic.topic_arn],
        conditions={
            "ArnLike": {"aws:SourceArn": f"{alarms}:streamops/{environment.name}/*"},
            "StringEquals": {"aws:SourceAccount": environment.account},
        },
    )
