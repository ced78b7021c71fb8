"""SCRAM users that the cluster itself keeps, salted (KIP-554): on machines of ours, and on external clusters."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from kafka.admin import UserScramCredentialDeletion, UserScramCredentialUpsertion

from cli import interruption
from cli.cluster import Cluster, open_cluster, retrying
from cli.errors import CliError
from cli.kafka import logs_in
from cli.kafka_login import security
from cli.user.declared import DeclaredUser, mechanism_of
from environments import Ec2Kafka, Environment, naming

ITERATIONS = 8192
"""As those that machines of ours set when they are made."""
PATIENCE_SECONDS = 10.0
"""How long a broker may take to see what the controller has noted."""

ENTER, REMOVE = "create-user", "delete-user"


class UsersOnCluster:
    """The users of one cluster."""

    enter_kind, remove_kind = ENTER, REMOVE

    def __init__(self, environment: Environment, cluster: Cluster) -> None:
        self._environment = environment
        self._cluster = cluster
        self._mechanism = mechanism_of(environment) or ""
        self.identity = cluster.cluster_id()
        """Which cluster it is."""

    @classmethod
    @contextmanager
    def open(cls, environment: Environment) -> Iterator[UsersOnCluster]:
        """Connect to the cluster."""
        with open_cluster(environment) as cluster:
            yield cls(environment, cluster)

    def entered(self) -> dict[str, str]:
        """All users with how each may log in."""
        told = retrying(self._cluster.admin.describe_user_scram_credentials)
        return {
            user: ", ".join(sorted(info["mechanism"].name.replace("_", "-") for info in entry["credential_infos"]))
            for user, entry in sorted(told.items())
            if entry["credential_infos"]
        }

    def own(self) -> set[str]:
        """Who is never deleted: whom the command line logs in as, and the administrator of machines of ours."""
        user = security(self._environment).get("sasl_plain_username")
        administrator = {naming.KAFKA_ADMIN} if isinstance(self._environment.kafka, Ec2Kafka) else set()
        return administrator | ({user} if user else set())

    def has(self, user: DeclaredUser, name: str, entered: dict[str, str]) -> bool:
        """Whether a user is there for the mechanism of the environment."""
        del user
        return self._mechanism in entered.get(name, "")

    def knows(self, name: str, password: str) -> bool:
        """Whether this is the password: the cluster tells it to nobody, so it is tried."""
        return logs_in(self._environment, name, password)

    def enter(self, user: DeclaredUser, name: str, password: str) -> None:
        """Set the password of a user, and make him where he is not there."""
        del user
        self._alter(name, UserScramCredentialUpsertion(name, self._mechanism, password, iterations=ITERATIONS))

    def remove(self, name: str) -> None:
        """Take the user away, with each mechanism that he has."""
        for mechanism in filter(None, self.entered().get(name, "").split(", ")):
            self._alter(name, UserScramCredentialDeletion(name, mechanism))

    def await_password(self, name: str, password: str) -> bool:
        """Wait until brokers take a password; whether they do."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.knows(name, password):
            if time.monotonic() > deadline:
                return False
            interruption.pause(0.2)
        return True

    def await_removal(self, names: Sequence[str]) -> list[str]:
        """Wait until users are gone; who still is there."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while there := [name for name in names if name in self.entered()]:
            if time.monotonic() > deadline:
                break
            interruption.pause(0.2)
        return there

    def _alter(self, name: str, alteration: object) -> None:
        if reason := self._cluster.admin.alter_user_scram_credentials([alteration])[name]:
            raise CliError(f"the cluster refuses user {name}: {reason}")
