"""What every stack of an environment has in common."""

import aws_cdk as cdk
from constructs import Construct

from environments import Environment
from environments.naming import stack_name


class EnvironmentStack(cdk.Stack):
    """A stack of one environment: its name, its tags, and its protection in production.

    A stateful stack is protected twice in production, and needs both keys to be turned before
    data can go: CloudFormation refuses to delete the stack (termination protection), and its
    resources are kept when they leave the template (see `removal_policy`).

    The templates carry no bootstrap version rule. `cdk deploy` makes the same check from the
    assembly's manifest, and the rule's SSM-typed parameter would be the only thing in the
    templates that CloudFormation has to look up.
    """

    def __init__(
        self,
        scope: Construct,
        short_name: str,
        environment: Environment,
        *,
        description: str,
        stateful: bool = False,
    ) -> None:
        super().__init__(
            scope,
            short_name,
            stack_name=stack_name(environment, short_name),
            description=description,
            tags=environment_tags(environment),
            termination_protection=stateful and environment.production,
            synthesizer=cdk.DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
        )


def environment_tags(environment: Environment) -> dict[str, str]:
    """Return the tags of every stack and resource of an environment."""
    return {**environment.tags, "streamops:environment": environment.name}


def removal_policy(environment: Environment) -> cdk.RemovalPolicy:
    """Return what happens to a resource with data when it leaves the template.

    Kept in production, except when its very first deployment is rolled back: it holds nothing
    then, and its fixed name would stand in the way of the next attempt.
    """
    if environment.production:
        return cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
    return cdk.RemovalPolicy.DESTROY
