"""Applications of others on the cluster: who they are to Kafka, and what they may do there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import StrictStr

from environments.rules.bounds import Shape
from environments.rules.findings import Finding
from environments.section import Section

LONGEST_NAME = 249
"""Of names in Kafka, as of its topics."""

UserName = Annotated[
    str,
    Shape(
        # Names without the quotes and wildcards that ACLs and distinguished names (RFC 4514) would take apart.
        r"^[A-Za-z0-9][A-Za-z0-9 ._@=,/+-]*$",
        "is no name of a user",
        "write the name alone, as in billing, or the subject of a certificate, as in CN=billing,O=Example; no User:",
        longest=LONGEST_NAME,
    ),
]
"""A user as brokers know him, without ``User:`` before it."""

Pattern = Annotated[
    str,
    Shape(
        r"^[A-Za-z0-9][A-Za-z0-9._-]*[*]?$",
        "is neither a name nor the beginning of one with * behind it",
        "write it as in billing, or as in billing-* for all that begin so",
        longest=LONGEST_NAME,
    ),
]
"""A name on the cluster, or all names that begin with what stands before ``*``."""


class Application(Section):
    """What one application may do on the cluster; ``streamops acl sync`` and ``user sync`` see to it."""

    user: UserName | None = None
    """Who it is to Kafka: the name of its SCRAM user, or with certificates their subject (on EC2 the common name);
    without it, the name of the application."""
    reads: tuple[StrictStr, ...] = ()
    """Topics that it reads, by short name."""
    writes: tuple[StrictStr, ...] = ()
    """Topics that it writes, by short name."""
    groups: tuple[Pattern, ...] = ()
    """Consumer groups that it reads in, by name or as in ``billing-*``; without it, the group called as it is."""
    transactional_ids: tuple[Pattern, ...] = ()
    """Transactional ids that it writes with, by name or as in ``billing-*``."""

    def rules(self) -> Iterable[Finding]:
        """Nothing stands there that has no use."""
        if not self.reads and not self.writes:
            yield Finding("reads and writes nothing", "name topics under reads or writes")
        if self.groups and not self.reads:
            yield Finding("are of use to applications that read", "remove it, or name topics under reads", ("groups",))
        if self.transactional_ids and not self.writes:
            yield Finding(
                "are of use to applications that write",
                "remove it, or name topics under writes",
                ("transactional_ids",),
            )
