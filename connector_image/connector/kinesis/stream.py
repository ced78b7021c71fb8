"""Whether a stream takes the records of a route, found out before the first one is read."""

from typing import Final

from connector.aws.account import Account
from connector.config import KinesisSink
from connector.errors import ConnectorError
from connector.units import format_size

# While a stream is resharded or reconfigured it takes records as ever.
# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_StreamDescriptionSummary.html
_TAKING: Final = frozenset({"ACTIVE", "UPDATING"})


def require_ready(account: Account, sink: KinesisSink, *, ordered: bool = True) -> str:
    """Return the status of the sink's stream, which takes what the sink may send, in the order that is wanted.

    Raises:
        ConnectorError: it is not there, takes no records, takes only smaller ones, or keeps no order.
        NotAuthenticated: the service does not accept the credentials.
    """
    state = account.stream(sink.stream)
    what = f"stream {sink.stream!r} in {account.region}"
    if state.status not in _TAKING:
        raise ConnectorError(f"{what}: is {state.status}; it takes records when it is ACTIVE, start again then")
    if state.record_limit is not None and sink.limits.record > state.record_limit:
        raise ConnectorError(
            f"{what}: takes records up to {format_size(state.record_limit)}, and sink.limits.record is"
            f" {format_size(sink.limits.record)}; lower it, or raise the stream's maximum record size"
        )
    if ordered and state.ignores_keys:
        raise ConnectorError(
            f"{what}: spreads records whatever their keys (record distribution AUTO), so ordering: key cannot hold; use"
            " ordering: none, or set the stream's record distribution to USER_PARTITION_KEY"
        )
    return state.status
