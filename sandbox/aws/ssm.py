"""`AWS::SSM::Parameter` with its tier, its pattern and its tags; moto's keeps the value and little else."""

from __future__ import annotations

from typing import Any

from sandbox.aws.api import client, tag_changes
from sandbox.aws.cloudformation.resources import Made, Place, Properties, ResourceType, resource_type

# What a template calls as PutParameter does.
_SAME = ("Type", "Value", "Description", "AllowedPattern", "Tier", "DataType", "Policies")


@resource_type("AWS::SSM::Parameter")
class ParameterType(ResourceType):
    """A stored parameter; `Ref` gives its name."""

    replaced_by = frozenset({"Name", "Type"})

    def create(self, place: Place, properties: Properties) -> Made:
        """Store it, refusing a name that is taken."""
        name = properties.get("Name") or place.name()
        tags = [{"Key": key, "Value": str(value)} for key, value in properties.get("Tags", {}).items()]
        given: dict[str, Any] = {"Tags": tags} if tags else {}
        client("ssm", place.region).put_parameter(Name=name, Overwrite=False, **self._given(properties), **given)
        return Made(name, {"Type": properties["Type"], "Value": properties["Value"]})

    def update(self, place: Place, made: Made, old: Properties, new: Properties) -> Made:
        """Store a new version of it."""
        ssm = client("ssm", place.region)
        ssm.put_parameter(Name=made.physical_id, Overwrite=True, **self._given(new))
        as_list = [
            [{"Key": key, "Value": value} for key, value in properties.get("Tags", {}).items()]
            for properties in (old, new)
        ]
        tags, removed = tag_changes(*as_list)
        subject = {"ResourceType": "Parameter", "ResourceId": made.physical_id}
        if removed:
            ssm.remove_tags_from_resource(**subject, TagKeys=removed)
        if tags:
            pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
            ssm.add_tags_to_resource(**subject, Tags=pairs)
        return Made(made.physical_id, {"Type": new["Type"], "Value": new["Value"]})

    def delete(self, place: Place, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Remove it."""
        client("ssm", place.region).delete_parameter(Name=made.physical_id)

    def _given(self, properties: Properties) -> dict[str, Any]:
        return {name: str(properties[name]) for name in _SAME if name in properties}
