"""ARNs of secrets in Secrets Manager that an environment file refers to."""

import re

from environments import Environment

SECRET = "secret:"  # noqa: S105  the beginning of a reference, not a secret
_COMPLETE = re.compile(r"arn:.*-[A-Za-z0-9]{6}")


def secret_arn(environment: Environment, reference: str) -> str:
    """Return the ARN of `secret:NAME` or `secret:ARN`; by its name alone it lacks the six characters at its end."""
    name = reference.removeprefix(SECRET)
    if name.startswith("arn:"):
        return name
    return f"arn:{environment.partition}:secretsmanager:{environment.region}:{environment.account}:secret:{name}"


def is_complete(arn: str) -> bool:
    """Whether an ARN has the six characters that Secrets Manager puts at its end."""
    return _COMPLETE.fullmatch(arn) is not None


def as_iam_compares(arn: str) -> str:
    """Return what stands in a policy for a secret.

    The end of an ARN is not known beforehand; six question marks match no other secret's name.
    https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html
    """
    return arn if is_complete(arn) else f"{arn}-??????"
