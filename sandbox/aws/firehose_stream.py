"""`AWS::KinesisFirehose::DeliveryStream`, made through the API of Firehose; moto's CloudFormation lacks it."""

from __future__ import annotations

from typing import Any

from sandbox.aws.api import arguments, client, tag_changes
from sandbox.aws.cloudformation.resources import Made, Place, Properties, ResourceType, resource_type
from sandbox.aws.firehose import DEFAULTS

_DESTINATION = "ExtendedS3DestinationConfiguration"
_ENCRYPTION = "DeliveryStreamEncryptionConfigurationInput"
_MAX_NAME = 64


@resource_type("AWS::KinesisFirehose::DeliveryStream")
class DeliveryStreamType(ResourceType):
    """A delivery stream; `Ref` gives its name."""

    replaced_by = frozenset(
        {
            "DeliveryStreamName",
            "DeliveryStreamType",
            "KinesisStreamSourceConfiguration",
            "MSKSourceConfiguration",
        }
    )

    def create(self, place: Place, properties: Properties) -> Made:
        """Create it whole; the service refuses what it cannot deliver."""
        firehose = client("firehose", place.region)
        named = {"DeliveryStreamName": place.name(_MAX_NAME), **properties}
        arn = firehose.create_delivery_stream(**_arguments(firehose, named))["DeliveryStreamARN"]
        return Made(named["DeliveryStreamName"], {"Arn": arn})

    def update(self, place: Place, made: Made, old: Properties, new: Properties) -> Made:
        """Change destination, encryption and tags in place."""
        firehose, name = client("firehose", place.region), made.physical_id
        if old.get(_DESTINATION) != new.get(_DESTINATION):
            described = firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
            # A property that is gone from the template has its default again.
            wanted = {**DEFAULTS, **_arguments(firehose, new).get(_DESTINATION, {})}
            firehose.update_destination(
                DeliveryStreamName=name,
                CurrentDeliveryStreamVersionId=described["VersionId"],
                DestinationId=described["Destinations"][0]["DestinationId"],
                ExtendedS3DestinationUpdate=wanted,
            )
        if old.get(_ENCRYPTION) != new.get(_ENCRYPTION):
            if _ENCRYPTION in new:
                encryption = _arguments(firehose, new)[_ENCRYPTION]
                firehose.start_delivery_stream_encryption(DeliveryStreamName=name, **{_ENCRYPTION: encryption})
            else:
                firehose.stop_delivery_stream_encryption(DeliveryStreamName=name)
        tags, removed = tag_changes(old.get("Tags", []), new.get("Tags", []))
        if removed:
            firehose.untag_delivery_stream(DeliveryStreamName=name, TagKeys=removed)
        if tags:
            pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
            firehose.tag_delivery_stream(DeliveryStreamName=name, Tags=pairs)
        return made

    def delete(self, place: Place, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Delete it; its objects stay."""
        client("firehose", place.region).delete_delivery_stream(DeliveryStreamName=made.physical_id)


def _arguments(firehose: Any, properties: Properties) -> dict[str, Any]:
    """Return a template's properties as the call wants them, destinations that the call does not know included.

    Raises:
        ValueError: The template has a property that the API has not, so nothing would come of it.
    """
    given = arguments(firehose, "CreateDeliveryStream", properties)
    if unknown := sorted({name.lower() for name in properties} - {name.lower() for name in given}):
        raise ValueError(f"The stand-in does not know {', '.join(unknown)} of a delivery stream")
    return given
