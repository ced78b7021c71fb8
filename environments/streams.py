"""Kinesis data streams, provisioned (a number of shards) or on-demand."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, StrictInt

from environments.quantities import Duration
from environments.section import Section


class _Stream(Section):
    name: str | None = None
    """Name in Kinesis; ENVIRONMENT-SHORTNAME where it is not given."""
    retention: Duration = timedelta(hours=24)
    """How long records are kept, 24h to 365d in whole hours."""
    encryption: str = "managed"
    """``managed`` (the key that AWS manages for Kinesis) or the ARN of your own KMS key."""


class ProvisionedStream(_Stream):
    """A stream with a number of shards."""

    mode: Literal["provisioned"]
    shards: StrictInt
    """Number of shards: each takes 1 MiB and 1,000 records a second."""


class OnDemandStream(_Stream):
    """A stream whose capacity Kinesis follows up by itself."""

    mode: Literal["on-demand"]


Stream = Annotated[ProvisionedStream | OnDemandStream, Field(discriminator="mode")]
