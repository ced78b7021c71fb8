"""`AWS::Kinesis::Stream`: the stream of a template with every property that it sets.

moto makes a stream of the name, the shard count, the retention and the tags, and changes three of them; the
encryption becomes NONE, and on-demand becomes provisioned with one shard.
"""

from __future__ import annotations

from typing import Any

from moto.kinesis.responses import KinesisResponse as Api

from sandbox.aws.api import client, tag_changes
from sandbox.aws.cloudformation.resources import Made, Place, Properties, ResourceType, resource_type
from sandbox.aws.mending import Mends

DEFAULT_RETENTION_HOURS = 24
DEFAULT_MAX_RECORD_KIB = 1024

mends = Mends()
_create_stream = Api.create_stream


@mends.method(Api)
def create_stream(self: Api) -> Any:
    """CreateStream with the tags and the record size, which moto leaves out."""
    answer = _create_stream(self)
    stream: Any = self.kinesis_backend.describe_stream(None, self._get_param("StreamName"))
    stream.tags.update(self._get_param("Tags") or {})
    stream.max_record_size_kib = self._get_param("MaxRecordSizeInKiB") or DEFAULT_MAX_RECORD_KIB
    return answer


@mends.method(Api)
def update_max_record_size(self: Api) -> Any:
    """UpdateMaxRecordSize, which moto does not have."""
    stream: Any = self.kinesis_backend.describe_stream(self._get_param("StreamARN"), None)
    stream.max_record_size_kib = self._get_param("MaxRecordSizeInKiB")
    return "", {}


def _mode(properties: Properties) -> str:
    return str(properties.get("StreamModeDetails", {}).get("StreamMode", "PROVISIONED"))


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
        if "MaxRecordSizeInKiB" in properties:
            given["MaxRecordSizeInKiB"] = int(properties["MaxRecordSizeInKiB"])
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
        if _mode(new) == "PROVISIONED" and "ShardCount" in new:
            count = int(new["ShardCount"])
            kinesis.update_shard_count(
                StreamName=made.physical_id, TargetShardCount=count, ScalingType="UNIFORM_SCALING"
            )
        if old.get("MaxRecordSizeInKiB") != new.get("MaxRecordSizeInKiB"):
            size = int(new.get("MaxRecordSizeInKiB", DEFAULT_MAX_RECORD_KIB))
            kinesis.update_max_record_size(StreamARN=made.attribute("Arn"), MaxRecordSizeInKiB=size)
        self._settle(kinesis, made, old, new)
        return made

    def delete(self, place: Place, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Delete the stream with all its records."""
        client("kinesis", place.region).delete_stream(StreamName=made.physical_id, EnforceConsumerDeletion=True)

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
