"""The network an environment lives in: a VPC of its own, or one that exists already."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, StrictBool, Tag

from environments.section import Section


class NewNetwork(Section):
    """A VPC that streamops makes: one private subnet in each zone, VPC endpoints, and a flow log."""

    cidr: str = "10.0.0.0/16"
    """Addresses of the VPC, /16 to /24."""
    zones: tuple[str, ...]
    """Availability zones, all in the environment's region."""
    nat: StrictBool = False
    """Whether private subnets reach the internet through NAT gateways (an external Kafka on the internet needs it)."""


class GivenNetwork(Section):
    """A VPC that exists already; streamops only puts things into it."""

    vpc_id: str
    """Id of the VPC, such as vpc-0123456789abcdef0."""
    zones: tuple[str, ...]
    """Availability zones of the private subnets, in the same order."""
    private_subnets: tuple[str, ...]
    """Ids of the private subnets, one for each zone, in the same order."""
    security_groups: tuple[str, ...] = ()
    """Ids of security groups that connectors get in addition to their own (such as one that Kafka lets in)."""


def _network_kind(value: Any) -> str:
    """A given network is told by any key that only it has; everything else is meant to be new."""
    if isinstance(value, GivenNetwork):
        return "given"
    given = {"vpc_id", "private_subnets", "security_groups"}
    return "given" if isinstance(value, dict) and given & value.keys() else "new"


Network = Annotated[
    Annotated[NewNetwork, Tag("new")] | Annotated[GivenNetwork, Tag("given")],
    Discriminator(_network_kind),
]
