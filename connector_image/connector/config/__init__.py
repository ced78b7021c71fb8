"""The configuration of one connector: one route, one source, one sink.

It is the contract between what renders a configuration (the deployment) and what runs it (the
image), so it imports nothing heavier than pydantic.
"""

from connector.config.aws import AwsSink, Retry, Role
from connector.config.connector import ConnectorConfig, Emf, Http, Sink, Tombstones
from connector.config.dead_letters import DeadLetterBucket, DeadLetters, DeadLetterStream, DeadLetterTopic
from connector.config.firehose import FirehoseLimits, FirehoseSink
from connector.config.kafka import KafkaSource, Start
from connector.config.kinesis import (
    ExplicitHashKey,
    FromField,
    FromHeader,
    KinesisLimits,
    KinesisSink,
    PartitionKey,
)
from connector.config.reading import ConfigError, load_config
from connector.config.section import Secret, is_port
from connector.config.security import MskIam, OAuthBearer, Pem, Plaintext, Sasl, Security, Tls

__all__ = [
    "AwsSink",
    "ConfigError",
    "ConnectorConfig",
    "DeadLetterBucket",
    "DeadLetterStream",
    "DeadLetterTopic",
    "DeadLetters",
    "Emf",
    "ExplicitHashKey",
    "FirehoseLimits",
    "FirehoseSink",
    "FromField",
    "FromHeader",
    "Http",
    "KafkaSource",
    "KinesisLimits",
    "KinesisSink",
    "MskIam",
    "OAuthBearer",
    "PartitionKey",
    "Pem",
    "Plaintext",
    "Retry",
    "Role",
    "Sasl",
    "Secret",
    "Security",
    "Sink",
    "Start",
    "Tls",
    "Tombstones",
    "is_port",
    "load_config",
]
