"""The AWS services that use the key of an environment, as far as it has something of theirs."""

from environments import Ec2Kafka, Environment, MskExpressKafka, MskKafka, OpenSearchDelivery, RedshiftDelivery


def services_on_behalf(environment: Environment) -> list[str]:
    """Return the services that use the key on behalf of a role, as `kms:ViaService` names them.

    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
    """
    used = {
        # Credentials, parameters, topics of alarms: any environment may have them.
        "secretsmanager": True,
        "ssm": True,
        "sns": True,
        "kinesis": bool(environment.streams),
        "firehose": bool(environment.deliveries),
        "s3": bool(environment.deliveries) or bool(environment.routes),
        "kafka": isinstance(environment.kafka, MskKafka | MskExpressKafka),
        "ec2": isinstance(environment.kafka, Ec2Kafka),
        "es": any(isinstance(each, OpenSearchDelivery) for each in environment.deliveries.values()),
        "redshift-serverless": any(isinstance(each, RedshiftDelivery) for each in environment.deliveries.values()),
    }
    return [f"{service}.{environment.region}.{service_domain(environment)}" for service, uses in used.items() if uses]


def service_domain(environment: Environment) -> str:
    """Return the domain of AWS services in the partition of the environment."""
    return "amazonaws.com.cn" if environment.partition == "aws-cn" else "amazonaws.com"


def log_groups(environment: Environment) -> str:
    """Return the ARNs of every log group of the environment, as a pattern."""
    return (
        f"arn:{environment.partition}:logs:{environment.region}:{environment.account}"
        f":log-group:/streamops/{environment.name}/*"
    )
