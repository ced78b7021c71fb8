"""Security groups and their rules, with the descriptions, which moto's CloudFormation drops."""

from __future__ import annotations

from typing import Any

from sandbox.aws.api import client
from sandbox.aws.cloudformation.resources import Made, Place, Properties, ResourceType, resource_type
from sandbox.aws.ec2 import Ec2Type, only

EVERYTHING_OUT = {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}
INGRESS, EGRESS = "SecurityGroupIngress", "SecurityGroupEgress"


def permission(rule: Properties) -> Properties:
    """Return a template's rule as the API's permission."""
    described = only(rule, "Description")
    found: Properties = {"IpProtocol": str(rule["IpProtocol"])}
    found.update({name: int(rule[name]) for name in ("FromPort", "ToPort") if name in rule})
    if "CidrIp" in rule:
        found["IpRanges"] = [{"CidrIp": rule["CidrIp"], **described}]
    if "CidrIpv6" in rule:
        found["Ipv6Ranges"] = [{"CidrIpv6": rule["CidrIpv6"], **described}]
    for side in ("Source", "Destination"):
        if f"{side}SecurityGroupId" in rule:
            found["UserIdGroupPairs"] = [{"GroupId": rule[f"{side}SecurityGroupId"], **described}]
        if f"{side}PrefixListId" in rule:
            found["PrefixListIds"] = [{"PrefixListId": rule[f"{side}PrefixListId"], **described}]
    return found


def _allow(ec2: Any, group: str, side: str, rules: list[Properties]) -> None:
    call = ec2.authorize_security_group_ingress if side == INGRESS else ec2.authorize_security_group_egress
    if rules:
        call(GroupId=group, IpPermissions=[permission(rule) for rule in rules])


def _forbid(ec2: Any, group: str, side: str, rules: list[Properties]) -> None:
    call = ec2.revoke_security_group_ingress if side == INGRESS else ec2.revoke_security_group_egress
    if rules:
        call(GroupId=group, IpPermissions=[permission(rule) for rule in rules])


@resource_type("AWS::EC2::SecurityGroup")
class SecurityGroupType(Ec2Type):
    """A security group with the rules that stand in it; EC2 lets everything out until it is told otherwise."""

    in_place = frozenset({INGRESS, EGRESS})

    def make(self, ec2: Any, place: Place, properties: Properties) -> Made:
        """Create the group, then its rules."""
        given = only(properties, "GroupName", "VpcId")
        group = ec2.create_security_group(
            **{"GroupName": place.name(), **given, "Description": properties["GroupDescription"]}
        )["GroupId"]
        made = Made(group, {"GroupId": group, "Id": group, **only(properties, "VpcId")})
        self.change(ec2, made, {}, properties)
        return made

    def change(self, ec2: Any, made: Made, old: Properties, new: Properties) -> None:
        """Forbid what is allowed no longer, then allow what is new."""
        for side, default in ((INGRESS, []), (EGRESS, [EVERYTHING_OUT])):
            before, after = old.get(side, default), new.get(side, default)
            _forbid(ec2, made.physical_id, side, [rule for rule in before if rule not in after])
            _allow(ec2, made.physical_id, side, [rule for rule in after if rule not in before])

    def remove(self, ec2: Any, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Delete the group."""
        ec2.delete_security_group(GroupId=made.physical_id)


class RuleType(ResourceType):
    """A rule that stands outside its group, so that two groups can name each other; a change replaces it."""

    side = INGRESS

    def create(self, place: Place, properties: Properties) -> Made:
        """Allow it."""
        _allow(client("ec2", place.region), properties["GroupId"], self.side, [properties])
        return Made(place.name(), {"Id": place.logical_id})

    def delete(self, place: Place, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Forbid it."""
        _forbid(client("ec2", place.region), properties["GroupId"], self.side, [properties])


@resource_type("AWS::EC2::SecurityGroupIngress")
class IngressType(RuleType):
    """What may come in."""


@resource_type("AWS::EC2::SecurityGroupEgress")
class EgressType(RuleType):
    """What may go out."""

    side = EGRESS
