"""All mends of the stand-in in one list; importing the modules announces their types of resources."""

from __future__ import annotations

from sandbox.aws import kinesis, kinesis_stream, logs, s3, ssm
from sandbox.aws.cloudformation import actions

ALL = (actions.mends, kinesis.mends, kinesis_stream.mends)
TYPES = (kinesis_stream, logs, s3, ssm)


def mend() -> None:
    """Put every mend in place. Idempotent; call it before the first request is served."""
    for mends in ALL:
        mends.apply()
