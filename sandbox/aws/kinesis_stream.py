"""`AWS::Kinesis::Stream`: the stream of a template with every property that it sets.

moto makes a stream of the name, the shard count, the retention and the tags, and changes three of them; the
encryption becomes NONE, and on-demand becomes provisioned with one shard.
"""

from __future__ import annotations

from typing import Any

from sandbox.aws.api import client, tag_changes
from sandbox.aws.cloudformation.resources import Made, Place, Properties, ResourceType, resource_type
from sandbox.aws.kinesis_settings import BY_KEY, SMALLEST_RECORD_LIMIT_KIB

DEFAULT_RETENTION_HOURS = 24
_WARM, _STRATEGY = "WarmThroughputMiBps", "RecordDistributionStrategy"


def _mode(properties: Properties) -> str:
    return str(properties.get("StreamModeDetails", {}).get("StreamMode", "PROVISIONED"))


def _shards(properties: Properties) -> tuple[str, Any]:
    return _mode(properties), properties.get("ShardCount")


@resource_type("AWS::Kinesis::Stream")
class StreamType(ResourceType):
    """A data stream."""

    replaced_by = frozenset({"Name"})

    def create(self, place: Place, properties: Properties) -> Made:
        """Create the stream, then set what CreateStream does not take."""
        kinesis = client("kinesis", place.region)
        name = properties.get("Name") or place.name(128)
        given: dict[str, Any] = {"StreamName": name, "StreamModeDetails": {"StreamMode": _mode(properties)}}
        if _mode(properties) == "PROVISIONED":
            given["ShardCount"] = int(properties.get("ShardCount", 1))
        given |= {name: int(properties[name]) for name in ("MaxRecordSizeInKiB", _WARM) if name in properties}
        if _STRATEGY in properties:
            given[_STRATEGY] = properties[_STRATEGY]
        kinesis.create_stream(**given)
        arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
        made = Made(name, {"Arn": arn})
        try:
            self._settle(kinesis, made, {}, properties)
        except Exception:
            kinesis.delete_stream(StreamName=name)
            raise
        return made

    def update(self, place: Place, made: Made, old: Properties, new: Properties) -> Made:
        """Change mode, shards and everything else in place."""
        kinesis = client("kinesis", place.region)
        if _mode(old) != _mode(new):
            kinesis.update_stream_mode(StreamARN=made.attribute("Arn"), StreamModeDetails={"StreamMode": _mode(new)})
        if _mode(new) == "PROVISIONED" and "ShardCount" in new and _shards(old) != _shards(new):
            # Only what the templates tell apart: a stream that was resharded since stays as it is.
            kinesis.update_shard_count(
                StreamName=made.physical_id, TargetShardCount=int(new["ShardCount"]), ScalingType="UNIFORM_SCALING"
            )
        if old.get("MaxRecordSizeInKiB") != new.get("MaxRecordSizeInKiB"):
            size = int(new.get("MaxRecordSizeInKiB", SMALLEST_RECORD_LIMIT_KIB))
            kinesis.update_max_record_size(StreamARN=made.attribute("Arn"), MaxRecordSizeInKiB=size)
        if _mode(new) == "ON_DEMAND":
            self._follow_demand(kinesis, made, old if _mode(old) == "ON_DEMAND" else {}, new)
        self._settle(kinesis, made, old, new)
        return made

    def delete(self, place: Place, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Delete the stream with all its records."""
        client("kinesis", place.region).delete_stream(StreamName=made.physical_id, EnforceConsumerDeletion=True)

    def _follow_demand(self, kinesis: Any, made: Made, old: Properties, new: Properties) -> None:
        """Set what only an on-demand stream has; what has left the template has its default again."""
        arn = made.attribute("Arn")
        if old.get(_STRATEGY, BY_KEY) != new.get(_STRATEGY, BY_KEY):
            strategy = new.get(_STRATEGY, BY_KEY)
            kinesis.update_stream_record_distribution_strategy(StreamARN=arn, RecordDistributionStrategy=strategy)
        if old.get(_WARM) != new.get(_WARM):
            kinesis.update_stream_warm_throughput(StreamARN=arn, WarmThroughputMiBps=int(new.get(_WARM, 0)))

    def _settle(self, kinesis: Any, made: Made, old: Properties, new: Properties) -> None:
        name = made.physical_id
        before = int(old.get("RetentionPeriodHours", DEFAULT_RETENTION_HOURS))
        after = int(new.get("RetentionPeriodHours", DEFAULT_RETENTION_HOURS))
        if after > before:
            kinesis.increase_stream_retention_period(StreamName=name, RetentionPeriodHours=after)
        elif after < before:
            kinesis.decrease_stream_retention_period(StreamName=name, RetentionPeriodHours=after)
        if old.get("StreamEncryption") != new.get("StreamEncryption"):
            self._encrypt(kinesis, name, old.get("StreamEncryption"), new.get("StreamEncryption"))
        watched = set(old.get("DesiredShardLevelMetrics", ()))
        wanted = set(new.get("DesiredShardLevelMetrics", ()))
        if watched - wanted:
            kinesis.disable_enhanced_monitoring(StreamName=name, ShardLevelMetrics=sorted(watched - wanted))
        if wanted - watched:
            kinesis.enable_enhanced_monitoring(StreamName=name, ShardLevelMetrics=sorted(wanted - watched))
        tags, removed = tag_changes(old.get("Tags", []), new.get("Tags", []))
        if removed:
            kinesis.remove_tags_from_stream(StreamName=name, TagKeys=removed)
        if tags:
            kinesis.add_tags_to_stream(StreamName=name, Tags=tags)

    def _encrypt(self, kinesis: Any, name: str, old: Properties | None, new: Properties | None) -> None:
        if old:
            kinesis.stop_stream_encryption(StreamName=name, EncryptionType=old["EncryptionType"], KeyId=old["KeyId"])
        if new:
            kinesis.start_stream_encryption(StreamName=name, EncryptionType=new["EncryptionType"], KeyId=new["KeyId"])
