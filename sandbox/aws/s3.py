"""Bucket policies: `AWS::S3::BucketPolicy`, which `cdk bootstrap` needs and moto's CloudFormation lacks.

moto takes a statement whose condition does not hold for a denial, so "deny everything that does not come by TLS",
which stands on every well-kept bucket, denies everything. The stand-in answers over plain HTTP in the place of
an endpoint that is reached by TLS only, so for it that condition never holds.
"""

from __future__ import annotations

import json
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket

from sandbox.aws.api import client
from sandbox.aws.cloudformation.resources import Made, Place, Properties, ResourceType, resource_type
from sandbox.aws.mending import Mends

mends = Mends()


@mends.method(FakeBucket)
def get_permission(self: FakeBucket, action: str, resource: str) -> Any:
    """Tell what the bucket's policy says to an action, without the statements about plain HTTP."""
    if self.policy is None:
        return PermissionResult.NEUTRAL
    policy = json.loads(self.policy)
    statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    policy["Statement"] = [statement for statement in statements if not _is_about_plain_http(statement)]
    return IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource)


def _is_about_plain_http(statement: dict[str, Any]) -> bool:
    secure = statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")
    return str(secure).lower() == "false"


@resource_type("AWS::S3::BucketPolicy")
class BucketPolicyType(ResourceType):
    """The policy of a bucket: one a bucket, so its id is the bucket's name."""

    replaced_by = frozenset({"Bucket"})

    def create(self, place: Place, properties: Properties) -> Made:
        """Put the policy on the bucket."""
        bucket = properties["Bucket"]
        client("s3", place.region).put_bucket_policy(Bucket=bucket, Policy=json.dumps(properties["PolicyDocument"]))
        return Made(bucket)

    def update(self, place: Place, made: Made, old: Properties, new: Properties) -> Made:  # noqa: ARG002
        """Put the new policy in the place of the old one."""
        return self.create(place, new)

    def delete(self, place: Place, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Take the policy off the bucket."""
        client("s3", place.region).delete_bucket_policy(Bucket=made.physical_id)
