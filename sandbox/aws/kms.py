"""`AWS::KMS::Key`, made through the API of KMS: moto's own forgets its rotation, and every change."""

from __future__ import annotations

import json
from typing import Any

from sandbox.aws.api import client, tag_changes
from sandbox.aws.cloudformation.resources import Made, Place, Properties, ResourceType, resource_type

PENDING_DAYS = 30
"""How long a key waits for its deletion unless the template says otherwise; nobody can use it meanwhile."""


@resource_type("AWS::KMS::Key")
class KeyType(ResourceType):
    """A key; `Ref` gives its id. Deleting it only schedules the deletion, as KMS has it."""

    replaced_by = frozenset({"KeySpec", "KeyUsage", "MultiRegion", "Origin"})

    def create(self, place: Place, properties: Properties) -> Made:
        """Create the key, then its rotation."""
        kms = client("kms", place.region)
        given: dict[str, Any] = {
            name: properties[name]
            for name in ("Description", "KeySpec", "KeyUsage", "MultiRegion")
            if name in properties
        }
        if "KeyPolicy" in properties:
            given["Policy"] = json.dumps(properties["KeyPolicy"])
        metadata = kms.create_key(**given, Tags=_pairs(properties))["KeyMetadata"]
        made = Made(metadata["KeyId"], {"Arn": metadata["Arn"], "KeyId": metadata["KeyId"]})
        self._bring(kms, made, {}, properties)
        return made

    def update(self, place: Place, made: Made, old: Properties, new: Properties) -> Made:
        """Change description, policy, rotation, state and tags."""
        kms = client("kms", place.region)
        key = made.physical_id
        kms.update_key_description(KeyId=key, Description=new.get("Description", ""))
        if old.get("KeyPolicy") != new.get("KeyPolicy") and "KeyPolicy" in new:
            kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(new["KeyPolicy"]))
        self._bring(kms, made, old, new)
        tags, removed = tag_changes(old.get("Tags", []), new.get("Tags", []))
        if removed:
            kms.untag_resource(KeyId=key, TagKeys=removed)
        if tags:
            kms.tag_resource(KeyId=key, Tags=[{"TagKey": name, "TagValue": value} for name, value in tags.items()])
        return made

    def delete(self, place: Place, made: Made, properties: Properties) -> None:
        """Schedule the deletion."""
        days = int(properties.get("PendingWindowInDays", PENDING_DAYS))
        client("kms", place.region).schedule_key_deletion(KeyId=made.physical_id, PendingWindowInDays=days)

    def _bring(self, kms: Any, made: Made, old: Properties, new: Properties) -> None:
        key = made.physical_id
        if "RotationPeriodInDays" in new:
            text = "The stand-in rotates keys every year and does not know RotationPeriodInDays"
            raise ValueError(text)
        rotates = _true(new.get("EnableKeyRotation", False))
        if rotates:
            kms.enable_key_rotation(KeyId=key)
        elif _true(old.get("EnableKeyRotation", False)):
            kms.disable_key_rotation(KeyId=key)
        enabled = _true(new.get("Enabled", True))
        if enabled != _true(old.get("Enabled", True)):
            (kms.enable_key if enabled else kms.disable_key)(KeyId=key)


def _true(value: Any) -> bool:
    """Templates say true as JSON's or as text."""
    return str(value).lower() == "true"


def _pairs(properties: Properties) -> list[dict[str, str]]:
    return [{"TagKey": tag["Key"], "TagValue": str(tag["Value"])} for tag in properties.get("Tags", [])]
