"""How far readers of a stream are behind, as Kinesis has measured it.

Kinesis lists no readers that share GetRecords, and one that has stopped emits nothing: an age that is not known is
None here, and never zero. https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from cli.aws import Aws
from cli.stream.stream_metrics import Metric, read_metrics

WINDOW = timedelta(minutes=15)


@dataclass(frozen=True)
class IteratorAges:
    """The worst of a time window; None where there was no datapoint."""

    shared: timedelta | None
    """Of all calls of GetRecords: the age of the last record that each gave back."""
    consumers: Mapping[str, timedelta | None]
    """By name, of those registered for enhanced fan-out."""

    @property
    def worst(self) -> timedelta | None:
        """The worst that is known."""
        return max((age for age in (self.shared, *self.consumers.values()) if age is not None), default=None)


def read_iterator_ages(aws: Aws, name: str, window: timedelta = WINDOW, consumers: Iterable[str] = ()) -> IteratorAges:
    """The worst ages in the last ``window``.

    Args:
        aws: the environment's AWS.
        name: of the stream, in Kinesis.
        window: how long ago counts still.
        consumers: the registered consumers, see ``cli.stream.live.read_consumers``.
    """
    registered = tuple(consumers)
    own = {"StreamName": name}
    metrics = [Metric("GetRecords.IteratorAgeMilliseconds", "Maximum", own)]
    metrics += [
        Metric("SubscribeToShardEvent.MillisBehindLatest", "Maximum", {**own, "ConsumerName": consumer})
        for consumer in registered
    ]
    shared, *fanned_out = map(_worst, read_metrics(aws, metrics, window))
    return IteratorAges(shared, dict(zip(registered, fanned_out, strict=True)))


def _worst(milliseconds: list[float]) -> timedelta | None:
    return timedelta(milliseconds=max(milliseconds)) if milliseconds else None
