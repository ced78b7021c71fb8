"""The stack of the environment's own key."""

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from constructs import Construct

from environments import Environment
from stacks.environment_stack import EnvironmentStack
from stacks.security.key import environment_key


class SecurityStack(EnvironmentStack):
    """The key that encrypts what an environment keeps; in production it does not go by accident.

    Whoever loses the key loses the data: it has a stack to itself, before those of the data.
    """

    def __init__(self, scope: Construct, environment: Environment) -> None:
        super().__init__(
            scope,
            "security",
            environment,
            description=f"Encryption key of {environment.name}",
            stateful=True,
        )
        self.key = environment_key(self, environment)


def given_key(stage: cdk.Stage, arn: str) -> kms.IKey:
    """Return the key of an ARN, for all stacks of `stage`; nothing is made.

    The CDK wants every construct of AWS to stand in a stack, also one that is only named. This one
    is taken out of the stage again, so that no empty stack is deployed for it.
    """
    stack = cdk.Stack(stage, "security")
    key = kms.Key.from_key_arn(stack, "Key", arn)
    stage.node.try_remove_child("security")
    return key
