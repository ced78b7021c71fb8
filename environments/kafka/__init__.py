"""The Kafka cluster of an environment, in five kinds; exactly one of them in each file."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from environments.kafka.ec2 import Ec2Kafka
from environments.kafka.external import ExternalKafka
from environments.kafka.msk import MskKafka
from environments.kafka.msk_express import MskExpressKafka
from environments.kafka.msk_serverless import MskServerlessKafka

Kafka = Annotated[
    MskKafka | MskExpressKafka | MskServerlessKafka | Ec2Kafka | ExternalKafka,
    Field(discriminator="kind"),
]

__all__ = ["Ec2Kafka", "ExternalKafka", "Kafka", "MskExpressKafka", "MskKafka", "MskServerlessKafka"]
