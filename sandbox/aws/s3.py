"""`AWS::S3::BucketPolicy`, which moto's CloudFormation does not have and `cdk bootstrap` needs."""

from __future__ import annotations

import json

from sandbox.aws.api import client
from sandbox.aws.cloudformation.resources import Made, Place, Properties, ResourceType, resource_type


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
