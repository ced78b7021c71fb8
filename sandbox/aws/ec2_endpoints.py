"""Endpoints of AWS services in a VPC, and flow logs."""

from __future__ import annotations

import json
from typing import Any

from sandbox.aws.cloudformation.resources import Made, Place, Properties, resource_type
from sandbox.aws.ec2 import Ec2Type, only


@resource_type("AWS::EC2::VPCEndpoint")
class EndpointType(Ec2Type):
    """A gateway or interface endpoint."""

    lists = ("RouteTableIds", "SubnetIds", "SecurityGroupIds")
    in_place = frozenset({*lists, "PolicyDocument", "PrivateDnsEnabled"})

    def make(self, ec2: Any, place: Place, properties: Properties) -> Made:  # noqa: ARG002
        """Create the endpoint."""
        given = only(properties, "VpcId", "ServiceName", "VpcEndpointType", "PrivateDnsEnabled", *self.lists)
        if "PolicyDocument" in properties:
            given["PolicyDocument"] = json.dumps(properties["PolicyDocument"])
        found = ec2.create_vpc_endpoint(**given)["VpcEndpoint"]
        entries = [f"{one.get('HostedZoneId', '')}:{one['DnsName']}" for one in found.get("DnsEntries", [])]
        return Made(
            found["VpcEndpointId"],
            {
                "Id": found["VpcEndpointId"],
                "CreationTimestamp": str(found["CreationTimestamp"]),
                "DnsEntries": entries,
                "NetworkInterfaceIds": found.get("NetworkInterfaceIds", []),
            },
        )

    def change(self, ec2: Any, made: Made, old: Properties, new: Properties) -> None:
        """Change the policy, and add and remove what the endpoint is reached through."""
        given: Properties = only(new, "PrivateDnsEnabled")
        if "PolicyDocument" in new:
            given["PolicyDocument"] = json.dumps(new["PolicyDocument"])
        for name in self.lists:
            before, after = set(old.get(name, [])), set(new.get(name, []))
            if after - before:
                given[f"Add{name}"] = sorted(after - before)
            if before - after:
                given[f"Remove{name}"] = sorted(before - after)
        if given:
            ec2.modify_vpc_endpoint(VpcEndpointId=made.physical_id, **given)

    def remove(self, ec2: Any, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Delete the endpoint."""
        ec2.delete_vpc_endpoints(VpcEndpointIds=[made.physical_id])


@resource_type("AWS::EC2::FlowLog")
class FlowLogType(Ec2Type):
    """The flow log of a VPC, a subnet or an interface."""

    given = (
        "ResourceType",
        "TrafficType",
        "LogGroupName",
        "LogDestination",
        "LogDestinationType",
        "LogFormat",
        "DeliverLogsPermissionArn",
    )

    def make(self, ec2: Any, place: Place, properties: Properties) -> Made:  # noqa: ARG002
        """Create the flow log."""
        answer = ec2.create_flow_logs(
            ResourceIds=[properties["ResourceId"]],
            MaxAggregationInterval=int(properties.get("MaxAggregationInterval", 600)),
            **only(properties, *self.given),
        )
        if answer.get("Unsuccessful"):
            raise ValueError(answer["Unsuccessful"][0]["Error"]["Message"])
        return Made(answer["FlowLogIds"][0], {"Id": answer["FlowLogIds"][0]})

    def remove(self, ec2: Any, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Delete the flow log."""
        ec2.delete_flow_logs(FlowLogIds=[made.physical_id])
