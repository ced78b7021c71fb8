"""Whether a delivery stream takes the records of a route, found out before the first one is read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from connector.aws.account import Account
from connector.aws.explained import explained
from connector.config import FirehoseSink
from connector.errors import ConnectorError

MESSAGES_OF_AGGREGATE: Final = 500
"""More than so many are not taken apart again.

https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-multirecord-deaggergation.html
"""

# Each record becomes one document, and a document is one JSON object.
# https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html
_DOCUMENTS: Final = {
    "ElasticsearchDestinationDescription": "Elasticsearch",
    "AmazonopensearchserviceDestinationDescription": "OpenSearch",
    "AmazonOpenSearchServerlessDestinationDescription": "OpenSearch Serverless",
}


@dataclass(frozen=True, slots=True)
class DeliveryStream:
    """What a delivery stream says of itself."""

    status: str
    kind: str
    """Who may put records into it: `DirectPut` are we, the others are services."""
    documents: str | None
    """The destination's name, where it makes one document of each record."""
    partitions: bool
    """It sorts records into prefixes by their content (dynamic partitioning)."""
    aggregated: bool
    """It takes records apart into the messages that were packed into them."""


def describe(account: Account, name: str) -> DeliveryStream:
    """Ask for the state of a delivery stream.

    Raises:
        ConnectorError: the delivery stream is not there or the service cannot be reached.
        NotAuthenticated: the service does not accept the credentials.
    """
    with explained(f"delivery stream {name!r} in {account.region}", way_out=account.way_out):
        answer = account.client("firehose").describe_delivery_stream(DeliveryStreamName=name)
    described = answer["DeliveryStreamDescription"]
    # A delivery stream has a single destination; the list is one for what may come.
    destination: dict[str, Any] = next(iter(described["Destinations"]), {})
    sections = [section for section in destination.values() if isinstance(section, dict)]
    return DeliveryStream(
        status=str(described["DeliveryStreamStatus"]),
        kind=str(described["DeliveryStreamType"]),
        documents=next((title for member, title in _DOCUMENTS.items() if member in destination), None),
        partitions=any(section.get("DynamicPartitioningConfiguration", {}).get("Enabled") for section in sections),
        aggregated=any("RecordDeAggregation" in _processors(section) for section in sections),
    )


def _processors(section: dict[str, Any]) -> set[str]:
    processing = section.get("ProcessingConfiguration", {})
    return {processor["Type"] for processor in processing.get("Processors", [])} if processing.get("Enabled") else set()


def require_ready(account: Account, sink: FirehoseSink) -> str:
    """Return the status of the sink's delivery stream, which takes what the sink may send.

    Raises:
        ConnectorError: it is not there, takes no records, or would not deliver packed ones as they are meant.
        NotAuthenticated: the service does not accept the credentials.
    """
    stream = describe(account, sink.delivery_stream)
    for problem in unfit(stream, sink):
        raise ConnectorError(f"delivery stream {sink.delivery_stream!r} in {account.region}: {problem}")
    return stream.status


def unfit(stream: DeliveryStream, sink: FirehoseSink) -> Iterator[str]:
    """Yield why the sink's records cannot go there, each reason with its way out."""
    if stream.status != "ACTIVE":
        yield f"is {stream.status}; it takes records when it is ACTIVE, start again then"
    if stream.kind != "DirectPut":
        yield (
            f"has a source of its own ({stream.kind}) and takes records from nobody else; name one of type DirectPut,"
            " or let that source do the work of this route"
        )
    if sink.packing == "none":
        return
    if stream.documents:
        yield f"{stream.documents} takes one document a record; remove sink.packing"
    if stream.partitions and not stream.aggregated:
        yield (
            "sorts each record into a prefix by its content (dynamic partitioning), and a packed one has many; add the"
            " processor RecordDeAggregation to it, or remove sink.packing"
        )
    if stream.aggregated and (sink.limits.messages or MESSAGES_OF_AGGREGATE + 1) > MESSAGES_OF_AGGREGATE:
        allowed = "as many as fit" if sink.limits.messages is None else f"{sink.limits.messages}"
        yield (
            f"takes records apart (RecordDeAggregation) up to {MESSAGES_OF_AGGREGATE} messages each, and"
            f" sink.limits.messages allows {allowed}; set it to {MESSAGES_OF_AGGREGATE} or less"
        )
