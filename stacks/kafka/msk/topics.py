"""Topics that CloudFormation makes, for those who ask for it."""

import base64

import aws_cdk as cdk
from aws_cdk import aws_msk as msk
from constructs import Construct

from environments import Environment, Topic
from environments.naming import topic_name


def add_topics(scope: Construct, environment: Environment, cluster_arn: str) -> None:
    """Make the topics with `manage: cloudformation`; all others belong to `streamops topic sync`.

    They are kept whatever happens to the template, outside production too: a new name or replication
    makes CloudFormation replace a topic, and the old one, with its records, would be gone at once.
    """
    for name, topic in environment.topics.items():
        if topic.manage != "cloudformation":
            continue
        made = msk.CfnTopic(
            scope,
            f"Topic-{name}",
            cluster_arn=cluster_arn,
            topic_name=topic_name(environment, name),
            partition_count=topic.partitions,
            replication_factor=topic.replication,
            configs=encoded_settings(topic),
        )
        made.apply_removal_policy(cdk.RemovalPolicy.RETAIN)


def encoded_settings(topic: Topic) -> str:
    """Return a topic's settings as MSK takes them: a properties file in Base64.

    https://docs.aws.amazon.com/msk/latest/developerguide/describe-topic-cli.html
    """
    lines = "\n".join(f"{name}={value}" for name, value in sorted(topic.settings.items()))
    return base64.b64encode(lines.encode()).decode()
