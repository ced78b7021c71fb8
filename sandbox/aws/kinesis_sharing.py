"""Policies of streams and of registered consumers, tags of consumers, and `AWS::Kinesis::ResourcePolicy`.

moto keeps any text for any ARN, answers `{}` where there is no policy, and finds no consumer, since it takes the end of
every ARN for the name of a stream. The tags by ARN it does not have at all.
"""

from __future__ import annotations

import json
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.kinesis.exceptions import InvalidArgumentError, ResourceNotFoundError
from moto.kinesis.models import KinesisBackend
from moto.kinesis.responses import KinesisResponse as Api

from sandbox.aws.api import client
from sandbox.aws.cloudformation.resources import Made, Place, Properties, ResourceType, resource_type
from sandbox.aws.mending import Mends

mends = Mends()


@mends.method(KinesisBackend)
def put_resource_policy(self: Any, resource_arn: str, policy_doc: str) -> None:
    """PutResourcePolicy: the policy is about this resource, and takes the place of the one before."""
    _owner(self, resource_arn)
    try:
        statements = json.loads(policy_doc)["Statement"]
    except (ValueError, KeyError, TypeError):
        text = "The policy is not a JSON document with statements"
        raise InvalidArgumentError(text) from None
    for statement in statements if isinstance(statements, list) else [statements]:
        named = statement.get("Resource")
        if any(each != resource_arn for each in (named if isinstance(named, list) else [named])):
            text = f"The policy names the resource {named}, and belongs to {resource_arn}"
            raise InvalidArgumentError(text)
        if "Principal" not in statement:
            text = "The policy has a statement without a principal"
            raise InvalidArgumentError(text)
    self.resource_policies[resource_arn] = policy_doc


@mends.method(KinesisBackend)
def get_resource_policy(self: Any, resource_arn: str) -> str:
    """GetResourcePolicy."""
    _owner(self, resource_arn)
    return _policy(self, resource_arn)


@mends.method(KinesisBackend)
def delete_resource_policy(self: Any, resource_arn: str) -> None:
    """DeleteResourcePolicy."""
    _owner(self, resource_arn)
    _policy(self, resource_arn)
    del self.resource_policies[resource_arn]


@mends.method(KinesisBackend)
def delete_stream(self: Any, stream_arn: str | None, stream_name: str | None) -> Any:
    """DeleteStream: a policy that outlived its stream would be that of the next one of the same name."""
    gone = self.streams.pop(self.describe_stream(stream_arn, stream_name).stream_name)
    for arn in (gone.arn, *(consumer.consumer_arn for consumer in gone.consumers)):
        self.resource_policies.pop(arn, None)
    return gone


@mends.method(Api)
def tag_resource(self: Api) -> Any:
    """TagResource, of a stream or a consumer."""
    _tags(self).update(self._get_param("Tags") or {})
    return EmptyResult()


@mends.method(Api)
def untag_resource(self: Api) -> Any:
    """UntagResource."""
    for key in self._get_param("TagKeys"):
        _tags(self).pop(key, None)
    return EmptyResult()


@mends.method(Api)
def list_tags_for_resource(self: Api) -> Any:
    """ListTagsForResource."""
    return ActionResult({"Tags": [{"Key": key, "Value": value} for key, value in sorted(_tags(self).items())]})


def _owner(backend: Any, arn: str) -> Any:
    """Return the stream or consumer of an ARN; the clients' error where there is none."""
    if "/consumer/" in arn:
        return backend.describe_stream_consumer(None, None, arn)
    return backend.describe_stream(arn, None)


def _policy(backend: Any, arn: str) -> str:
    if arn not in backend.resource_policies:
        text = f"No resource policy found for resource ARN {arn}."
        raise ResourceNotFoundError(text)
    return str(backend.resource_policies[arn])


def _tags(api: Api) -> dict[str, str]:
    owner = _owner(api.kinesis_backend, api._get_param("ResourceARN"))  # noqa: SLF001
    if not hasattr(owner, "tags"):
        owner.tags = {}
    tags: dict[str, str] = owner.tags
    return tags


@resource_type("AWS::Kinesis::ResourcePolicy")
class ResourcePolicyType(ResourceType):
    """The policy of a stream or consumer; `Ref` gives the resource's ARN."""

    replaced_by = frozenset({"ResourceArn"})

    def create(self, place: Place, properties: Properties) -> Made:
        """Attach it."""
        self._put(place, properties)
        return Made(properties["ResourceArn"], {"ResourceArn": properties["ResourceArn"]})

    def update(self, place: Place, made: Made, old: Properties, new: Properties) -> Made:  # noqa: ARG002
        """Attach the new one in its place."""
        self._put(place, new)
        return made

    def delete(self, place: Place, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Take it off."""
        client("kinesis", place.region).delete_resource_policy(ResourceARN=made.physical_id)

    def _put(self, place: Place, properties: Properties) -> None:
        policy = json.dumps(properties["ResourcePolicy"])
        client("kinesis", place.region).put_resource_policy(ResourceARN=properties["ResourceArn"], Policy=policy)
