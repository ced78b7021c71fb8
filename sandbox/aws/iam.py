"""`AWS::IAM::Role` and `AWS::IAM::Policy`, made through the API of IAM.

moto's CloudFormation stores the inline policies of a role as Python's text of a dictionary, which is no JSON, and
does not follow a policy whose roles change. The policies that AWS manages exist for it only on request.
"""

from __future__ import annotations

import json
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam import models

from sandbox.aws.api import client, tag_changes
from sandbox.aws.cloudformation.resources import Made, Place, Properties, ResourceType, resource_type
from sandbox.aws.mending import Mends

mends = Mends()
mends.value(models, "load_iam_aws_managed_policies", lambda: True)


@mends.method(models)
def get_account_id_from(access_key: str) -> str:
    """Return the account that an access key belongs to, among those that have keys.

    moto asks this at every request, and makes for it what IAM has of each account in each partition: every time all the
    policies that AWS manages, which takes a second.
    """
    for account, partitions in list(models.iam_backends.items()):
        if any(access_key in backend.access_keys for backend in list(partitions.values())):
            return str(account)
    return DEFAULT_ACCOUNT_ID


MAX_ROLE_NAME = 64
DEFAULT_SESSION_SECONDS = 3600


@resource_type("AWS::IAM::Role")
class RoleType(ResourceType):
    """A role with its inline and its attached policies."""

    replaced_by = frozenset({"RoleName", "Path"})

    def create(self, place: Place, properties: Properties) -> Made:
        """Create the role, then its policies."""
        iam = client("iam", place.region)
        given: dict[str, Any] = {
            name: properties[name]
            for name in ("Path", "Description", "PermissionsBoundary", "Tags")
            if name in properties
        }
        role = iam.create_role(
            RoleName=properties.get("RoleName") or place.name(MAX_ROLE_NAME),
            AssumeRolePolicyDocument=json.dumps(properties["AssumeRolePolicyDocument"]),
            MaxSessionDuration=int(properties.get("MaxSessionDuration", DEFAULT_SESSION_SECONDS)),
            **given,
        )["Role"]
        made = Made(role["RoleName"], {"Arn": role["Arn"], "RoleId": role["RoleId"]})
        self._bring_policies(iam, made.physical_id, {}, properties)
        return made

    def update(self, place: Place, made: Made, old: Properties, new: Properties) -> Made:
        """Change everything that the role's name does not hang on."""
        iam, name = client("iam", place.region), made.physical_id
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(new["AssumeRolePolicyDocument"]))
        iam.update_role(
            RoleName=name,
            Description=new.get("Description", ""),
            MaxSessionDuration=int(new.get("MaxSessionDuration", DEFAULT_SESSION_SECONDS)),
        )
        if old.get("PermissionsBoundary") != new.get("PermissionsBoundary"):
            if "PermissionsBoundary" in new:
                iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=new["PermissionsBoundary"])
            else:
                iam.delete_role_permissions_boundary(RoleName=name)
        self._bring_policies(iam, name, old, new)
        tags, removed = tag_changes(old.get("Tags", []), new.get("Tags", []))
        if removed:
            iam.untag_role(RoleName=name, TagKeys=removed)
        if tags:
            iam.tag_role(RoleName=name, Tags=[{"Key": key, "Value": value} for key, value in tags.items()])
        return made

    def delete(self, place: Place, made: Made, properties: Properties) -> None:
        """Take the policies off, then delete the role."""
        iam = client("iam", place.region)
        self._bring_policies(iam, made.physical_id, properties, {})
        iam.delete_role(RoleName=made.physical_id)

    def _bring_policies(self, iam: Any, role: str, old: Properties, new: Properties) -> None:
        before, after = (
            {policy["PolicyName"]: policy["PolicyDocument"] for policy in properties.get("Policies", [])}
            for properties in (old, new)
        )
        for name in before.keys() - after.keys():
            iam.delete_role_policy(RoleName=role, PolicyName=name)
        for name, document in after.items():
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))
        attached, wanted = set(old.get("ManagedPolicyArns", [])), set(new.get("ManagedPolicyArns", []))
        for arn in attached - wanted:
            iam.detach_role_policy(RoleName=role, PolicyArn=arn)
        for arn in wanted - attached:
            iam.attach_role_policy(RoleName=role, PolicyArn=arn)


@resource_type("AWS::IAM::Policy")
class PolicyType(ResourceType):
    """An inline policy that stands outside the roles, users and groups that it is put on."""

    replaced_by = frozenset({"PolicyName"})
    holders = (("Roles", "role", "RoleName"), ("Users", "user", "UserName"), ("Groups", "group", "GroupName"))

    def create(self, place: Place, properties: Properties) -> Made:
        """Put the policy on everyone it names."""
        self._bring(place, {}, properties)
        return Made(place.name(128), {"Id": properties["PolicyName"]})

    def update(self, place: Place, made: Made, old: Properties, new: Properties) -> Made:
        """Put it on those it names now and take it off the others."""
        self._bring(place, old, new)
        return made

    def delete(self, place: Place, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Take it off everyone."""
        self._bring(place, properties, {})

    def _bring(self, place: Place, old: Properties, new: Properties) -> None:
        iam = client("iam", place.region)
        name = (new or old)["PolicyName"]
        for property_name, kind, argument in self.holders:
            wanted = new.get(property_name, [])
            for holder in wanted:
                put = getattr(iam, f"put_{kind}_policy")
                document = json.dumps(new["PolicyDocument"])
                put(**{argument: holder}, PolicyName=name, PolicyDocument=document)
            for holder in set(old.get(property_name, [])) - set(wanted):
                getattr(iam, f"delete_{kind}_policy")(**{argument: holder}, PolicyName=name)
