"""Keys and limits of everything that is made: whose key encrypts, and how far roles may ever reach."""

from __future__ import annotations

from typing import Annotated

from environments.identifiers import KMS_KEY
from environments.rules.bounds import Shape
from environments.section import Section

MANAGED_KEYS = "aws"
NEW_KEY = "create"

Key = Annotated[
    str,
    Shape(
        rf"^({MANAGED_KEYS}|{NEW_KEY}|{KMS_KEY})$",
        "is neither aws, nor create, nor the ARN of a KMS key",
        "write aws, create, or arn:aws:kms:REGION:ACCOUNT:key/ID (an alias will not do: roles name the key itself)",
    ),
]

PermissionsBoundary = Annotated[
    str,
    # Names and paths of IAM: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    Shape(
        r"^(arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/)?([!-.0-~]{1,63}/){0,8}[A-Za-z0-9_+=,.@-]{1,128}$",
        "is neither the name nor the ARN of a managed policy",
        "write the name, with its path if it has one, or arn:aws:iam::ACCOUNT:policy/NAME",
    ),
]


class Security(Section):
    """Whose keys encrypt, and what no role may exceed."""

    key: Key = MANAGED_KEYS
    """``aws`` (keys that AWS manages), ``create`` (one key of the environment's own) or the ARN of a given KMS key."""
    permissions_boundary: PermissionsBoundary | None = None
    """Managed policy that bounds every role of the environment, by name or ARN."""

    @property
    def own_key(self) -> bool:
        """Whether there is a customer-managed key, made or given."""
        return self.key != MANAGED_KEYS
