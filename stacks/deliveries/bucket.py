"""The bucket of a delivery: one of its own, or one that the environment file names."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from environments import Environment
from environments.deliveries.delivery import CommonDelivery
from stacks.checks import acknowledge
from stacks.deliveries.grants import Grant, grant
from stacks.environment_stack import removal_policy
from stacks.security.users import service_domain

_EXPRESSION = re.compile(r"!\{")


@dataclass(frozen=True, kw_only=True)
class DeliveryBucket:
    """A bucket that Firehose fills, and the key of its objects, if that is none that AWS manages."""

    bucket: s3.IBucket
    key: kms.IKey | None
    own: bool
    """Whether it is made here, with a bucket key."""

    @property
    def encryption(self) -> firehose.CfnDeliveryStream.EncryptionConfigurationProperty | None:
        """How Firehose is told the key; without one, the bucket's own default holds."""
        if self.key is None:
            return None
        return firehose.CfnDeliveryStream.EncryptionConfigurationProperty(
            kms_encryption_config=firehose.CfnDeliveryStream.KMSEncryptionConfigProperty(
                awskms_key_arn=self.key.key_arn
            )
        )

    def grants(self, environment: Environment, prefixes: Iterable[str]) -> Iterator[Grant]:
        """Yield what filling it takes; `prefixes` are what the names of objects begin with, expressions included."""
        heads = object_prefixes(prefixes)
        yield grant("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads", on=self.bucket.bucket_arn)
        yield Grant(
            statement=iam.PolicyStatement(
                actions=["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],
                resources=[self.bucket.arn_for_objects(f"{head}*") for head in heads],
            ),
            findings=tuple(f"{self._shown()}/{head}*" for head in heads),
            reason="the names of objects end in times and random ids; what they begin with is this delivery's own",
        )
        if self.key is not None:
            yield grant(
                "kms:Decrypt",
                "kms:GenerateDataKey",
                on=self.key.key_arn,
                conditions=self._context(f"s3.{environment.region}.{service_domain(environment)}"),
            )

    def _context(self, service: str) -> dict[str, Any]:
        """For what the key may be used: the bucket is the context with a bucket key, without one each object is.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
        """
        via, name = {"kms:ViaService": service}, "kms:EncryptionContext:aws:s3:arn"
        if self.own:
            return {"StringEquals": {**via, name: self.bucket.bucket_arn}}
        return {
            "StringEquals": via,
            "StringLike": {name: [self.bucket.bucket_arn, self.bucket.arn_for_objects("*")]},
        }

    def _shown(self) -> str:
        """The bucket's ARN as cdk-nag writes it: `<LogicalId.Arn>` of one in the template."""
        resource = self.bucket.node.default_child
        if isinstance(resource, cdk.CfnElement):
            return f"<{cdk.Stack.of(resource).get_logical_id(resource)}.Arn>"
        return self.bucket.bucket_arn


def delivery_bucket(
    scope: Construct, environment: Environment, delivery: CommonDelivery, *, key: kms.IKey | None
) -> DeliveryBucket:
    """Return the bucket that `delivery` names, or else add one, encrypted with `key` where there is one.

    A bucket that is added gets its name from CloudFormation: names of buckets belong to the whole
    world, and one that was kept would stand in the way of its own successor. It is never emptied by a
    deployment: outside of production CloudFormation deletes it only once nobody's data is in it.
    """
    if delivery.bucket is not None:
        given = delivery.bucket_key
        return DeliveryBucket(
            bucket=s3.Bucket.from_bucket_name(scope, "Bucket", delivery.bucket),
            key=kms.Key.from_key_arn(scope, "BucketKey", given) if given is not None else None,
            own=False,
        )
    bucket = s3.Bucket(
        scope,
        "Bucket",
        encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
        encryption_key=key,
        bucket_key_enabled=True if key else None,
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
    return DeliveryBucket(bucket=bucket, key=key, own=True)


def object_prefixes(prefixes: Iterable[str]) -> list[str]:
    """Return what the names of objects begin with: `prefixes` up to their first expression, none within another."""
    heads = {_EXPRESSION.split(prefix, maxsplit=1)[0] for prefix in prefixes}
    return sorted(head for head in heads if not any(head.startswith(other) for other in heads - {head}))
