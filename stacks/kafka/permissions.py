"""The ARNs of topics and groups on a cluster of ours on MSK.

https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html
"""

from dataclasses import dataclass

import aws_cdk as cdk

from environments import Environment
from environments.naming import kafka_cluster_name


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
        return self.inside("topic", name)

    def group(self, name: str) -> str:
        """Return the ARN of a consumer group."""
        return self.inside("group", name)

    def inside(self, kind: str, name: str) -> str:
        """Return the ARN of a topic or a group, by its kind and name."""
        if not cdk.Token.is_unresolved(self.cluster):
            return f"{self.cluster.replace(':cluster/', f':{kind}/')}/{name}"
        environment = self.environment
        arn = cdk.Fn.sub("${Cluster}", {"Cluster": self.cluster})  # Fn::Split takes it so, but no Fn::GetStackOutput
        uuid = cdk.Fn.select(2, cdk.Fn.split("/", arn))
        scope = f"arn:{environment.partition}:kafka:{environment.region}:{environment.account}"
        return f"{scope}:{kind}/{kafka_cluster_name(environment)}/{uuid}/{name}"
