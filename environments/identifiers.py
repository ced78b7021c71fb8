"""The shapes of names and addresses that more than one section uses."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated

from pydantic import AfterValidator

from environments.rules.bounds import Shape
from environments.rules.findings import refuse

SHORT_NAME = Shape(
    r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
    "is not a short name",
    "use small letters, digits and single dashes, beginning with a letter, as in orders-eu",
)
"""Short names are used in names of ECS services, task families, log groups and SSM parameters; all take this shape."""

LONGEST_SHORT_NAME = 43
LONGEST_ENVIRONMENT_NAME = 20
"""Both with a dash between them fill 64 characters: the shortest limit of a name made of them (Firehose)."""

ShortName = Annotated[str, replace(SHORT_NAME, longest=LONGEST_SHORT_NAME)]
"""A name inside the file, by which topics, streams, deliveries and routes are known."""

EnvironmentName = Annotated[str, replace(SHORT_NAME, longest=LONGEST_ENVIRONMENT_NAME)]
"""Name of an environment, which is the name of its file."""

AccountId = Annotated[
    str,
    Shape(r"^[0-9]{12}$", "is not an AWS account number", 'write its twelve digits in quotes, as in "111122223333"'),
]

Region = Annotated[
    str,
    Shape(
        r"^(af|ap|ca|cn|eu|il|me|mx|sa|us)(-[a-z]+)+-[0-9]$",
        "does not look like an AWS region",
        "write its code, as in eu-west-1 or us-gov-west-1",
    ),
]

BucketName = Annotated[
    str, Shape(r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", "is not a bucket name", "write the name, not the ARN")
]

KMS_KEY = r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+"
"""A KMS key by its own ARN, as policies have to name it."""


def region_of_arn(arn: str) -> str:
    """The region that an ARN names; empty where the service has none."""
    return arn.split(":")[3]


def account_of_arn(arn: str) -> str:
    """The account that an ARN names; ``aws`` for a managed policy of AWS."""
    return arn.split(":")[4]


SSM_PATH = r"ssm:(/[A-Za-z0-9_.-]+){1,15}"
"""An SSM parameter by its full path, at most 15 levels (AWS Systems Manager, PutParameter)."""

SECRET = r"secret:[A-Za-z0-9/_+=.@:-]+"  # noqa: S105  a pattern, not a secret
"""A Secrets Manager secret by its name or ARN."""

_LIKE_AN_ARN = re.compile(r"secret:(?!arn:).*-[A-Za-z0-9]{6}")


def _told_from_an_arn(reference: str) -> str:
    """A name with the end of an ARN would be looked up without that end.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen
    """
    if _LIKE_AN_ARN.fullmatch(reference):
        raise refuse(
            "is a name that ends as ARNs do, in a dash and six characters, so Secrets Manager would look for another",
            "write secret:ARN with the whole ARN of the secret",
        )
    return reference


SecretReference = Annotated[
    str,
    Shape(
        rf"^{SECRET}$",
        "is not a reference to a secret",
        "secrets never stand in this file: put it into Secrets Manager and write secret:NAME or secret:ARN",
        hidden=True,
    ),
    AfterValidator(_told_from_an_arn),
]

PemReference = Annotated[
    str,
    Shape(
        rf"^({SECRET}|{SSM_PATH})$",
        "is not a reference to a certificate",
        "write ssm:/path of the SSM parameter, or secret:NAME of the secret, that holds the PEM text",
        hidden=True,
    ),
    AfterValidator(_told_from_an_arn),
]
