"""Application Auto Scaling of ECS services: `AWS::ApplicationAutoScaling::*`, which moto's CloudFormation lacks.

moto keeps ranges and policies but for their tags, gives a policy that is put again another ARN, and never touches
what is to be scaled. Here registering a range moves the service into it, as AWS does
(https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html). Nothing scales
by load: the stand-in measures none.
"""

from __future__ import annotations

import json
from typing import Any

from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.models import (
    ApplicationAutoscalingBackend,
    FakeApplicationAutoscalingPolicy,
    FakeScalableTarget,
)
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse as Api

from sandbox.aws import ecs_services
from sandbox.aws.api import arguments, client, tag_changes
from sandbox.aws.cloudformation.resources import Made, Place, Properties, ResourceType, resource_type
from sandbox.aws.mending import Mends

mends = Mends()

SERVICE = "application-autoscaling"
ECS = "ecs:service:DesiredCount"

_register, _put_policy = Api.register_scalable_target, ApplicationAutoscalingBackend.put_scaling_policy


@mends.method(Api)
def register_scalable_target(self: Api) -> str:
    """RegisterScalableTarget with its tags; a service outside of the range gets the nearest count inside."""
    least, most = self._get_int_param("MinCapacity"), self._get_int_param("MaxCapacity")
    if least is not None and most is not None and least > most:
        raise AWSValidationException("Maximum capacity cannot be less than minimum capacity")
    answer = _register(self)
    target = _target(self, json.loads(answer)["ScalableTargetARN"])
    target.tags = {**getattr(target, "tags", {}), **(self._get_param("Tags") or {})}
    if target.scalable_dimension == ECS:
        _move_into_range(target)
    return answer


def _move_into_range(target: Any) -> None:
    backend = target.applicationautoscaling_backend.ecs_backend
    _, cluster, name = target.resource_id.split("/")
    service = ecs_services.find(backend, cluster, name)
    count = min(max(service.desired_count, target.min_capacity), target.max_capacity)
    if service.status == "ACTIVE" and count != service.desired_count:
        service.desired_count = count
        ecs_services.tell(service, f"has its desired count set to {count} by Application Auto Scaling.")
        ecs_services.settle(backend, service)


@mends.method(ApplicationAutoscalingBackend)
def put_scaling_policy(self: ApplicationAutoscalingBackend, **given: Any) -> Any:
    """PutScalingPolicy; a policy that is put again keeps its ARN, and has its alarms made anew."""
    named = {name: given[name] for name in ("service_namespace", "resource_id", "scalable_dimension", "policy_name")}
    known = self.policies.get(FakeApplicationAutoscalingPolicy.formulate_key(**named))
    policy = _put_policy(self, **given)
    if known is not None:
        known.delete_alarms(self.account_id, self.region_name)
        policy.policy_arn, policy.creation_time = known.policy_arn, known.creation_time
    return policy


@mends.method(Api)
def list_tags_for_resource(self: Api) -> str:
    """ListTagsForResource of a scalable target."""
    return json.dumps({"Tags": _target(self, self._get_param("ResourceARN")).tags})


@mends.method(Api)
def tag_resource(self: Api) -> str:
    """TagResource of a scalable target."""
    _target(self, self._get_param("ResourceARN")).tags.update(self._get_param("Tags"))
    return "{}"


@mends.method(Api)
def untag_resource(self: Api) -> str:
    """UntagResource of a scalable target."""
    tags = _target(self, self._get_param("ResourceARN")).tags
    for key in self._get_param("TagKeys"):
        tags.pop(key, None)
    return "{}"


def _target(api: Api, arn: str) -> Any:
    """Return the target of an ARN; typed loosely, since its tags are ours."""
    targets: list[FakeScalableTarget] = [
        target for named in api.applicationautoscaling_backend.targets.values() for target in named.values()
    ]
    for target in targets:
        if target.arn == arn:
            return target
    raise AWSValidationException(f"No scalable target found for ARN: {arn}")


@resource_type("AWS::ApplicationAutoScaling::ScalableTarget")
class ScalableTargetType(ResourceType):
    """The range of something that scales; `Ref` gives its three names with bars between them."""

    replaced_by = frozenset({"ResourceId", "ScalableDimension", "ServiceNamespace"})

    def create(self, place: Place, properties: Properties) -> Made:
        """Register the range."""
        scaling = client(SERVICE, place.region)
        arn = scaling.register_scalable_target(**arguments(scaling, "RegisterScalableTarget", properties))
        name = "|".join(properties[part] for part in ("ResourceId", "ScalableDimension", "ServiceNamespace"))
        return Made(name, {"Id": name, "Arn": arn["ScalableTargetARN"]})

    def update(self, place: Place, made: Made, old: Properties, new: Properties) -> Made:
        """Register the new range, and change the tags."""
        updated = self.create(place, {**new, "Tags": []})
        scaling = client(SERVICE, place.region)
        tags, removed = tag_changes(old.get("Tags", []), new.get("Tags", []))
        if removed:
            scaling.untag_resource(ResourceARN=made.attribute("Arn"), TagKeys=removed)
        if tags:
            scaling.tag_resource(ResourceARN=made.attribute("Arn"), Tags=tags)
        return updated

    def delete(self, place: Place, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Deregister it; what it scaled stays as it is."""
        scaling = client(SERVICE, place.region)
        scaling.deregister_scalable_target(**arguments(scaling, "DeregisterScalableTarget", properties))


@resource_type("AWS::ApplicationAutoScaling::ScalingPolicy")
class ScalingPolicyType(ResourceType):
    """A rule by which something scales; `Ref` gives its ARN."""

    replaced_by = frozenset({"PolicyName", "ResourceId", "ScalableDimension", "ScalingTargetId", "ServiceNamespace"})

    def create(self, place: Place, properties: Properties) -> Made:
        """Put the policy on its target, which is named whole or by parts."""
        scaling = client(SERVICE, place.region)
        given = arguments(scaling, "PutScalingPolicy", _with_target(properties))
        arn = scaling.put_scaling_policy(**given)["PolicyARN"]
        return Made(arn, {"Arn": arn, "PolicyName": properties["PolicyName"]})

    def update(self, place: Place, made: Made, old: Properties, new: Properties) -> Made:  # noqa: ARG002
        """Put it again."""
        return self.create(place, new)

    def delete(self, place: Place, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Delete it with its alarms."""
        scaling = client(SERVICE, place.region)
        scaling.delete_scaling_policy(**arguments(scaling, "DeleteScalingPolicy", _with_target(properties)))


def _with_target(properties: Properties) -> Properties:
    if "ScalingTargetId" not in properties:
        return properties
    names = ("ResourceId", "ScalableDimension", "ServiceNamespace")
    return {**properties, **dict(zip(names, properties["ScalingTargetId"].split("|"), strict=True))}
