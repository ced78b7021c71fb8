"""Topics with their attributes, policies and subscriptions; moto's topic keeps little more than its name."""

from __future__ import annotations

import json
from typing import Any

from sandbox.aws.api import client, tag_changes
from sandbox.aws.cloudformation.resources import Made, Place, Properties, ResourceType, resource_type

ATTRIBUTES = ("DisplayName", "KmsMasterKeyId", "SignatureVersion", "TracingConfig", "ArchivePolicy")
"""Properties of a template that are attributes of the same names."""


@resource_type("AWS::SNS::Topic")
class TopicType(ResourceType):
    """A topic; `Ref` gives its ARN."""

    replaced_by = frozenset({"TopicName", "FifoTopic"})

    def create(self, place: Place, properties: Properties) -> Made:
        """Create it with its attributes."""
        name = properties.get("TopicName") or place.name()
        sns = client("sns", place.region)
        arn = sns.create_topic(Name=name, Attributes=_attributes(properties), Tags=properties.get("Tags", []))[
            "TopicArn"
        ]
        return Made(arn, {"TopicArn": arn, "TopicName": name})

    def update(self, place: Place, made: Made, old: Properties, new: Properties) -> Made:
        """Change attributes and tags."""
        sns = client("sns", place.region)
        before, after = _attributes(old), _attributes(new)
        for name in {*before, *after}:
            if before.get(name) != after.get(name):
                value = after.get(name, "")
                sns.set_topic_attributes(TopicArn=made.physical_id, AttributeName=name, AttributeValue=value)
        tags, removed = tag_changes(old.get("Tags", []), new.get("Tags", []))
        if removed:
            sns.untag_resource(ResourceArn=made.physical_id, TagKeys=removed)
        if tags:
            sns.tag_resource(ResourceArn=made.physical_id, Tags=[{"Key": key, "Value": tags[key]} for key in tags])
        return made

    def delete(self, place: Place, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Delete it with its subscriptions."""
        client("sns", place.region).delete_topic(TopicArn=made.physical_id)


@resource_type("AWS::SNS::TopicPolicy")
class TopicPolicyType(ResourceType):
    """The policy of some topics; with it gone, each has the one it began with."""

    def create(self, place: Place, properties: Properties) -> Made:
        """Set it."""
        self._set(place, properties, json.dumps(properties["PolicyDocument"]))
        return Made(place.name())

    def update(self, place: Place, made: Made, old: Properties, new: Properties) -> Made:  # noqa: ARG002
        """Set the new one."""
        self._set(place, new, json.dumps(new["PolicyDocument"]))
        return made

    def delete(self, place: Place, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Leave one that allows nothing by itself; the service goes back to its default."""
        self._set(place, properties, json.dumps({"Version": "2012-10-17", "Statement": []}))

    def _set(self, place: Place, properties: Properties, policy: str) -> None:
        sns = client("sns", place.region)
        for topic in properties["Topics"]:
            sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)


@resource_type("AWS::SNS::Subscription")
class SubscriptionType(ResourceType):
    """A subscription; `Ref` gives its ARN."""

    replaced_by = frozenset({"TopicArn", "Protocol", "Endpoint"})

    def create(self, place: Place, properties: Properties) -> Made:
        """Subscribe."""
        named = {name: properties[name] for name in ("TopicArn", "Protocol", "Endpoint")}
        arn = client("sns", place.region).subscribe(**named, ReturnSubscriptionArn=True)["SubscriptionArn"]
        return Made(arn, {"Arn": arn})

    def delete(self, place: Place, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Unsubscribe."""
        client("sns", place.region).unsubscribe(SubscriptionArn=made.physical_id)


def _attributes(properties: Properties) -> dict[str, Any]:
    return {name: str(properties[name]) for name in ATTRIBUTES if name in properties}
