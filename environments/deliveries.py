"""Firehose deliveries into S3, Redshift and OpenSearch."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from environments.quantities import Duration, Size
from environments.section import Section


class Buffer(Section):
    """How much, or for how long, Firehose collects before it writes."""

    size: Size = 5 << 20
    interval: Duration = timedelta(minutes=5)


class _Delivery(Section):
    name: str | None = None
    """Name in Firehose; ENVIRONMENT-SHORTNAME where it is not given."""
    prefix: str = ""
    """Prefix of the objects in S3."""
    errors: str | None = None
    """Prefix of the objects that hold what could not be delivered."""
    buffer: Buffer = Buffer()


class S3Delivery(_Delivery):
    """Objects in a bucket."""

    to: Literal["s3"]


class RedshiftDelivery(_Delivery):
    """Rows in a Redshift table."""

    to: Literal["redshift"]


class OpenSearchDelivery(_Delivery):
    """Documents in an OpenSearch index."""

    to: Literal["opensearch"]


Delivery = Annotated[S3Delivery | RedshiftDelivery | OpenSearchDelivery, Field(discriminator="to")]
