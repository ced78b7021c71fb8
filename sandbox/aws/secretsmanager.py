"""`AWS::SecretsManager::Secret`, made through the API of Secrets Manager, its password generated there as in AWS.

moto's own secret keeps its first value and forgets changes, keys and tags.
"""

from __future__ import annotations

import json
from typing import Any

from sandbox.aws.api import client, tag_changes
from sandbox.aws.cloudformation.resources import Made, Place, Properties, ResourceType, resource_type

_GENERATED = (
    "PasswordLength",
    "ExcludeCharacters",
    "ExcludeNumbers",
    "ExcludePunctuation",
    "ExcludeUppercase",
    "ExcludeLowercase",
    "IncludeSpace",
    "RequireEachIncludedType",
)


@resource_type("AWS::SecretsManager::Secret")
class SecretType(ResourceType):
    """A secret; `Ref` gives its ARN, which ends in six characters of its own."""

    replaced_by = frozenset({"Name"})

    def create(self, place: Place, properties: Properties) -> Made:
        """Create it with the value that the template gives, or has generated."""
        manager = client("secretsmanager", place.region)
        given: dict[str, Any] = {
            name: properties[name] for name in ("Description", "KmsKeyId", "Tags") if name in properties
        }
        value = _value(manager, properties)
        if value is not None:
            given["SecretString"] = value
        arn = manager.create_secret(Name=properties.get("Name") or place.name(), **given)["ARN"]
        return Made(arn, {"Id": arn})

    def update(self, place: Place, made: Made, old: Properties, new: Properties) -> Made:
        """Change description, key, value and tags; another way of generating generates another value."""
        manager = client("secretsmanager", place.region)
        changed = {name: new.get(name, "") for name in ("Description", "KmsKeyId") if old.get(name) != new.get(name)}
        if any(old.get(name) != new.get(name) for name in ("SecretString", "GenerateSecretString")):
            changed["SecretString"] = _value(manager, new)
        if changed:
            manager.update_secret(SecretId=made.physical_id, **changed)
        tags, removed = tag_changes(old.get("Tags", []), new.get("Tags", []))
        if removed:
            manager.untag_resource(SecretId=made.physical_id, TagKeys=removed)
        if tags:
            pairs = [{"Key": name, "Value": value} for name, value in tags.items()]
            manager.tag_resource(SecretId=made.physical_id, Tags=pairs)
        return made

    def delete(self, place: Place, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Delete it at once, as CloudFormation does: it could not be made again under its name otherwise."""
        client("secretsmanager", place.region).delete_secret(SecretId=made.physical_id, ForceDeleteWithoutRecovery=True)


def _value(manager: Any, properties: Properties) -> str | None:
    generated = properties.get("GenerateSecretString")
    if generated is None:
        value: str | None = properties.get("SecretString")
        return value
    asked = {name: generated[name] for name in _GENERATED if name in generated}
    password: str = manager.get_random_password(**asked)["RandomPassword"]
    if "GenerateStringKey" not in generated:
        return password
    return json.dumps({**json.loads(generated["SecretStringTemplate"]), generated["GenerateStringKey"]: password})
