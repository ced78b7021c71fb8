"""The bucket of a delivery: one of its own, or one that the environment file names."""

from aws_cdk import aws_s3 as s3
from constructs import Construct

from environments import Environment
from stacks.checks import acknowledge
from stacks.environment_stack import removal_policy


def delivery_bucket(scope: Construct, environment: Environment, given: str | None) -> s3.IBucket:
    """Return the bucket named `given`, or else add one.

    A bucket that is added gets its name from CloudFormation: names of buckets belong to the whole
    world, and one that was kept would stand in the way of its own successor. It is never emptied by a
    deployment: outside of production CloudFormation deletes it only once nobody's data is in it.
    """
    if given is not None:
        return s3.Bucket.from_bucket_name(scope, "Bucket", given)
    bucket = s3.Bucket(
        scope,
        "Bucket",
        encryption=s3.BucketEncryption.S3_MANAGED,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        enforce_ssl=True,
        # Firehose writes each object once; versions are for the hands of people.
        versioned=environment.production,
        removal_policy=removal_policy(environment),
    )
    acknowledge(
        bucket,
        "S1",
        reason="access logs need a bucket of their own, which would have to be logged again; who reads "
        "and deletes objects is told by CloudTrail's data events where that is wanted",
    )
    return bucket
