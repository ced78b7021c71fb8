"""Users and their passwords in Secrets Manager, which makes them: nobody types or sees one."""

from __future__ import annotations

import json

from cli.aws import Aws
from cli.errors import CliError
from cli.user.declared import DeclaredUser
from environments import Environment, naming
from environments.security import NEW_KEY

LENGTH = 40
"""As of the secrets that ``cdk deploy`` makes."""


class Passwords:
    """The secrets of an environment's users."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._aws = Aws(environment)
        self._aws.check_account()

    def read(self, user: DeclaredUser) -> tuple[str, str] | None:
        """Name and password; None where there is no secret.

        Raises:
            CliError: it holds something else, or another user than the file tells.
        """
        missing = self._aws.secrets.exceptions.ResourceNotFoundException
        try:
            text = self._aws.secrets.get_secret_value(SecretId=user.secret).get("SecretString", "")
        except missing:
            return None
        try:
            held = json.loads(text)
            name, password = str(held["username"]), str(held["password"])
        except (ValueError, KeyError, TypeError) as error:
            raise CliError(
                f"secret {user.secret} of user {user.name} is not JSON with username and password",
                'store it as {"username": "…", "password": "…"}',
            ) from error
        if user.user not in (None, name):
            raise CliError(
                f"secret {user.secret} is of user {name}, and the environment tells {user.user}",
                "correct applications.NAME.user, or take the secret away",
            )
        return name, password

    def make(self, user: DeclaredUser) -> None:
        """Make the secret of a user with a new password."""
        given = {"KmsKeyId": self._key} if self._key else {}
        self._aws.secrets.create_secret(
            Name=user.secret,
            Description=f"User {user.user} on Kafka of {self._environment.name}",
            SecretString=self._new(user.user or user.name),
            Tags=[{"Key": "streamops:environment", "Value": self._environment.name}],
            **given,
        )

    def renew(self, user: DeclaredUser) -> None:
        """Put a new password into the secret of a user; the one before stays as its previous version."""
        held = self.read(user)
        name = held[0] if held else user.user or user.name
        self._aws.secrets.put_secret_value(SecretId=user.secret, SecretString=self._new(name))

    def arn(self, user: DeclaredUser) -> str | None:
        """The secret's own ARN; None where there is no secret."""
        try:
            return str(self._aws.secrets.describe_secret(SecretId=user.secret)["ARN"])
        except self._aws.secrets.exceptions.ResourceNotFoundException:
            return None

    @property
    def _key(self) -> str | None:
        """Of the environment's own, where it has one: MSK takes no secret that a key of AWS encrypts."""
        security = self._environment.security
        if not security.own_key:
            return None
        if security.key != NEW_KEY:
            return security.key
        # The alias itself will not do: https://docs.aws.amazon.com/msk/latest/developerguide/msk-password-tutorial.html
        return str(self._aws.kms.describe_key(KeyId=naming.key_alias(self._environment))["KeyMetadata"]["Arn"])

    def _new(self, user: str) -> str:
        made = self._aws.secrets.get_random_password(PasswordLength=LENGTH, ExcludePunctuation=True)
        return json.dumps({"username": user, "password": made["RandomPassword"]})
