"""What Firehose is allowed for one part of a delivery, with the reason for each wildcard in it."""

from dataclasses import dataclass

from aws_cdk import aws_iam as iam


@dataclass(frozen=True, kw_only=True)
class Grant:
    """One statement of a delivery's role.

    `findings` are what cdk-nag's IAM5 says of its resources, without `Resource::`; `reason` is why
    they are wildcards all the same.
    """

    statement: iam.PolicyStatement
    findings: tuple[str, ...] = ()
    reason: str = ""


def grant(*actions: str, on: str | list[str], conditions: dict[str, dict[str, str]] | None = None) -> Grant:
    """Return the grant of some actions on resources that are named whole."""
    resources = [on] if isinstance(on, str) else on
    return Grant(
        statement=iam.PolicyStatement(actions=list(actions), resources=resources, conditions=conditions or None)
    )


def grant_wildcard(*actions: str, on: list[str], reason: str) -> Grant:
    """Return the grant of some actions on resources of whose names only parts are known, all of them literal."""
    return Grant(
        statement=iam.PolicyStatement(actions=list(actions), resources=on),
        findings=tuple(each for each in on if "*" in each),
        reason=reason,
    )
