"""Firehose deliveries into S3, Redshift and OpenSearch: one module a destination."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from environments.deliveries.conversion import Conversion
from environments.deliveries.delivery import Buffer
from environments.deliveries.opensearch import NewDomain, OpenSearchDelivery
from environments.deliveries.redshift import RedshiftDelivery
from environments.deliveries.s3 import S3Delivery
from environments.deliveries.source import TopicSource
from environments.deliveries.transformation import Transformation

Delivery = Annotated[S3Delivery | RedshiftDelivery | OpenSearchDelivery, Field(discriminator="to")]

__all__ = [
    "Buffer",
    "Conversion",
    "Delivery",
    "NewDomain",
    "OpenSearchDelivery",
    "RedshiftDelivery",
    "S3Delivery",
    "TopicSource",
    "Transformation",
]
