"""The order in which Kinesis is asked for streams and consumers, of which it makes a few at a time."""

from collections.abc import Sequence

import aws_cdk as cdk
from constructs import Construct

AT_A_TIME = 5
"""Streams of an account, or consumers of one stream, that Kinesis makes or deletes at the same time.

It refuses the sixth, and CloudFormation, which asks for all at once, fails with it:
https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html and API_RegisterStreamConsumer.html
"""


def in_turns(made: Sequence[Construct]) -> None:
    """Have each of `made` wait until the one five places before it stands."""
    for earlier, later in zip(made, made[AT_A_TIME:], strict=False):
        resource_of(later).add_resource_dependency(resource_of(earlier))


def resource_of(construct: Construct) -> cdk.CfnResource:
    """Return the one resource that a construct of the CDK is made of, without what stands below it."""
    resource = construct.node.default_child
    assert isinstance(resource, cdk.CfnResource)  # noqa: S101  what these constructs are made of
    return resource
