"""A Lambda function that Firehose hands records to before it delivers them.

Limits: Firehose Developer Guide, "Transform source data", and API Reference, ProcessorParameter.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import StrictInt

from environments.quantities import Duration, Size
from environments.rules.bounds import Bytes, Count, Shape, Span
from environments.section import Section

_MIB = 1 << 20

MOST_RETRIES = 300


class Transformation(Section):
    """A Lambda function that changes, drops or splits up records; it exists already."""

    function: Annotated[
        str,
        Shape(
            r"^arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]{1,64}:(\$LATEST|[A-Za-z0-9_-]{1,128})$",
            "is not the ARN of a version or an alias of a Lambda function",
            "write it as in arn:aws:lambda:REGION:ACCOUNT:function:NAME:VERSION, with $LATEST for the newest",
        ),
    ]
    """ARN of the function with its version or alias, which is all that Firehose may then call."""
    size: Annotated[Size, Bytes("Firehose", _MIB, 3 * _MIB, _MIB)] = _MIB
    """How much is collected for one call, 1MiB to 3MiB."""
    interval: Annotated[Duration, Span("Firehose", timedelta(0), timedelta(minutes=15), timedelta(seconds=1))] = (
        timedelta(minutes=1)
    )
    """How long is collected for one call, 0s to 15m."""
    retries: Annotated[StrictInt, Count("Firehose", 0, MOST_RETRIES)] = 3
    """How often a failed call is tried again."""
