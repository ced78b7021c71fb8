"""Whether a stream takes the records of a route, and how large they may be, found out before the first one is read."""

from dataclasses import dataclass
from typing import Final

from connector.aws.account import Account
from connector.config import ConnectorConfig, KinesisSink
from connector.errors import ConnectorError
from connector.units import format_size

# While a stream is resharded or reconfigured it takes records as ever.
# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_StreamDescriptionSummary.html
_TAKING: Final = frozenset({"ACTIVE", "UPDATING"})
# What a stream takes whose maximum record size was not raised.
_USUAL_RECORD: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Ready:
    """A stream that takes what a route may send; sizes in bytes, keys included."""

    status: str
    takes: int | None
    """The largest record that it takes, None where it does not tell."""
    record_limit: int
    """The largest record that is sent."""

    def __str__(self) -> str:
        sent = f"records up to {format_size(self.record_limit)} are sent"
        if self.takes is None:
            return f"{self.status}; its maximum record size is not told, {sent}"
        takes = f"{self.status} and takes records up to {format_size(self.takes)}"
        return takes if self.takes == self.record_limit else f"{takes}, {sent}"


def require_ready(account: Account, sink: KinesisSink, *, ordered: bool = True) -> Ready:
    """Look at the sink's stream, which takes what the sink may send, in the order that is wanted.

    Raises:
        ConnectorError: it is not there, takes no records, takes only smaller ones, or keeps no order.
        NotAuthenticated: the service does not accept the credentials.
    """
    state = account.stream(sink.stream)
    what = f"stream {sink.stream!r} in {account.region}"
    if state.status not in _TAKING:
        raise ConnectorError(f"{what}: is {state.status}; it takes records when it is ACTIVE, start again then")
    limits, takes = sink.limits, state.record_limit or _USUAL_RECORD
    for name, asked in (("record", limits.record), ("aggregate", _aggregate(sink))):
        # Of a stream that does not tell, the configuration may know more.
        if asked is not None and asked > takes and (state.record_limit is not None or limits.record is None):
            raise ConnectorError(
                f"{what}: takes records up to {format_size(takes)}, and sink.limits.{name} is {format_size(asked)};"
                " lower it, or raise the stream's maximum record size"
            )
    if ordered and state.ignores_keys:
        raise ConnectorError(
            f"{what}: spreads records whatever their keys (record distribution AUTO), so ordering: key cannot hold; use"
            " ordering: none, or set the stream's record distribution to USER_PARTITION_KEY"
        )
    return Ready(state.status, state.record_limit, limits.record or min(takes, limits.request))


def fitted(config: ConnectorConfig, ready: Ready) -> ConnectorConfig:
    """Return the configuration with the record limit that it leaves to the stream.

    Raises:
        ConnectorError: the memory is too little for such records.
    """
    limit, sink = ready.record_limit, config.sink
    if limit > config.largest_record:
        raise ConnectorError(
            f"stream {sink.target!r}: records up to {format_size(limit)} need memory of"
            f" {format_size(config.memory_for_records(limit))} at least, eight such records for each process; raise"
            f" memory ({format_size(config.memory)}), lower processes, or set sink.limits.record to"
            f" {format_size(config.largest_record)} or less"
        )
    limits = sink.limits.model_copy(update={"record": limit})
    return config.model_copy(update={"sink": sink.model_copy(update={"limits": limits})})


def _aggregate(sink: KinesisSink) -> int | None:
    return sink.limits.aggregate if sink.aggregation == "kpl" and sink.limits.asks_for_aggregates else None
