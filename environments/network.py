"""The network an environment lives in: a VPC of its own, or one that exists already."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Discriminator, StrictBool, Tag

from environments.rules.bounds import Shape
from environments.rules.findings import Finding, refusal, refuse
from environments.section import Section

MOST_ZONES = 6
"""No region has more availability zones."""


def _cidr(text: str) -> str:
    from ipaddress import IPv4Network

    try:
        network = IPv4Network(text, strict=False)
    except ValueError:
        raise refuse("is not an IPv4 network", "write it as in 10.0.0.0/16") from None
    if text != str(network):
        raise refuse("is not written as the network that it is", f"write {network}")
    # A VPC may be /28, but its subnets must hold an address for each task, broker and VPC endpoint in the zone.
    if not 16 <= network.prefixlen <= 24:  # noqa: PLR2004  the bounds that the refusal names
        raise refuse("is not between /16 (the AWS maximum) and /24 (room for every zone)", "use /16 to /24")
    return text


def _zones(zones: tuple[str, ...]) -> tuple[str, ...]:
    if not zones:
        raise refuse("names no availability zone", "name two or three, as in [eu-west-1a, eu-west-1b]")
    if len(zones) > MOST_ZONES:
        raise refuse(f"names {len(zones)} zones, more than any region has", f"name at most {MOST_ZONES}")
    return _once(zones)


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    twice = (place for place, name in enumerate(names) if name in names[:place])
    if found := [Finding("stands here already", "name it once", (place,), names[place]) for place in twice]:
        raise refusal(found)
    return names


Zone = Annotated[
    str,
    Shape(
        r"^[a-z]{2}(-[a-z]+)+-[0-9][a-z]$",
        "does not look like an availability zone",
        "write the region and a letter, as in eu-west-1a",
    ),
]
Zones = Annotated[tuple[Zone, ...], AfterValidator(_zones)]


class NewNetwork(Section):
    """A VPC that streamops makes: one private subnet in each zone, VPC endpoints, and a flow log."""

    cidr: Annotated[str, AfterValidator(_cidr)] = "10.0.0.0/16"
    """Addresses of the VPC, /16 to /24."""
    zones: Zones
    """Availability zones, all in the environment's region."""
    nat: StrictBool = False
    """Whether private subnets reach the internet through NAT gateways (Kafka on the internet needs it)."""


class GivenNetwork(Section):
    """A VPC that exists already; streamops only puts things into it."""

    absent: ClassVar[dict[str, str]] = {
        "cidr": "a given VPC has its addresses already",
        "nat": "a given VPC has its ways out already",
    }

    vpc_id: Annotated[str, Shape(r"^vpc-[0-9a-f]{8,17}$", "is not a VPC id", "write it as in vpc-0123456789abcdef0")]
    """Id of the VPC, such as vpc-0123456789abcdef0."""
    zones: Zones
    """Availability zones of the private subnets, in the same order."""
    private_subnets: Annotated[
        tuple[
            Annotated[
                str, Shape(r"^subnet-[0-9a-f]{8,17}$", "is not a subnet id", "write it as in subnet-0123456789abcdef0")
            ],
            ...,
        ],
        AfterValidator(_once),
    ]
    """Ids of the private subnets, one for each zone, in the same order."""
    security_groups: Annotated[
        tuple[
            Annotated[
                str, Shape(r"^sg-[0-9a-f]{8,17}$", "is not a security group id", "write it as in sg-0123456789abcdef0")
            ],
            ...,
        ],
        AfterValidator(_once),
    ] = ()
    """Ids of security groups that connectors get besides their own (such as one that Kafka lets in)."""

    def rules(self) -> Iterable[Finding]:
        """Zones and subnets go together by their order."""
        zones, subnets = len(self.zones), len(self.private_subnets)
        if zones != subnets:
            yield Finding(
                f"has {subnets} subnet{'s' if subnets != 1 else ''} for {zones} zone{'s' if zones != 1 else ''}",
                "give one subnet for each zone, in the same order",
                ("private_subnets",),
            )


def _network_kind(value: object) -> str:
    """A given network is told by any key that only it has; everything else is meant to be new."""
    if isinstance(value, GivenNetwork):
        return "given"
    given = {"vpc_id", "private_subnets", "security_groups"}
    return "given" if isinstance(value, dict) and given & value.keys() else "new"


Network = Annotated[
    Annotated[NewNetwork, Tag("new")] | Annotated[GivenNetwork, Tag("given")],
    Discriminator(_network_kind),
]
