"""`AWS::S3::Bucket`, made through the API of S3: moto's keeps the encryption and the tags, and drops the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.aws.api import client
from sandbox.aws.cloudformation.resources import Made, Place, Properties, ResourceType, resource_type


def _encryption(value: Any) -> dict[str, Any]:
    names = {"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"}
    rules = value["ServerSideEncryptionConfiguration"]
    return {"Rules": [{names.get(name, name): part for name, part in rule.items()} for rule in rules]}


def _lifecycle(value: Any) -> dict[str, Any]:
    return {"Rules": [_lifecycle_rule(rule) for rule in value["Rules"]]}


def _lifecycle_rule(rule: dict[str, Any]) -> dict[str, Any]:
    same = {name: part for name, part in rule.items() if name not in ("Id", "Prefix", "ExpirationInDays")}
    if "Id" in rule:
        same["ID"] = rule["Id"]
    if "ExpirationInDays" in rule:
        same["Expiration"] = {"Days": int(rule["ExpirationInDays"])}
    return {**same, "Filter": {"Prefix": rule.get("Prefix", "")}}


# Of each property the operations that set and remove it, the argument of the first, and its value.
_PARTS: dict[str, tuple[str, str, str, Callable[[Any], Any]]] = {
    "BucketEncryption": (
        "put_bucket_encryption",
        "delete_bucket_encryption",
        "ServerSideEncryptionConfiguration",
        _encryption,
    ),
    "LifecycleConfiguration": (
        "put_bucket_lifecycle_configuration",
        "delete_bucket_lifecycle",
        "LifecycleConfiguration",
        _lifecycle,
    ),
    "OwnershipControls": (
        "put_bucket_ownership_controls",
        "delete_bucket_ownership_controls",
        "OwnershipControls",
        dict,
    ),
    "PublicAccessBlockConfiguration": (
        "put_public_access_block",
        "delete_public_access_block",
        "PublicAccessBlockConfiguration",
        dict,
    ),
    "Tags": (
        "put_bucket_tagging",
        "delete_bucket_tagging",
        "Tagging",
        lambda tags: {"TagSet": [{"Key": tag["Key"], "Value": str(tag["Value"])} for tag in tags]},
    ),
}
_VERSIONING = "VersioningConfiguration"


@resource_type("AWS::S3::Bucket")
class BucketType(ResourceType):
    """A bucket; `Ref` gives its name."""

    replaced_by = frozenset({"BucketName"})

    def create(self, place: Place, properties: Properties) -> Made:
        """Create the bucket, then give it its properties."""
        known = {*_PARTS, _VERSIONING, "BucketName"}
        if properties.get("AccessControl") == "Private":  # as every bucket is
            known.add("AccessControl")
        if unknown := sorted(properties.keys() - known):
            raise ValueError(f"The stand-in does not know {', '.join(unknown)} of a bucket")
        s3 = client("s3", place.region)
        name = properties.get("BucketName") or place.name()
        # The first region is the one that must not be named.
        where = {} if place.region == "us-east-1" else {"LocationConstraint": place.region}
        s3.create_bucket(Bucket=name, **({"CreateBucketConfiguration": where} if where else {}))
        made = Made(
            name,
            {
                "Arn": f"arn:aws:s3:::{name}",
                "DomainName": f"{name}.s3.amazonaws.com",
                "RegionalDomainName": f"{name}.s3.{place.region}.amazonaws.com",
            },
        )
        self._bring(s3, name, {}, properties)
        return made

    def update(self, place: Place, made: Made, old: Properties, new: Properties) -> Made:
        """Change what differs."""
        self._bring(client("s3", place.region), made.physical_id, old, new)
        return made

    def delete(self, place: Place, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Delete the bucket; S3 refuses while there are objects in it."""
        client("s3", place.region).delete_bucket(Bucket=made.physical_id)

    def _bring(self, s3: Any, name: str, old: Properties, new: Properties) -> None:
        for part, (put, remove, argument, shaped) in _PARTS.items():
            if old.get(part) == new.get(part):
                continue
            if part in new:
                getattr(s3, put)(Bucket=name, **{argument: shaped(new[part])})
            else:
                getattr(s3, remove)(Bucket=name)
        if old.get(_VERSIONING) != new.get(_VERSIONING):
            # It cannot be taken back, only suspended.
            status = new.get(_VERSIONING, {}).get("Status", "Suspended")
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status})
