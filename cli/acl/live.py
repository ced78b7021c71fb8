"""The ACLs of a cluster: reading, creating and deleting them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)
from kafka.errors import SecurityDisabledError

from cli.acl.entry import Acl
from cli.cluster import Cluster, retrying
from cli.errors import CliError

PER_REQUEST = 500
EVERYONE = "allow.everyone.if.no.acl.found"
"""The broker's setting by which a resource that no ACL concerns is open to all."""


def read_acls(cluster: Cluster) -> list[Acl]:
    """All ACLs of the cluster.

    Raises:
        CliError: the cluster has no authorizer.
    """
    everything = ACLFilter(
        None,
        None,
        ACLOperation.ANY,
        ACLPermissionType.ANY,
        ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY),
    )
    try:
        found, _ = retrying(lambda: cluster.admin.describe_acls(everything))
    except SecurityDisabledError as error:
        raise CliError(
            "the cluster has no authorizer: everybody may do everything, and it keeps no ACLs",
            "set authorizer.class.name of its brokers to org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        ) from error
    return sorted(_from_kafka(acl) for acl in found)


def open_to_everyone(cluster: Cluster) -> bool:
    """Whether resources without an ACL may be open to all.

    Brokers hide the value of a setting of their authorizer; that it is set at all means that it may be true, since
    false is the default.
    """
    brokers = [broker.id for broker in cluster.brokers() if not broker.fenced][:1]
    return any(
        EVERYONE in settings and settings[EVERYONE].value in (None, "true")
        for settings in cluster.broker_settings(brokers).values()
    )


def create_acls(cluster: Cluster, acls: Sequence[Acl]) -> None:
    """Create ACLs; one that is there already stays.

    Raises:
        KafkaError: one was refused; others may have been created.
    """
    for first in range(0, len(acls), PER_REQUEST):
        some = [_to_kafka(acl) for acl in acls[first : first + PER_REQUEST]]
        for error in cluster.admin.create_acls(some)["failed"]:
            raise error(f"an ACL was refused, of {acls[first].told} and {len(some) - 1} more")


def delete_acls(cluster: Cluster, acls: Sequence[Acl]) -> None:
    """Delete exactly these ACLs; one that is gone already is none of the matter.

    Raises:
        KafkaError: one was not deleted; others may have been.
    """
    for first in range(0, len(acls), PER_REQUEST):
        some = [_exactly(acl) for acl in acls[first : first + PER_REQUEST]]
        for _, _, error in cluster.admin.delete_acls(some):
            if error.errno:
                raise error("an ACL was not deleted")


def _from_kafka(acl: ACL) -> Acl:
    resource = acl.resource_pattern
    return Acl(
        principal=acl.principal,
        type=_word(resource.resource_type),
        name=resource.resource_name,
        operation=_word(acl.operation),
        pattern=_word(resource.pattern_type),
        permission=_word(acl.permission_type),
        host=acl.host,
    )


def _to_kafka(acl: Acl) -> ACL:
    return ACL(
        acl.principal,
        acl.host,
        ACLOperation[_constant(acl.operation)],
        ACLPermissionType[_constant(acl.permission)],
        ResourcePattern(ResourceType[_constant(acl.type)], acl.name, ACLResourcePatternType[_constant(acl.pattern)]),
    )


def _exactly(acl: Acl) -> ACLFilter:
    own = _to_kafka(acl)
    resource = own.resource_pattern
    return ACLFilter(
        own.principal,
        own.host,
        own.operation,
        own.permission_type,
        ResourcePatternFilter(resource.resource_type, resource.resource_name, resource.pattern_type),
    )


def _word(constant: IntEnum) -> str:
    return constant.name.lower().replace("_", "-")


def _constant(word: str) -> str:
    return word.upper().replace("-", "_")
