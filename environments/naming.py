"""The only place where physical names are made out of the short names of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the environment itself needs these rules
    from environments.environment import Environment


def _in_account(environment: str, short: str) -> str:
    """Name of a thing whose names are one namespace for a whole account and region."""
    return f"{environment}-{short}"


def name_of_stream(environment: str, short: str, given: str | None) -> str:
    """Name of a stream in Kinesis; ``given`` is the one that the file gives it, if it does."""
    return given or _in_account(environment, short)


def name_of_topic(short: str, given: str | None) -> str:
    """Name of a topic on the cluster; no prefix, since a cluster belongs to one environment."""
    return given or short


def name_of_delivery(environment: str, short: str, given: str | None) -> str:
    """Name of a delivery stream in Firehose; ``given`` is the one that the file gives it, if it does."""
    return given or _in_account(environment, short)


def bootstrap_parameter_name(environment: str) -> str:
    """SSM parameter that tells where the brokers are."""
    return f"/streamops/{environment}/kafka/bootstrap"


LONGEST_DOMAIN_NAME = 28
"""Of a domain of OpenSearch Service: https://docs.aws.amazon.com/opensearch-service/latest/APIReference/API_CreateDomain.html"""


def name_of_search_domain(environment: str, delivery: str) -> str:
    """Name of the OpenSearch domain that is made for a delivery."""
    return _in_account(environment, delivery)


def bootstrap_reference(environment: str) -> str:
    """What ``kafka.bootstrap`` says where the SSM parameter has the name that streamops proposes."""
    return f"ssm:{bootstrap_parameter_name(environment)}"


CONNECTORS_USER = "connectors"
"""The connectors' SCRAM user on a cluster that is made."""
KAFKA_ADMIN = "admin"
"""Whoever administers a cluster on machines of ours; beside the nodes the only one that needs no ACL."""
KAFKA_NODE = "node"
"""What the certificate of any such machine makes it."""


def application_user(application: str, given: str | None) -> str:
    """Who an application is to Kafka; ``given`` is the user that the file gives it, if it does."""
    return given or application


def kafka_cluster_name(env: Environment) -> str:
    """Name of a cluster that is made; clusters of an account and a region have each their own."""
    return f"streamops-{env.name}"


def kafka_log_group_name(env: Environment) -> str:
    """CloudWatch log group of the brokers of a cluster that is made."""
    return f"/streamops/{env.name}/kafka/brokers"


def msk_scram_secret_name(env: Environment) -> str:
    """Secret of the connectors' SCRAM user on MSK, which takes only names with this beginning."""
    return f"AmazonMSK_streamops-{env.name}-connectors"


def kafka_secret_name(env: Environment) -> str:
    """Secret of the connectors' SCRAM user on machines of ours."""
    return f"streamops/{env.name}/kafka/connectors"


def kafka_admin_secret_name(env: Environment) -> str:
    """Secret of the administrator on machines of ours, whom no ACL holds back."""
    return f"streamops/{env.name}/kafka/admin"


def application_secret_name(env: Environment, application: str) -> str:
    """Secret of an application's SCRAM user, on machines of ours and on clusters that exist already."""
    return f"streamops/{env.name}/kafka/applications/{application}"


def msk_application_secret_name(env: Environment, application: str) -> str:
    """Secret of an application's SCRAM user on MSK."""
    return f"AmazonMSK_streamops-{env.name}-application-{application}"


def kafka_node_name(env: Environment, node: str) -> str:
    """Auto Scaling group and launch template of a node of ours; ``node`` is such as broker-1."""
    return f"streamops-{env.name}-{node}"


def kafka_ca_parameter_name(env: Environment) -> str:
    """SSM parameter with the certificate (PEM) of the authority that a cluster on machines of ours is made with."""
    return f"/streamops/{env.name}/kafka/ca"


def stream_name(env: Environment, stream: str) -> str:
    """Name of a stream in Kinesis."""
    return name_of_stream(env.name, stream, env.streams[stream].name)


def stream_arn(env: Environment, stream: str) -> str:
    """ARN of a stream, known before the stream is."""
    return f"arn:{env.partition}:kinesis:{env.region}:{env.account}:stream/{stream_name(env, stream)}"


def topic_name(env: Environment, topic: str) -> str:
    """Name of a topic on the cluster."""
    return name_of_topic(topic, env.topics[topic].name)


def delivery_name(env: Environment, delivery: str) -> str:
    """Name of a delivery stream in Firehose."""
    return name_of_delivery(env.name, delivery, env.deliveries[delivery].name)


def delivery_arn(env: Environment, delivery: str) -> str:
    """ARN of a delivery stream, known before the stream is."""
    return f"arn:{env.partition}:firehose:{env.region}:{env.account}:deliverystream/{delivery_name(env, delivery)}"


def delivery_log_group_name(env: Environment, delivery: str) -> str:
    """CloudWatch log group in which Firehose says why it could not deliver."""
    return f"/streamops/{env.name}/deliveries/{delivery}"


def search_domain_name(env: Environment, delivery: str) -> str:
    """Name of the OpenSearch domain that is made for a delivery."""
    return name_of_search_domain(env.name, delivery)


def search_domain_arn(env: Environment, delivery: str) -> str:
    """ARN of that domain, known before the domain is."""
    return f"arn:{env.partition}:es:{env.region}:{env.account}:domain/{search_domain_name(env, delivery)}"


def search_log_group_name(env: Environment, delivery: str, kind: str) -> str:
    """CloudWatch log group of that domain; ``kind`` is what it logs, such as index-slow."""
    return f"{delivery_log_group_name(env, delivery)}/search/{kind}"


def warehouse_name(env: Environment, delivery: str) -> str:
    """Name of the Redshift Serverless namespace and workgroup that are made for a delivery."""
    return _in_account(env.name, delivery)


def warehouse_secret_name(env: Environment, delivery: str) -> str:
    """Secret with the user of that namespace, as whom Firehose logs in."""
    return f"streamops/{env.name}/deliveries/{delivery}"


def glue_name(env: Environment, delivery: str) -> str:
    """Name of the Glue database and table that are made for a delivery; query engines want no dashes."""
    return _in_account(env.name, delivery).replace("-", "_")


def consumer_group(env: Environment, route: str) -> str:
    """Kafka consumer group in which the tasks of a route share the work."""
    return f"streamops-{env.name}-{route}"


def key_alias(env: Environment) -> str:
    """Alias of the environment's own KMS key; aliases are one namespace for the whole account and region."""
    return f"alias/streamops-{env.name}"


def ecs_cluster_name(env: Environment) -> str:
    """ECS cluster that runs the connectors."""
    return f"streamops-{env.name}"


def ecs_service_name(env: Environment, route: str) -> str:  # noqa: ARG001  all naming rules are called alike
    """ECS service of a route; the cluster already tells the environment."""
    return route


def task_family(env: Environment, route: str) -> str:
    """Family of the ECS task definitions of a route; families are one namespace for the whole account."""
    return f"streamops-{env.name}-{route}"


def metrics_namespace(env: Environment) -> str:
    """CloudWatch namespace of the connectors' own metrics; their only dimension is the route."""
    return f"streamops/{env.name}"


def alarm_name(env: Environment, subject: str, alarm: str) -> str:
    """CloudWatch alarm; ``subject`` is what it watches, such as ``stream/orders``."""
    return f"streamops/{env.name}/{subject}/{alarm}"


def page_name(env: Environment, subject: str) -> str:
    """Composite alarm that pages for all critical alarms of a subject."""
    return f"streamops/{env.name}/{subject}"


def alarm_topic_name(env: Environment, severity: str) -> str:
    """SNS topic of the alarms of a severity."""
    return f"streamops-{env.name}-{severity}"


def dashboard_name(env: Environment) -> str:
    """CloudWatch dashboard of the environment; its names know no slash."""
    return f"streamops-{env.name}"


def log_group_name(env: Environment, route: str) -> str:
    """CloudWatch log group of a route's connector."""
    return f"/streamops/{env.name}/connectors/{route}"


def config_parameter_name(env: Environment, route: str) -> str:
    """SSM parameter that holds the rendered connector configuration of a route."""
    return f"/streamops/{env.name}/connectors/{route}/config"


def collector_parameter_name(env: Environment) -> str:
    """SSM parameter with the configuration of the collectors that stand beside connectors."""
    return f"/streamops/{env.name}/collector/config"


def autoscaler_family(env: Environment) -> str:
    """Family of the ECS task that scales streams; the double dash keeps it apart from those of routes."""
    return f"streamops-{env.name}--autoscaler"


def autoscaler_schedule_name(env: Environment) -> str:
    """EventBridge schedule by which streams are scaled."""
    return f"streamops-{env.name}-autoscaler"


def autoscaler_log_group_name(env: Environment) -> str:
    """CloudWatch log group of what scales streams."""
    return f"/streamops/{env.name}/autoscaler"


def stack_name(env: Environment, stack: str) -> str:
    """CloudFormation stack; ``stack`` is the short name such as network, streams or connectors."""
    return _in_account(env.name, stack)
