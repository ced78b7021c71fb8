"""What a stream is set to besides its shards: record size, warm throughput, distribution and shard-level metrics.

moto knows none of the first three, and takes a stream's metrics as a list without order in which `ALL` is one more
name; Kinesis answers with the metrics that it stands for.
"""

from __future__ import annotations

from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult, EmptyResult
from moto.kinesis.exceptions import InvalidArgumentError
from moto.kinesis.models import KinesisBackend
from moto.kinesis.responses import KinesisResponse as Api

from sandbox.aws.mending import Mends

SMALLEST_RECORD_LIMIT_KIB = 1024
LARGEST_RECORD_LIMIT_KIB = 10240
BY_KEY, AUTO = "USER_PARTITION_KEY", "AUTO"
SHARD_LEVEL_METRICS = (
    "IncomingBytes",
    "IncomingRecords",
    "IteratorAgeMilliseconds",
    "OutgoingBytes",
    "OutgoingRecords",
    "ReadProvisionedThroughputExceeded",
    "WriteProvisionedThroughputExceeded",
)

mends = Mends()
_create_stream = Api.create_stream
_update_stream_mode = Api.update_stream_mode


@mends.method(Api)
def create_stream(self: Api) -> Any:
    """CreateStream with the tags and settings that moto leaves out; one that is refused leaves no stream."""
    backend, name = self.kinesis_backend, self._get_param("StreamName")
    answer = _create_stream(self)
    stream: Any = backend.describe_stream(None, name)
    try:
        _limit_records(stream, self._get_param("MaxRecordSizeInKiB") or SMALLEST_RECORD_LIMIT_KIB)
        _warm(stream, self._get_param("WarmThroughputMiBps"))
        _distribute(stream, self._get_param("RecordDistributionStrategy") or BY_KEY)
    except JsonRESTError:
        backend.delete_stream(None, name)
        raise
    stream.tags.update(self._get_param("Tags") or {})
    return answer


@mends.method(Api)
def update_max_record_size(self: Api) -> Any:
    """UpdateMaxRecordSize."""
    _limit_records(_stream(self), self._get_param("MaxRecordSizeInKiB"))
    return EmptyResult()


@mends.method(Api)
def update_stream_warm_throughput(self: Api) -> Any:
    """UpdateStreamWarmThroughput; every account here has on-demand Advantage, and capacity is there at once."""
    stream = _stream(self)
    _warm(stream, self._get_param("WarmThroughputMiBps"))
    return ActionResult(
        {"StreamARN": stream.arn, "StreamName": stream.stream_name, "WarmThroughput": warm_throughput(stream)}
    )


@mends.method(Api)
def update_stream_record_distribution_strategy(self: Api) -> Any:
    """UpdateStreamRecordDistributionStrategy."""
    _distribute(_stream(self), self._get_param("RecordDistributionStrategy"))
    return EmptyResult()


@mends.method(Api)
def update_stream_mode(self: Api) -> Any:
    """UpdateStreamMode: what only an on-demand stream has goes with the mode."""
    answer = _update_stream_mode(self)
    stream = _stream(self)
    if stream.stream_mode["StreamMode"] == "PROVISIONED":
        stream.warm_throughput, stream.distribution = None, BY_KEY
    elif self._get_param("WarmThroughputMiBps") is not None:
        _warm(stream, self._get_param("WarmThroughputMiBps"))
    return answer


@mends.method(KinesisBackend)
def enable_enhanced_monitoring(
    self: Any, stream_arn: str | None, stream_name: str | None, shard_level_metrics: list[str]
) -> tuple[str, str, list[str], list[str]]:
    """EnableEnhancedMonitoring."""
    stream = self.describe_stream(stream_arn, stream_name)
    return _watch(stream, {*stream.shard_level_metrics, *_named(shard_level_metrics)})


@mends.method(KinesisBackend)
def disable_enhanced_monitoring(
    self: Any, stream_arn: str | None, stream_name: str | None, to_be_disabled: list[str]
) -> tuple[str, str, list[str], list[str]]:
    """DisableEnhancedMonitoring."""
    stream = self.describe_stream(stream_arn, stream_name)
    return _watch(stream, {*stream.shard_level_metrics} - {*_named(to_be_disabled)})


def warm_throughput(stream: Any) -> dict[str, int]:
    """What an answer says of the throughput that a stream is warm for."""
    return {"TargetMiBps": stream.warm_throughput, "CurrentMiBps": stream.warm_throughput}


def _stream(api: Api) -> Any:
    return api.kinesis_backend.describe_stream(api._get_param("StreamARN"), api._get_param("StreamName"))  # noqa: SLF001


def _limit_records(stream: Any, kib: int) -> None:
    if not SMALLEST_RECORD_LIMIT_KIB <= kib <= LARGEST_RECORD_LIMIT_KIB:
        text = f"MaxRecordSizeInKiB must be from {SMALLEST_RECORD_LIMIT_KIB} to {LARGEST_RECORD_LIMIT_KIB}, not {kib}"
        raise JsonRESTError("ValidationException", text)
    stream.max_record_size_kib = kib


def _warm(stream: Any, mib_per_second: int | None) -> None:
    if mib_per_second is not None:
        _refuse_provisioned(stream, "warm throughput")
    stream.warm_throughput = mib_per_second


def _distribute(stream: Any, strategy: str) -> None:
    if strategy != BY_KEY:
        _refuse_provisioned(stream, f"the record distribution strategy {strategy}")
    stream.distribution = strategy


def _refuse_provisioned(stream: Any, what: str) -> None:
    if stream.stream_mode["StreamMode"] == "PROVISIONED":
        text = f"Stream {stream.stream_name} under account {stream.account_id} is provisioned and cannot have {what}"
        raise InvalidArgumentError(text)


def _named(metrics: list[str]) -> list[str]:
    return list(SHARD_LEVEL_METRICS) if "ALL" in metrics else metrics


def _watch(stream: Any, wanted: set[str]) -> tuple[str, str, list[str], list[str]]:
    if unknown := sorted(wanted - set(SHARD_LEVEL_METRICS)):
        text = f"{', '.join(unknown)} is no shard-level metric"
        raise JsonRESTError("ValidationException", text)
    before = stream.shard_level_metrics
    stream.shard_level_metrics = sorted(wanted)
    return stream.arn, stream.stream_name, before, stream.shard_level_metrics
