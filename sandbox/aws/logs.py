"""`AWS::Logs::LogGroup` and `AWS::Logs::LogStream`.

moto's log group forgets changes of its retention, its class and its tags; the stream it lacks.
"""

from __future__ import annotations

from typing import Any

from sandbox.aws.api import client, tag_changes
from sandbox.aws.cloudformation.resources import Made, Place, Properties, ResourceType, resource_type


@resource_type("AWS::Logs::LogGroup")
class LogGroupType(ResourceType):
    """A log group."""

    replaced_by = frozenset({"LogGroupName", "LogGroupClass"})

    def create(self, place: Place, properties: Properties) -> Made:
        """Create the group, then set its retention."""
        logs = client("logs", place.region)
        name = properties.get("LogGroupName") or place.name(512)
        given: dict[str, Any] = {"logGroupName": name}
        for property_name, argument in {"KmsKeyId": "kmsKeyId", "LogGroupClass": "logGroupClass"}.items():
            if property_name in properties:
                given[argument] = properties[property_name]
        if properties.get("Tags"):
            given["tags"] = {tag["Key"]: str(tag["Value"]) for tag in properties["Tags"]}
        logs.create_log_group(**given)
        if "RetentionInDays" in properties:
            logs.put_retention_policy(logGroupName=name, retentionInDays=int(properties["RetentionInDays"]))
        groups = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        arn = next(group["arn"] for group in groups if group["logGroupName"] == name)
        return Made(name, {"Arn": arn if arn.endswith(":*") else f"{arn}:*"})

    def update(self, place: Place, made: Made, old: Properties, new: Properties) -> Made:
        """Change retention and tags."""
        logs = client("logs", place.region)
        name = made.physical_id
        if "RetentionInDays" in new:
            logs.put_retention_policy(logGroupName=name, retentionInDays=int(new["RetentionInDays"]))
        elif "RetentionInDays" in old:
            logs.delete_retention_policy(logGroupName=name)
        arn = made.attribute("Arn").removesuffix(":*")
        tags, removed = tag_changes(old.get("Tags", []), new.get("Tags", []))
        if removed:
            logs.untag_resource(resourceArn=arn, tagKeys=removed)
        if tags:
            logs.tag_resource(resourceArn=arn, tags=tags)
        return made

    def delete(self, place: Place, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Delete the group with everything logged."""
        client("logs", place.region).delete_log_group(logGroupName=made.physical_id)


@resource_type("AWS::Logs::LogStream")
class LogStreamType(ResourceType):
    """A log stream; `Ref` gives its name."""

    replaced_by = frozenset({"LogGroupName", "LogStreamName"})

    def create(self, place: Place, properties: Properties) -> Made:
        """Create it in its group."""
        name = properties.get("LogStreamName") or place.name(512)
        logs = client("logs", place.region)
        logs.create_log_stream(logGroupName=properties["LogGroupName"], logStreamName=name)
        return Made(name)

    def delete(self, place: Place, made: Made, properties: Properties) -> None:
        """Delete it with everything logged."""
        logs = client("logs", place.region)
        logs.delete_log_stream(logGroupName=properties["LogGroupName"], logStreamName=made.physical_id)
