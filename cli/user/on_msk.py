"""SCRAM users of a cluster on MSK: secrets that are associated with it, which MSK reads by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from cli.aws import Aws
from cli.errors import CliError
from cli.kafka_secrets import dereference
from cli.user.declared import DeclaredUser
from cli.user.passwords import Passwords
from environments import Environment, naming

ENTER, REMOVE = "associate-secret", "disassociate-secret"


class UsersOnMsk:
    """The associations of one cluster; a user is known by the ARN of his secret."""

    enter_kind, remove_kind = ENTER, REMOVE

    def __init__(self, environment: Environment) -> None:
        self._passwords = Passwords(environment)
        self.identity = dereference(environment, naming.bootstrap_reference(environment.name)).removeprefix("msk:")
        """The cluster's ARN."""
        self._msk = Aws(environment).kafka(environment.region)

    @classmethod
    @contextmanager
    def open(cls, environment: Environment) -> Iterator[UsersOnMsk]:
        """Find the cluster."""
        yield cls(environment)

    def entered(self) -> dict[str, str]:
        """The ARNs of all secrets that are associated."""
        pages = self._msk.get_paginator("list_scram_secrets").paginate(ClusterArn=self.identity)
        return {arn: "associated" for page in pages for arn in page.get("SecretArnList", ())}

    def own(self) -> set[str]:
        """Nobody: what the command line needs is declared."""
        return set()

    def has(self, user: DeclaredUser, name: str, entered: dict[str, str]) -> bool:
        """Whether the secret of a user is associated."""
        del name
        return self._passwords.arn(user) in entered

    def knows(self, name: str, password: str) -> bool:
        """MSK reads secrets anew by itself, within 10 minutes."""
        del name, password
        return True

    def enter(self, user: DeclaredUser, name: str, password: str) -> None:
        """Associate the secret of a user; MSK gives itself leave to read it, by a policy of the secret."""
        del name, password
        told = self._msk.batch_associate_scram_secret(
            ClusterArn=self.identity, SecretArnList=[self._passwords.arn(user)]
        )
        self._check(told)

    def remove(self, name: str) -> None:
        """Take a secret out of the cluster's list; the secret itself stays."""
        self._check(self._msk.batch_disassociate_scram_secret(ClusterArn=self.identity, SecretArnList=[name]))

    def await_password(self, name: str, password: str) -> bool:
        """Nothing to see from outside."""
        del name, password
        return True

    def await_removal(self, names: Sequence[str]) -> list[str]:
        """Who is still there."""
        return [name for name in names if name in self.entered()]

    def _check(self, told: dict[str, list[dict[str, str]]]) -> None:
        for refused in told.get("UnprocessedScramSecrets", ()):
            reason = f"{refused.get('ErrorCode')}: {refused.get('ErrorMessage')}"
            raise CliError(f"MSK refuses secret {refused.get('SecretArn')}: {reason}")
