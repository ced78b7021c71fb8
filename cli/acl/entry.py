"""One ACL of Kafka, and what it means beside others. No I/O.

The meaning is that of Kafka's own authorizers: https://kafka.apache.org/documentation/#security_authz, with patterns
as in KIP-290.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ALLOW, DENY = "allow", "deny"
LITERAL, PREFIXED = "literal", "prefixed"
ANY = "*"
"""As a host, as the literal name of a resource, and behind the type of a principal: every one."""

IMPLIES = {
    "describe": {"read", "write", "delete", "alter"},
    "describe-configs": {"alter-configs"},
}
"""By which other operations something is allowed too; to forbid them forbids nothing else."""


@dataclass(frozen=True, order=True)
class Acl:
    """One ACL; types and operations in Kafka's words, small and with dashes."""

    principal: str
    """Such as ``User:billing``."""
    type: str
    """``topic``, ``group``, ``transactional-id``, ``cluster``, …"""
    name: str
    operation: str
    pattern: str = LITERAL
    permission: str = ALLOW
    host: str = ANY

    @property
    def resource(self) -> str:
        """Such as ``topic/orders``; one that stands for all names that begin so has ``*`` behind it."""
        return f"{self.type}/{self.name}{ANY if self.pattern == PREFIXED else ''}"

    @property
    def told(self) -> str:
        """What it says, without the principal."""
        where = "" if self.host == ANY else f" from {self.host}"
        return f"{'' if self.permission == ALLOW else 'not '}{self.operation} {self.resource}{where}"

    def covers(self, other: Acl) -> bool:
        """Whether all that ``other`` allows is allowed by this one."""
        operation = self.operation in ("all", other.operation) or self.operation in IMPLIES.get(other.operation, ())
        return (
            self.permission == other.permission == ALLOW
            and operation
            and self._concerns(other)
            and self.host in (ANY, other.host)
            and self._holds(other)
        )

    def forbids(self, other: Acl) -> bool:
        """Whether this one takes away something that ``other`` allows: what is denied goes before what is allowed."""
        return (
            self.permission == DENY
            and other.permission == ALLOW
            and self.operation in ("all", other.operation)
            and self._concerns(other)
            and (self._holds(other) or (other.pattern == PREFIXED and self.name.startswith(other.name)))
        )

    def concerns_resource(self, other: Acl) -> bool:
        """Whether both are about some resource of the same name."""
        return self.type == other.type and (self._holds(other) or other._holds(self))

    def _concerns(self, other: Acl) -> bool:
        everyone = f"{other.principal.partition(':')[0]}:{ANY}"
        return self.type == other.type and self.principal in (other.principal, everyone)

    def _holds(self, other: Acl) -> bool:
        """Whether every resource of ``other`` is one of this."""
        if self.pattern == PREFIXED:
            return other.name.startswith(self.name)
        return self.name == ANY or (other.pattern == LITERAL and self.name == other.name)

    def as_details(self) -> dict[str, str]:
        """The details of the operation that creates or deletes it, beside its resource; what is usual is left out."""
        told = {"principal": self.principal, "permission": self.permission, "operation": self.operation}
        if self.pattern != LITERAL:
            told["pattern"] = self.pattern
        return told if self.host == ANY else told | {"host": self.host}

    @classmethod
    def of(cls, resource: str, details: Mapping[str, Any]) -> Acl:
        """The inverse of ``resource`` and ``as_details``."""
        kind, _, name = resource.partition("/")
        pattern = details.get("pattern", LITERAL)
        return cls(
            principal=details["principal"],
            type=kind,
            name=name.removesuffix(ANY) if pattern == PREFIXED else name,
            operation=details["operation"],
            pattern=pattern,
            permission=details["permission"],
            host=details.get("host", ANY),
        )
