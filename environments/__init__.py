"""What is deployed: the typed model of an environment, its files, and the names of everything in it."""

from environments.alarms import AlarmReceiver, Alarms, DeliveryThresholds, RouteThresholds, StreamThresholds
from environments.applications import Application
from environments.connectors import Autoscaler, ConnectorSettings, Prometheus
from environments.dead_letters import DeadLetterBucket, DeadLetters
from environments.deliveries import (
    Buffer,
    Conversion,
    Delivery,
    NewDomain,
    OpenSearchDelivery,
    RedshiftDelivery,
    S3Delivery,
    TopicSource,
    Transformation,
)
from environments.ends import DeliveryEnd, StreamEnd, Target, TopicEnd
from environments.environment import Environment
from environments.kafka import (
    Ec2Kafka,
    ExternalKafka,
    Kafka,
    MskExpressKafka,
    MskKafka,
    MskServerlessKafka,
)
from environments.loader import (
    environment_file,
    environments_folder,
    find_environments,
    load_environment,
    problems_of,
)
from environments.network import GivenNetwork, Network, NewNetwork
from environments.partition_keys import FromField, FromHeader
from environments.problems import EnvironmentFileError, Problem
from environments.routes import Route, Tasks
from environments.rules.findings import Finding
from environments.schema import json_schema
from environments.security import Security
from environments.starter import KafkaKind, starter
from environments.streams import OnDemandStream, ProvisionedStream, Stream, StreamConsumer
from environments.topics import Topic

__all__ = [
    "AlarmReceiver",
    "Alarms",
    "Application",
    "Autoscaler",
    "Buffer",
    "ConnectorSettings",
    "Conversion",
    "DeadLetterBucket",
    "DeadLetters",
    "Delivery",
    "DeliveryEnd",
    "DeliveryThresholds",
    "Ec2Kafka",
    "Environment",
    "EnvironmentFileError",
    "ExternalKafka",
    "Finding",
    "FromField",
    "FromHeader",
    "GivenNetwork",
    "Kafka",
    "KafkaKind",
    "MskExpressKafka",
    "MskKafka",
    "MskServerlessKafka",
    "Network",
    "NewDomain",
    "NewNetwork",
    "OnDemandStream",
    "OpenSearchDelivery",
    "Problem",
    "Prometheus",
    "ProvisionedStream",
    "RedshiftDelivery",
    "Route",
    "RouteThresholds",
    "S3Delivery",
    "Security",
    "Stream",
    "StreamConsumer",
    "StreamEnd",
    "StreamThresholds",
    "Target",
    "Tasks",
    "Topic",
    "TopicEnd",
    "TopicSource",
    "Transformation",
    "environment_file",
    "environments_folder",
    "find_environments",
    "json_schema",
    "load_environment",
    "problems_of",
    "starter",
]
