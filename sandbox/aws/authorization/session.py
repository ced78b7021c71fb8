"""Whose session a call is made in, and the policies that bind it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from moto.iam.models import iam_backends
from moto.sts.models import AssumedRole, sts_backends
from moto.utilities.utils import get_partition

from sandbox.aws.authorization.policy import Document

TEMPORARY = "ASIA"
"""What the access keys of sessions begin with; those of users begin with AKIA."""


@dataclass(frozen=True)
class Session:
    """A role that somebody has assumed."""

    arn: str
    """Of the session, as refusals name it."""
    role: str
    """ARN of the role."""
    account: str
    token: str
    expires: datetime
    """In UTC, without a time zone, as moto keeps it."""
    layers: tuple[tuple[Document, ...], ...] | None
    """Sets of policies, each of which has to allow a call: those of the role, its permissions boundary, and what the
    session was narrowed to when it began. None for a session that may do everything."""


class UnknownSessionError(Exception):
    """A temporary access key that belongs to no session, of an earlier stand-in for instance."""


def session_of(access_key: str) -> Session | None:
    """Return the session of an access key as its role is now; None for a key that is no session's.

    Raises:
        UnknownSessionError: It should be a session's and is not.
    """
    if not access_key.startswith(TEMPORARY):
        return None
    for partitions in list(sts_backends.values()):
        for backend in list(partitions.values()):
            assumed = backend.get_assumed_role_from_access_key(access_key)
            if assumed is not None:
                return _session(assumed)
    raise UnknownSessionError


def _session(assumed: AssumedRole) -> Session:
    return Session(
        arn=assumed.arn,
        role=assumed.role_arn,
        account=assumed.account_id,
        token=assumed.session_token,
        expires=assumed.expiration,
        layers=_layers(assumed),
    )


def _layers(assumed: AssumedRole) -> tuple[tuple[Document, ...], ...] | None:
    backend = iam_backends[assumed.account_id][get_partition(assumed.region_name)]
    role: Any = next((role for role in backend.get_roles() if role.arn == assumed.role_arn), None)
    if role is None:
        return ((),)
    if _lets_the_account_in(role.assume_role_policy_document, assumed.account_id):
        return None
    layers = policies_of(role, backend)
    if assumed.policy:
        layers.append((_read(assumed.policy),))
    return tuple(layers)


def policies_of(role: Any, backend: Any) -> list[tuple[Document, ...]]:
    """Return what binds a role: its own policies, inline and attached, and those of its permissions boundary."""
    attached = map(_default_version, role.managed_policies.values())
    layers = [tuple(_read(document) for document in (*role.policies.values(), *attached))]
    if role.permissions_boundary_arn:
        boundary = backend.managed_policies.get(role.permissions_boundary_arn)
        layers.append((_read(_default_version(boundary)),) if boundary else ())
    return layers


def _default_version(policy: Any) -> Any:
    return next(version.document for version in policy.versions if version.is_default)


def _read(document: Any) -> Document:
    read: Document = document if isinstance(document, dict) else json.loads(unquote(document))
    statement = read["Statement"]
    return {**read, "Statement": statement if isinstance(statement, list) else [statement]}


def _lets_the_account_in(trust: Any, account: str) -> bool:
    for statement in _read(trust)["Statement"]:
        principal = statement.get("Principal", {})
        trusted = principal.get("AWS", []) if isinstance(principal, dict) else principal
        for one in trusted if isinstance(trusted, list) else [trusted]:
            if one == account or str(one).endswith(f":iam::{account}:root"):
                return True
    return False
