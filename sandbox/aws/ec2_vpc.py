"""A VPC and its ways: subnets, route tables, routes, internet and NAT gateways, addresses."""

from __future__ import annotations

from typing import Any

from sandbox.aws.cloudformation.resources import Made, Place, Properties, resource_type
from sandbox.aws.ec2 import Ec2Type, only


@resource_type("AWS::EC2::VPC")
class VpcType(Ec2Type):
    """A VPC, with the security group, the network ACL and the main route table that come with it."""

    in_place = frozenset({"EnableDnsHostnames", "EnableDnsSupport"})

    def make(self, ec2: Any, place: Place, properties: Properties) -> Made:  # noqa: ARG002
        """Create the VPC, then set how it resolves names."""
        found = ec2.create_vpc(**only(properties, "CidrBlock", "InstanceTenancy"))["Vpc"]
        vpc = found["VpcId"]
        own = [{"Name": "vpc-id", "Values": [vpc]}]
        groups = ec2.describe_security_groups(Filters=own)["SecurityGroups"]
        acls = ec2.describe_network_acls(Filters=own)["NetworkAcls"]
        made = Made(
            vpc,
            {
                "VpcId": vpc,
                "CidrBlock": found["CidrBlock"],
                "CidrBlockAssociations": [one["AssociationId"] for one in found["CidrBlockAssociationSet"]],
                "DefaultSecurityGroup": next(one["GroupId"] for one in groups if one["GroupName"] == "default"),
                "DefaultNetworkAcl": acls[0]["NetworkAclId"],
                "Ipv6CidrBlocks": [],
            },
        )
        self.change(ec2, made, {}, properties)
        return made

    def change(self, ec2: Any, made: Made, old: Properties, new: Properties) -> None:
        """Set DNS support and host names; one attribute a call."""
        for name, default in (("EnableDnsSupport", True), ("EnableDnsHostnames", False)):
            if old.get(name, default) != new.get(name, default):
                ec2.modify_vpc_attribute(VpcId=made.physical_id, **{name: {"Value": new.get(name, default)}})

    def remove(self, ec2: Any, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Delete the VPC."""
        ec2.delete_vpc(VpcId=made.physical_id)


@resource_type("AWS::EC2::Subnet")
class SubnetType(Ec2Type):
    """A subnet."""

    in_place = frozenset({"MapPublicIpOnLaunch"})

    def make(self, ec2: Any, place: Place, properties: Properties) -> Made:  # noqa: ARG002
        """Create the subnet, then set whether interfaces in it get public addresses."""
        found = ec2.create_subnet(**only(properties, "VpcId", "CidrBlock", "AvailabilityZone"))["Subnet"]
        names = ("SubnetId", "VpcId", "CidrBlock", "AvailabilityZone")
        made = Made(found["SubnetId"], {**only(found, *names), "Ipv6CidrBlocks": []})
        self.change(ec2, made, {}, properties)
        return made

    def change(self, ec2: Any, made: Made, old: Properties, new: Properties) -> None:
        """Set whether interfaces in it get public addresses."""
        wanted = new.get("MapPublicIpOnLaunch", False)
        if wanted != old.get("MapPublicIpOnLaunch", False):
            ec2.modify_subnet_attribute(SubnetId=made.physical_id, MapPublicIpOnLaunch={"Value": wanted})

    def remove(self, ec2: Any, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Delete the subnet."""
        ec2.delete_subnet(SubnetId=made.physical_id)


@resource_type("AWS::EC2::RouteTable")
class RouteTableType(Ec2Type):
    """A route table."""

    def make(self, ec2: Any, place: Place, properties: Properties) -> Made:  # noqa: ARG002
        """Create the table."""
        table = ec2.create_route_table(VpcId=properties["VpcId"])["RouteTable"]["RouteTableId"]
        return Made(table, {"RouteTableId": table})

    def remove(self, ec2: Any, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Delete the table."""
        ec2.delete_route_table(RouteTableId=made.physical_id)


@resource_type("AWS::EC2::SubnetRouteTableAssociation")
class SubnetRouteTableAssociationType(Ec2Type):
    """The table that a subnet uses."""

    def make(self, ec2: Any, place: Place, properties: Properties) -> Made:  # noqa: ARG002
        """Let the subnet use the table."""
        answer = ec2.associate_route_table(**only(properties, "SubnetId", "RouteTableId"))
        return Made(answer["AssociationId"], {"Id": answer["AssociationId"]})

    def remove(self, ec2: Any, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Give the subnet back to the main table."""
        ec2.disassociate_route_table(AssociationId=made.physical_id)


@resource_type("AWS::EC2::Route")
class RouteType(Ec2Type):
    """A route of a table."""

    targets = ("GatewayId", "NatGatewayId", "VpcEndpointId", "TransitGatewayId", "VpcPeeringConnectionId")
    in_place = frozenset(targets)

    def make(self, ec2: Any, place: Place, properties: Properties) -> Made:  # noqa: ARG002
        """Add the route."""
        ec2.create_route(**properties)
        destination = self._destination(properties)["DestinationCidrBlock"]
        return Made(f"{properties['RouteTableId']}|{destination}", {"CidrBlock": destination})

    def change(self, ec2: Any, made: Made, old: Properties, new: Properties) -> None:  # noqa: ARG002
        """Point the route elsewhere."""
        ec2.replace_route(**new)

    def remove(self, ec2: Any, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Delete the route."""
        ec2.delete_route(RouteTableId=properties["RouteTableId"], **self._destination(properties))

    def _destination(self, properties: Properties) -> Properties:
        return only(properties, "DestinationCidrBlock")


@resource_type("AWS::EC2::InternetGateway")
class InternetGatewayType(Ec2Type):
    """An internet gateway."""

    def make(self, ec2: Any, place: Place, properties: Properties) -> Made:  # noqa: ARG002
        """Create the gateway."""
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        return Made(gateway, {"InternetGatewayId": gateway})

    def remove(self, ec2: Any, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Delete the gateway."""
        ec2.delete_internet_gateway(InternetGatewayId=made.physical_id)


@resource_type("AWS::EC2::VPCGatewayAttachment")
class GatewayAttachmentType(Ec2Type):
    """The attachment of an internet gateway to a VPC."""

    def make(self, ec2: Any, place: Place, properties: Properties) -> Made:  # noqa: ARG002
        """Attach the gateway."""
        ec2.attach_internet_gateway(**only(properties, "InternetGatewayId", "VpcId"))
        return Made(f"IGW|{properties['VpcId']}", {"AttachmentType": "IGW"})

    def remove(self, ec2: Any, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Detach the gateway."""
        ec2.detach_internet_gateway(**only(properties, "InternetGatewayId", "VpcId"))


@resource_type("AWS::EC2::EIP")
class AddressType(Ec2Type):
    """An elastic IP address; `Ref` gives the address."""

    def make(self, ec2: Any, place: Place, properties: Properties) -> Made:  # noqa: ARG002
        """Allocate an address."""
        found = ec2.allocate_address(Domain=properties.get("Domain", "vpc"))
        return Made(found["PublicIp"], only(found, "PublicIp", "AllocationId"))

    def tagged(self, made: Made) -> str:
        """Return the allocation's id: addresses have no tags."""
        return str(made.attribute("AllocationId"))

    def remove(self, ec2: Any, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Release the address."""
        ec2.release_address(AllocationId=made.attribute("AllocationId"))


@resource_type("AWS::EC2::NatGateway")
class NatGatewayType(Ec2Type):
    """A NAT gateway."""

    def make(self, ec2: Any, place: Place, properties: Properties) -> Made:  # noqa: ARG002
        """Create the gateway."""
        given = only(properties, "SubnetId", "AllocationId", "ConnectivityType")
        gateway = ec2.create_nat_gateway(**given)["NatGateway"]["NatGatewayId"]
        return Made(gateway, {"NatGatewayId": gateway})

    def remove(self, ec2: Any, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Delete the gateway."""
        ec2.delete_nat_gateway(NatGatewayId=made.physical_id)
