"""What a connector must be allowed to do on a cluster of ours on MSK.

Actions and resources are those of https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from environments import Environment, TopicEnd
from environments.naming import consumer_group, kafka_cluster_name, topic_name


@dataclass(frozen=True, kw_only=True)
class MskArns:
    """The ARNs of what is inside a cluster: its ARN with another kind, and a name behind its uuid.

    The uuid is known only to CloudFormation, so it is cut out of the cluster's ARN when that is deployed.
    """

    environment: Environment
    cluster: str
    """ARN of the cluster: a reference, or that of a given one."""

    def topic(self, name: str) -> str:
        """Return the ARN of the topic of this name on the cluster."""
        return self._inside("topic", name)

    def group(self, name: str) -> str:
        """Return the ARN of a consumer group."""
        return self._inside("group", name)

    def _inside(self, kind: str, name: str) -> str:
        if not cdk.Token.is_unresolved(self.cluster):
            return f"{self.cluster.replace(':cluster/', f':{kind}/')}/{name}"
        environment = self.environment
        arn = cdk.Fn.sub("${Cluster}", {"Cluster": self.cluster})  # Fn::Split takes it so, but no Fn::GetStackOutput
        uuid = cdk.Fn.select(2, cdk.Fn.split("/", arn))
        scope = f"arn:{environment.partition}:kafka:{environment.region}:{environment.account}"
        return f"{scope}:{kind}/{kafka_cluster_name(environment)}/{uuid}/{name}"


def find_brokers(cluster_arn: str) -> iam.PolicyStatement:
    """Return what a client needs to ask MSK for the brokers' addresses, however it logs in."""
    return iam.PolicyStatement(actions=["kafka:GetBootstrapBrokers"], resources=[cluster_arn])


def route_on_kafka(environment: Environment, route: str, cluster_arn: str) -> Iterator[iam.PolicyStatement]:
    """Yield what the connector of a route needs where it logs in with IAM: reading its topic, and its dead letters.

    A dead-letter topic is written by an idempotent producer, and its settings are read beforehand to
    see what fits into it, as are those of the source.
    """
    described = environment.routes[route]
    arns = MskArns(environment=environment, cluster=cluster_arn)
    letters = described.dead_letters
    writes = isinstance(letters, TopicEnd)
    settings = ("kafka-cluster:DescribeTopicDynamicConfiguration",) if writes else ()
    connect = ["kafka-cluster:Connect", *(("kafka-cluster:WriteDataIdempotently",) if writes else ())]
    yield iam.PolicyStatement(actions=connect, resources=[cluster_arn])
    if isinstance(described.source, TopicEnd):
        yield iam.PolicyStatement(
            actions=["kafka-cluster:DescribeTopic", *settings, "kafka-cluster:ReadData"],
            resources=[arns.topic(topic_name(environment, described.source.topic))],
        )
        yield iam.PolicyStatement(
            actions=["kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"],
            resources=[arns.group(consumer_group(environment, route))],
        )
    if isinstance(letters, TopicEnd):
        yield iam.PolicyStatement(
            actions=["kafka-cluster:DescribeTopic", *settings, "kafka-cluster:WriteData"],
            resources=[arns.topic(topic_name(environment, letters.topic))],
        )
