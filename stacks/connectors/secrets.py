"""Secrets that ECS hands to a connector in environment variables when it starts the task.

A secret is read by the execution role and never by the connector, which finds it in the variable that
its configuration names. ECS reads it once a start: a secret that changed reaches tasks that are started anew.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specifying-sensitive-data.html
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from environments import Environment
from stacks.secret_arns import as_iam_compares, is_complete, secret_arn
from stacks.security.users import service_domain

_PARAMETER = "ssm:"


@dataclass(frozen=True, kw_only=True)
class InjectedSecret:
    """One environment variable, and where its value lies."""

    variable: str
    reference: str
    """``ssm:/path`` of a parameter, or ``secret:NAME`` or ``secret:ARN`` of a secret."""
    field: str | None = None
    """Key of the JSON that the secret holds; None for all of its text."""
    key: str | None = None
    """ARN of the KMS key that encrypts it, where that is not the service's own."""

    def to_ecs(self, scope: Construct, environment: Environment) -> ecs.Secret:
        """Return it as task definitions take it.

        A secret that is known by its name alone is asked for by an ARN without the six characters at its
        end, which Secrets Manager completes.
        """
        if self.reference.startswith(_PARAMETER):
            parameter = ssm.StringParameter.from_string_parameter_arn(
                scope, self.variable, self._parameter_arn(environment)
            )
            return ecs.Secret.from_ssm_parameter(parameter)
        arn = secret_arn(environment, self.reference)
        import_by = (
            secretsmanager.Secret.from_secret_complete_arn
            if is_complete(arn)
            else secretsmanager.Secret.from_secret_partial_arn
        )
        return ecs.Secret.from_secrets_manager(import_by(scope, self.variable, arn), self.field)

    def statements(self, environment: Environment) -> Iterator[iam.PolicyStatement]:
        """Yield what reading it takes."""
        if self.reference.startswith(_PARAMETER):
            service = "ssm"
            yield iam.PolicyStatement(actions=["ssm:GetParameters"], resources=[self._parameter_arn(environment)])
        else:
            service = "secretsmanager"
            whole = as_iam_compares(secret_arn(environment, self.reference))
            yield iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[whole])
        if self.key is not None:
            yield iam.PolicyStatement(
                actions=["kms:Decrypt"],
                resources=[self.key],
                conditions={
                    "StringEquals": {"kms:ViaService": f"{service}.{environment.region}.{service_domain(environment)}"}
                },
            )

    def _parameter_arn(self, environment: Environment) -> str:
        path = self.reference.removeprefix(_PARAMETER)
        return f"arn:{environment.partition}:ssm:{environment.region}:{environment.account}:parameter{path}"


def read_secrets(environment: Environment, secrets: Iterable[InjectedSecret]) -> list[iam.PolicyStatement]:
    """Return the statements of an execution role that reads `secrets`, each once."""
    found = {str(each.to_json()): each for secret in secrets for each in secret.statements(environment)}
    return list(found.values())
