"""`AWS::EC2::*` of a template, made through the API of EC2; this module holds what those types share.

moto's CloudFormation loses their tags, the descriptions of rules, DNS and public address settings, and leaves
route tables behind that keep a VPC from being deleted.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sandbox.aws.api import client, tag_changes
from sandbox.aws.cloudformation.resources import Made, Place, Properties, ResourceType


class Ec2Type(ResourceType):
    """A type with tags, of which only the properties in `in_place` can change without a replacement."""

    in_place: ClassVar[frozenset[str]] = frozenset()

    def make(self, ec2: Any, place: Place, properties: Properties) -> Made:
        """Create the resource, without its tags."""
        raise NotImplementedError

    def change(self, ec2: Any, made: Made, old: Properties, new: Properties) -> None:
        """Change the properties that `in_place` names."""

    def remove(self, ec2: Any, made: Made, properties: Properties) -> None:
        """Delete the resource."""
        raise NotImplementedError

    def tagged(self, made: Made) -> str:
        """Return the id that tags go by."""
        return made.physical_id

    def create(self, place: Place, properties: Properties) -> Made:
        """Create the resource and tag it."""
        ec2 = client("ec2", place.region)
        made = self.make(ec2, place, properties)
        if properties.get("Tags"):
            ec2.create_tags(Resources=[self.tagged(made)], Tags=properties["Tags"])
        return made

    def needs_replacement(self, old: Properties, new: Properties) -> bool:
        """Everything that is not changed in place needs one."""
        fixed = (old.keys() | new.keys()) - self.in_place - {"Tags"}
        return any(old.get(name) != new.get(name) for name in fixed)

    def update(self, place: Place, made: Made, old: Properties, new: Properties) -> Made:
        """Change what can be changed, and the tags."""
        ec2 = client("ec2", place.region)
        self.change(ec2, made, old, new)
        tags, removed = tag_changes(old.get("Tags", []), new.get("Tags", []))
        if removed:
            ec2.delete_tags(Resources=[self.tagged(made)], Tags=[{"Key": key} for key in removed])
        if tags:
            pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
            ec2.create_tags(Resources=[self.tagged(made)], Tags=pairs)
        return made

    def delete(self, place: Place, made: Made, properties: Properties) -> None:
        """Delete the resource."""
        self.remove(client("ec2", place.region), made, properties)


def only(properties: Properties, *names: str) -> Properties:
    """Return those of the named properties that are set."""
    return {name: properties[name] for name in names if name in properties}
