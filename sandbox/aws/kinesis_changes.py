"""Changes of a stream besides its shards: what they wait for, how often they work, and how long they take.

moto changes retention and mode at once and as often as anybody likes. AWS takes one change of a stream at a time, and
switches its mode twice in 24 hours:
https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateStreamMode.html
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kinesis.exceptions import ResourceInUseError
from moto.kinesis.models import KinesisBackend

from sandbox.aws import cloudtrail
from sandbox.aws.kinesis_resharding import DAY_SECONDS, begin_update
from sandbox.aws.mending import Mends

SWITCHES_A_DAY = 2

mends = Mends()
_increase, _decrease = KinesisBackend.increase_stream_retention_period, KinesisBackend.decrease_stream_retention_period
_switch = KinesisBackend.update_stream_mode


@mends.method(KinesisBackend)
def increase_stream_retention_period(self: Any, stream_arn: str, stream_name: str, retention_period_hours: int) -> None:
    """IncreaseStreamRetentionPeriod."""
    stream = _active(self, stream_arn, stream_name)
    _increase(self, stream_arn, stream_name, retention_period_hours)
    begin_update(stream)


@mends.method(KinesisBackend)
def decrease_stream_retention_period(self: Any, stream_arn: str, stream_name: str, retention_period_hours: int) -> None:
    """DecreaseStreamRetentionPeriod."""
    stream = _active(self, stream_arn, stream_name)
    _decrease(self, stream_arn, stream_name, retention_period_hours)
    begin_update(stream)


@mends.method(KinesisBackend)
def update_stream_mode(self: Any, stream_arn: str, stream_mode: dict[str, str]) -> None:
    """UpdateStreamMode; the mode that a stream has already is no switch.

    AWS does not document that, but templates are deployed over streams that were switched by hand:
    https://github.com/aws/aws-cdk/issues/18139
    """
    stream = _active(self, stream_arn, None)
    if stream.stream_mode == stream_mode:
        return
    since = time.time() - DAY_SECONDS
    stream.switches = [at for at in getattr(stream, "switches", ()) if at > since]
    error = "LimitExceededException" if len(stream.switches) >= SWITCHES_A_DAY else None
    cloudtrail.record(self, "UpdateStreamMode", stream.stream_name, datetime.now(UTC), error)
    if error:
        text = (
            f"Stream {stream.stream_name} under account {stream.account_id} has switched its mode {SWITCHES_A_DAY} "
            "times in the last 24 hours, which is the limit."
        )
        raise JsonRESTError(error, text)
    _switch(self, stream_arn, stream_mode)
    stream.switches.append(time.time())
    begin_update(stream)


def _active(backend: Any, arn: str | None, name: str | None) -> Any:
    stream = backend.describe_stream(arn, name)
    if stream.status != "ACTIVE":
        text = f"Stream {stream.stream_name} under account {stream.account_id} not ACTIVE, instead in state "
        raise ResourceInUseError(text + stream.status)
    return stream
