"""Whether the rules of security groups let a task reach brokers. No I/O.

https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

EVERYWHERE = frozenset({"0.0.0.0/0", "::/0"})


class Way(Enum):
    """What rules say to a port."""

    OPEN = "open"
    CLOSED = "closed"
    UNSURE = "unsure"
    """They name ranges of addresses, and whose addresses lie in them is not known here."""


@dataclass(frozen=True)
class Rule:
    """One entry of a group's rules, for one peer."""

    ports: tuple[int, int] | None
    """The first and the last TCP port; None for all of them."""
    peer: str
    """Id of a group, a range of addresses, or a prefix list."""

    def covers(self, port: int) -> bool:
        """Whether it is about this port."""
        return self.ports is None or self.ports[0] <= port <= self.ports[1]


def rules(permissions: Iterable[Mapping[str, Any]]) -> Iterator[Rule]:
    """The rules about TCP in ``IpPermissions`` or ``IpPermissionsEgress`` of a group."""
    for permission in permissions:
        protocol = permission.get("IpProtocol")
        if protocol not in ("-1", "tcp", "6"):
            continue
        ports = (int(permission["FromPort"]), int(permission["ToPort"])) if protocol != "-1" else None
        for pair in permission.get("UserIdGroupPairs") or ():
            yield Rule(ports, pair["GroupId"])
        for member, key in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6"), ("PrefixListIds", "PrefixListId")):
            for entry in permission.get(member) or ():
                yield Rule(ports, entry[key])


def way(given: Iterable[Rule], port: int, peers: Collection[str]) -> Way:
    """Whether rules open a port to one of ``peers``, which are groups."""
    found = Way.CLOSED
    for rule in given:
        if not rule.covers(port):
            continue
        if rule.peer in EVERYWHERE or rule.peer in peers:
            return Way.OPEN
        if not rule.peer.startswith("sg-"):
            found = Way.UNSURE
    return found
