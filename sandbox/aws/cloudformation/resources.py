"""What a type of resource must be able to do, and where the types are found.

Our own types stand in the modules named for their services and announce themselves with `resource_type`.
Every other type is moto's model of it, behind the same three verbs.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, ClassVar

from moto.cloudformation.parsing import generate_resource_name, get_model_map
from moto.core.common_models import CloudFormationModel

Properties = dict[str, Any]

# Types that exist for the tools alone; CloudFormation itself creates nothing for them.
NOTHING_TO_CREATE = frozenset({"AWS::CDK::Metadata", "AWS::CloudFormation::WaitConditionHandle"})


class UnsupportedTypeError(Exception):
    """A template holds a type that the stand-in cannot create; its text is the reason of the failure."""


class ReplacementNeeded(Exception):  # noqa: N818 - not a failure: the answer of an update
    """A change can only be made by a new resource in the place of the old one."""


@dataclass(frozen=True)
class Place:
    """Where a resource stands: what its type needs to know besides its properties."""

    account: str
    region: str
    stack: str
    logical_id: str
    type: str

    def name(self, limit: int = 255) -> str:
        """Make up a physical name as CloudFormation does when the template gives none."""
        return generate_resource_name(self.type, self.stack, self.logical_id)[:limit]


@dataclass
class Made:
    """What creating a resource leaves: its physical id and the attributes that `Fn::GetAtt` can ask for."""

    physical_id: str
    attributes: dict[str, Any] = field(default_factory=dict)
    model: Any = None

    def attribute(self, name: str) -> Any:
        """Return an attribute's value.

        Raises:
            KeyError: The type has no such attribute, so the template is wrong.
        """
        if name in self.attributes:
            return self.attributes[name]
        if self.model is not None:
            return self.model.get_cfn_attribute(name)
        raise KeyError(name)


class ResourceType:
    """One type of resource, created, updated and deleted as CloudFormation does it."""

    replaced_by: ClassVar[frozenset[str]] = frozenset()
    """The properties whose change needs a new resource."""

    def create(self, place: Place, properties: Properties) -> Made:
        """Make the resource."""
        raise NotImplementedError

    def update(self, place: Place, made: Made, old: Properties, new: Properties) -> Made:  # noqa: ARG002 - a default
        """Change the resource; by default only a replacement will do."""
        raise ReplacementNeeded

    def delete(self, place: Place, made: Made, properties: Properties) -> None:
        """Remove the resource."""
        raise NotImplementedError

    def needs_replacement(self, old: Properties, new: Properties) -> bool:
        """Tell whether one of the properties that cannot be changed in place differs."""
        return any(old.get(name) != new.get(name) for name in self.replaced_by)


OWN_TYPES: dict[str, ResourceType] = {}


def resource_type(name: str) -> Callable[[type[ResourceType]], type[ResourceType]]:
    """Let the decorated class stand for a CloudFormation type, before any model of moto's."""

    def register(kind: type[ResourceType]) -> type[ResourceType]:
        OWN_TYPES[name] = kind()
        return kind

    return register


class Nothing(ResourceType):
    """A type that leaves no trace."""

    def create(self, place: Place, properties: Properties) -> Made:  # noqa: ARG002
        """Give it an id."""
        return Made(place.logical_id)

    def update(self, place: Place, made: Made, old: Properties, new: Properties) -> Made:  # noqa: ARG002
        """Leave it."""
        return made

    def delete(self, place: Place, made: Made, properties: Properties) -> None:
        """Leave nothing."""


class MotoType(ResourceType):
    """A type as moto models it."""

    def __init__(self, model: type[CloudFormationModel]) -> None:
        self._model = model
        self._name_property = model.cloudformation_name_type()

    def create(self, place: Place, properties: Properties) -> Made:
        """Make the model from the template's properties."""
        name = properties.get(self._name_property) if self._name_property else None
        resource = self._model.create_from_cloudformation_json(
            name or place.name(), _json(place, properties), place.account, place.region, LogicalId=place.logical_id
        )
        return _made(place, resource)

    def update(self, place: Place, made: Made, old: Properties, new: Properties) -> Made:
        """Let the model change itself; where moto has no way for it, replace it."""
        change = self._model.update_from_cloudformation_json
        if hasattr(change, "__isabstractmethod__"):
            raise ReplacementNeeded
        name = (new.get(self._name_property) if self._name_property else None) or made.physical_id
        if self._name_property and old.get(self._name_property) != new.get(self._name_property):
            raise ReplacementNeeded
        try:
            resource = change(
                original_resource=made.model,
                new_resource_name=name,
                cloudformation_json=_json(place, new),
                account_id=place.account,
                region_name=place.region,
            )
        except NotImplementedError:
            raise ReplacementNeeded from None
        return _made(place, resource)

    def delete(self, place: Place, made: Made, properties: Properties) -> None:
        """Remove the model the way it offers; two ways are in use among moto's models."""
        own = getattr(made.model, "delete", None)
        if own is not None and _takes_two(own):
            own(place.account, place.region)
        elif not hasattr(self._model.delete_from_cloudformation_json, "__isabstractmethod__"):
            self._model.delete_from_cloudformation_json(
                made.physical_id, _json(place, properties), place.account, place.region
            )


def _json(place: Place, properties: Properties) -> dict[str, Any]:
    return {"Type": place.type, "Properties": deepcopy(properties)}


def _made(place: Place, resource: Any) -> Made:
    resource.cf_resource_type = place.type
    resource.logical_resource_id = place.logical_id
    return Made(resource.physical_resource_id, model=resource)


def _takes_two(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind("account", "region")
    except TypeError:
        return False
    return True


def find_type(name: str) -> ResourceType:
    """Return the type of that name.

    Raises:
        UnsupportedTypeError: Neither we nor moto know it.
    """
    if name in OWN_TYPES:
        return OWN_TYPES[name]
    if name in NOTHING_TO_CREATE:
        return Nothing()
    model = get_model_map().get(name)
    if model is None:
        text = f"The stand-in cannot create resources of type {name}. Take it out of the template, or add the type."
        raise UnsupportedTypeError(text)
    return MotoType(model)


@dataclass
class Resource:
    """A resource of a stack as it stands."""

    place: Place
    definition: dict[str, Any]
    properties: Properties
    made: Made
    status: str = "CREATE_COMPLETE"

    @property
    def logical_id(self) -> str:
        """Its name in the template."""
        return self.place.logical_id

    @property
    def type(self) -> str:
        """Its type."""
        return self.place.type

    @property
    def physical_id(self) -> str:
        """Its name in the service: what `Ref` gives."""
        return self.made.physical_id

    def attribute(self, name: str) -> Any:
        """Return what `Fn::GetAtt` gives."""
        return self.made.attribute(name)

    def survives(self, policy: str) -> bool:
        """Tell whether `DeletionPolicy` or `UpdateReplacePolicy` keeps the resource when the stack lets it go."""
        return str(self.definition.get(policy, "Delete")).startswith("Retain")
