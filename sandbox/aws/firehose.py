"""Firehose: records are collected and become objects in S3 as the service makes them.

What moto gets wrong here and AWS does:

* PutRecordBatch writes an object at once; AWS collects by size and time, and the demonstration depends on it.
* An object's prefix has no expressions, always a time and always a slash; nothing is compressed.
* Limits are not enforced, and records for destinations other than S3 vanish as if they were delivered.
* DescribeDeliveryStream leaves the defaults out, and does not tell the state of the encryption.

Writers (Direct PUT) or a Kinesis stream bring records, and only S3 takes them here. Whatever else a delivery stream
asks for is refused, so no stack passes for deployed that would lose records.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from moto.core.responses import ActionResult
from moto.firehose.exceptions import InvalidArgumentException, ResourceNotFoundException
from moto.firehose.models import DeliveryStream
from moto.firehose.responses import FirehoseResponse as Api

from sandbox.aws import firehose_buffer, firehose_source
from sandbox.aws.firehose_objects import ERROR_TYPE, PrefixError, evaluate
from sandbox.aws.mending import Mends

DIRECT_PUT, FROM_STREAM = "DirectPut", "KinesisStreamAsSource"
MAX_RECORDS = 500
MAX_CALL_BYTES = 4 * 2**20
MAX_RECORD_BYTES = 1000 * 2**10
MOST_BUFFERED_MIB, LONGEST_INTERVAL_SECONDS = 128, 900
DEFAULTS: dict[str, Any] = {
    "Prefix": "",
    "ErrorOutputPrefix": "",
    "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 300},
    "CompressionFormat": "UNCOMPRESSED",
    "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
    "CloudWatchLoggingOptions": {"Enabled": False},
    "S3BackupMode": "Disabled",
    "CustomTimeZone": "UTC",
    "FileExtension": "",
}

mends = Mends()
_create, _delete, _update = Api.create_delivery_stream, Api.delete_delivery_stream, Api.update_destination


@mends.method(Api)
def create_delivery_stream(self: Api) -> Any:
    """CreateDeliveryStream with the service's defaults, for what the stand-in can deliver."""
    given = self.params
    others = [name for name in given if "Destination" in name and name != "ExtendedS3DestinationConfiguration"]
    if others or "ExtendedS3DestinationConfiguration" not in given:
        raise InvalidArgumentException(f"The stand-in delivers into S3 only (ExtendedS3), not as {', '.join(others)}")
    _complete(given["ExtendedS3DestinationConfiguration"])
    encryption = given.get("DeliveryStreamEncryptionConfigurationInput")
    source = _source(given)
    if source and encryption:
        raise InvalidArgumentException("Only a DirectPut delivery stream encrypts what it was given")
    given["DeliveryStreamEncryptionConfigurationInput"] = {
        **(encryption or {}),
        "Status": "ENABLED" if encryption else "DISABLED",
    }
    answer = _create(self)
    if source:
        firehose_source.start(_stream(self), source)
    return answer


@mends.method(Api)
def update_destination(self: Api) -> Any:
    """UpdateDestination: what is collected is delivered as it was meant before, then the new settings hold."""
    stream = _stream(self)
    update = self.params.get("ExtendedS3DestinationUpdate")
    if update is None:
        raise InvalidArgumentException("The stand-in delivers into S3 only (ExtendedS3)")
    _complete(wanted := {**stream.destinations[0]["ExtendedS3"], **update})
    self.params["ExtendedS3DestinationUpdate"] = wanted
    firehose_buffer.flush(stream)
    return _update(self)


@mends.method(Api)
def delete_delivery_stream(self: Api) -> Any:
    """DeleteDeliveryStream; what is collected is delivered first."""
    firehose_source.stop(_stream(self))
    firehose_buffer.close(_stream(self))
    return _delete(self)


@mends.method(Api)
def put_record(self: Api) -> Any:
    """PutRecord."""
    (identifier,) = _take(self, [self.params["Record"]["Data"]])
    return ActionResult({"RecordId": identifier, "Encrypted": _encrypted(_stream(self))})


@mends.method(Api)
def put_record_batch(self: Api) -> Any:
    """PutRecordBatch: all records or none, since nothing throttles here."""
    identifiers = _take(self, [record["Data"] for record in self.params["Records"]])
    return ActionResult(
        {
            "FailedPutCount": 0,
            "Encrypted": _encrypted(_stream(self)),
            "RequestResponses": [{"RecordId": identifier} for identifier in identifiers],
        }
    )


def _take(api: Api, records: list[bytes]) -> list[str]:
    stream = _stream(api)
    if stream.delivery_stream_type != DIRECT_PUT:
        kind = stream.delivery_stream_type
        raise InvalidArgumentException(f"This operation is not permitted on {kind} delivery stream type.")
    if not 1 <= len(records) <= MAX_RECORDS:
        raise InvalidArgumentException(f"{len(records)} records in a call; from 1 to {MAX_RECORDS} are allowed")
    if (longest := max(map(len, records))) > MAX_RECORD_BYTES:
        raise InvalidArgumentException(f"A record of {longest} bytes; up to {MAX_RECORD_BYTES} are allowed")
    if (size := sum(map(len, records))) > MAX_CALL_BYTES:
        raise InvalidArgumentException(f"Records of {size} bytes in a call; up to {MAX_CALL_BYTES} are allowed")
    firehose_buffer.add(stream, records)
    call = uuid4().hex
    return [f"{call}{number:04}" for number in range(len(records))]


def _source(given: dict[str, Any]) -> str | None:
    """The ARN of the stream that a delivery stream is to read; None where writers bring records."""
    kind = given.get("DeliveryStreamType", DIRECT_PUT)
    if kind == DIRECT_PUT:
        return None
    if kind != FROM_STREAM:
        raise InvalidArgumentException(f"The stand-in does not deliver from {kind}")
    if "KinesisStreamSourceConfiguration" not in given:
        raise InvalidArgumentException(f"{FROM_STREAM} needs a KinesisStreamSourceConfiguration")
    arn = str(given["KinesisStreamSourceConfiguration"]["KinesisStreamARN"])
    firehose_source.source_stream(arn)
    return arn


def _stream(api: Api) -> DeliveryStream:
    name = api.params["DeliveryStreamName"]
    found: DeliveryStream | None = api.firehose_backend.delivery_streams.get(name)
    if found is None:
        account = api.firehose_backend.account_id
        raise ResourceNotFoundException(f"Firehose {name} under account {account} not found.")
    return found


def _encrypted(stream: DeliveryStream) -> bool:
    return bool(stream.delivery_stream_encryption_configuration["Status"] == "ENABLED")


def _complete(destination: dict[str, Any]) -> None:
    """Add the defaults, and refuse what Firehose refuses or the stand-in cannot do."""
    for name, value in DEFAULTS.items():
        destination.setdefault(name, value)
    hints = destination["BufferingHints"] = {**DEFAULTS["BufferingHints"], **destination["BufferingHints"]}
    if not 1 <= hints["SizeInMBs"] <= MOST_BUFFERED_MIB:
        raise InvalidArgumentException(f"BufferingHints.SizeInMBs must be from 1 to {MOST_BUFFERED_MIB}")
    if not 0 <= hints["IntervalInSeconds"] <= LONGEST_INTERVAL_SECONDS:
        raise InvalidArgumentException(f"BufferingHints.IntervalInSeconds must be up to {LONGEST_INTERVAL_SECONDS}")
    if "!{" in destination["Prefix"] + destination["ErrorOutputPrefix"]:
        if ERROR_TYPE not in destination["ErrorOutputPrefix"]:
            raise InvalidArgumentException(f"ErrorOutputPrefix must contain {ERROR_TYPE} where there are expressions")
        if ERROR_TYPE in destination["Prefix"]:
            raise InvalidArgumentException(f"Prefix must not contain {ERROR_TYPE}")
    try:
        evaluate(destination["Prefix"], datetime.now(UTC))
    except PrefixError as problem:
        raise InvalidArgumentException(str(problem)) from None
    for what in _beyond(destination):
        raise InvalidArgumentException(f"The stand-in cannot deliver with {what}")


def _beyond(destination: dict[str, Any]) -> Iterator[str]:
    if destination["CompressionFormat"] not in firehose_buffer.EXTENSIONS:
        yield f"CompressionFormat {destination['CompressionFormat']}"
    if destination["S3BackupMode"] != "Disabled":
        yield f"S3BackupMode {destination['S3BackupMode']}"
    for name in ("DataFormatConversionConfiguration", "DynamicPartitioningConfiguration"):
        if destination.get(name, {}).get("Enabled"):
            yield name
    for processor in firehose_buffer.processors(destination):
        if processor != firehose_buffer.APPEND_DELIMITER:
            yield f"the processor {processor}"
