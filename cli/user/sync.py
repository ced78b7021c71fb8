"""``streamops user sync``: the SCRAM users of connectors and applications, with passwords that nobody sees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from cli.change import Consent, run
from cli.environment import open_environment
from cli.errors import CliError, NotFoundError
from cli.options import Confirm, DryRun, EnvironmentName, Output, Query, Save, Wait, Yes
from cli.output import Answer, Format
from cli.plan import Operation, Plan, Refusal, Risk, fingerprint
from cli.user.declared import DeclaredUser, declared_users, mechanism_of, on_msk
from cli.user.on_cluster import UsersOnCluster
from cli.user.on_msk import UsersOnMsk
from cli.user.passwords import Passwords
from cli.write_back import Edit
from environments import Environment, naming

MAKE, RENEW, SET = "create-secret", "renew-secret", "set-password"

Users = UsersOnCluster | UsersOnMsk

Rotate = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Give this user a new password: an application, or connectors."),
]
Prune = Annotated[
    bool, typer.Option("--prune", help="Delete the users that nothing declares; needs --confirm ENV too.")
]


def command(  # noqa: PLR0913 - one parameter is one option of the grammar that all changes share
    ctx: typer.Context,
    environment: EnvironmentName = None,
    *,
    rotate: Rotate = None,
    prune: Prune = False,
    dry_run: DryRun = False,
    save: Save = None,
    yes: Yes = False,
    confirm: Confirm = None,
    wait: Wait = True,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Give the connectors and the declared applications their SCRAM users.

    Secrets Manager makes the password of an application and keeps it; it is never shown. A user is made, or gets the
    password of the secret where the cluster knows another. On MSK the secret is associated with the cluster. Users that
    nothing declares are named and left alone, unless --prune is given.
    """
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    consent = Consent(dry_run=dry_run, save=save, yes=yes, confirm=confirm, wait=wait)
    run(UserSync(opened, rotate=rotate, prune=prune), consent, answer, environment or opened.name)


@dataclass(frozen=True)
class UserSync:
    """Bring the SCRAM users of a cluster to what the environment declares."""

    environment: Environment
    rotate: str | None = None
    prune: bool = False

    command: str = "user sync"

    @classmethod
    def from_arguments(cls, environment: Environment, arguments: Mapping[str, Any]) -> UserSync:
        """The change that a saved plan was made for."""
        return cls(environment, rotate=arguments["rotate"], prune=arguments["prune"])

    @property
    def arguments(self) -> Mapping[str, Any]:
        """Whose password is renewed, and whether what nothing declares is deleted."""
        return {"rotate": self.rotate, "prune": self.prune}

    @property
    def command_line(self) -> str:
        """The command that goes on where this one was interrupted: a password that was renewed is seen to by itself."""
        return f"{self.command} --prune" if self.prune else self.command

    def plan(self) -> Plan:
        """Compare the declared users with those of the cluster, and the cluster's passwords with those in the secrets.

        Raises:
            NotFoundError: nobody of the name of ``--rotate`` is declared.
        """
        resource = f"environment/{self.environment.name}"
        declared = self._declared()
        if self.rotate and self.rotate not in declared:
            raise NotFoundError(
                f"user {self.rotate} is not declared in environment {self.environment.name}",
                f"declared: {', '.join(declared) or 'none, since nobody logs in with SCRAM'}",
            )
        if not declared:
            told = f"kafka.auth of environment {self.environment.name} has no SCRAM, so the cluster keeps no users"
            return Plan(resource=resource, fingerprint=fingerprint([]), warnings=(told,))
        passwords = Passwords(self.environment)
        with self._open() as users:
            entered = users.entered()
            steps, names = list[Operation](), set[str]()
            refusals = list[Refusal]()
            for user in declared.values():
                held = passwords.read(user)
                name = held[0] if held else user.user or user.name
                names.add(passwords.arn(user) or "" if isinstance(users, UsersOnMsk) else name)
                if held is None and user.made_elsewhere:
                    refusals.append(self._missing(user))
                    continue
                if self.rotate == user.name and name in users.own():
                    refusals.append(self._own(name))
                steps += self._steps(users, user, name, held, there=users.has(user, name, entered))
            undeclared = sorted(entered.keys() - names - users.own())
            identity = users.identity
        removed = undeclared if self.prune else []
        steps += [_remove(users.remove_kind, name) for name in removed]
        kinds = [step.kind for step in steps]
        return Plan(
            resource=resource,
            fingerprint=fingerprint([identity, entered, [step.as_json() for step in steps]]),
            operations=tuple(steps),
            summary={
                "declared": len(declared),
                "create": kinds.count(users.enter_kind),
                "change": kinds.count(SET) + kinds.count(RENEW),
                "delete": len(removed),
                "undeclared": len(undeclared),
            },
            warnings=tuple(self._warnings([] if self.prune else undeclared)),
            refusals=tuple(refusals),
        )

    def carry_out(self, plan: Plan, *, wait: bool) -> Iterator[Operation]:
        """One after the other: a secret first, so that a password is never known to the cluster alone."""
        del wait
        passwords, declared = Passwords(self.environment), self._declared()
        with self._open() as users:
            for operation in plan.operations:
                if operation.kind == users.remove_kind:
                    users.remove(operation.details["user"])
                elif operation.kind == MAKE:
                    passwords.make(declared[operation.details["name"]])
                elif operation.kind == RENEW:
                    passwords.renew(declared[operation.details["name"]])
                else:
                    user = declared[operation.details["name"]]
                    users.enter(user, *self._held(passwords, user))
                yield operation

    def verify(self, plan: Plan) -> Sequence[str]:
        """Log in as those whose password was set, and see that the deleted ones are gone."""
        passwords, declared = Passwords(self.environment), self._declared()
        unmet: list[str] = []
        with self._open() as users:
            entered = users.entered()
            for operation in plan.operations:
                if operation.kind in (users.enter_kind, SET):
                    user = declared[operation.details["name"]]
                    name, password = self._held(passwords, user)
                    if not users.await_password(name, password):
                        unmet.append(f"user {name} cannot log in with the password in secret {user.secret}")
                    elif isinstance(users, UsersOnMsk) and not users.has(user, name, entered):
                        unmet.append(f"secret {user.secret} is not associated with the cluster")
            removed = [step.details["user"] for step in plan.operations if step.kind == users.remove_kind]
            unmet += [f"user {name} is still there" for name in users.await_removal(removed)]
        return unmet

    def declaration(self, plan: Plan) -> Sequence[Edit]:
        """The file is what the users are made from."""
        del plan
        return ()

    def _declared(self) -> dict[str, DeclaredUser]:
        return {user.name: user for user in declared_users(self.environment)}

    def _open(self) -> AbstractContextManager[Users]:
        return UsersOnMsk.open(self.environment) if on_msk(self.environment) else UsersOnCluster.open(self.environment)

    def _held(self, passwords: Passwords, user: DeclaredUser) -> tuple[str, str]:
        held = passwords.read(user)
        if held is None:
            raise CliError(f"secret {user.secret} of user {user.name} is gone", "run the command again")
        return held

    def _steps(
        self, users: Users, user: DeclaredUser, name: str, held: tuple[str, str] | None, *, there: bool
    ) -> Iterator[Operation]:
        """What has to be done for one user."""
        details = {"name": user.name, "user": name, "secret": user.secret}
        if mechanism := not on_msk(self.environment) and mechanism_of(self.environment):
            details["mechanism"] = mechanism
        resource, renewed = f"user/{name}", self.rotate == user.name and held is not None
        if held is None:
            yield Operation(MAKE, f"secret/{user.secret}", Risk.MILD, "there is none yet", details)
        if renewed:
            reason = "a new password was asked for; who uses the old one is refused until he reads the secret again"
            yield Operation(RENEW, f"secret/{user.secret}", Risk.MODERATE, reason, details)
        if not there:
            yield Operation(users.enter_kind, resource, Risk.MILD, "not on the cluster", details)
        elif renewed and not on_msk(self.environment):
            yield Operation(SET, resource, Risk.MODERATE, "the secret has a new password", details)
        elif held is None or not users.knows(*held):
            reason = "the cluster knows another password than the secret"
            yield Operation(SET, resource, Risk.MODERATE, reason, details)

    def _missing(self, user: DeclaredUser) -> Refusal:
        return Refusal(
            f"the connectors have no user: secret {user.secret} does not exist",
            f"nothing overrides this; deploy it: npx cdk deploy '{self.environment.name}/*', or create the secret",
        )

    def _own(self, name: str) -> Refusal:
        return Refusal(
            f"{name} is whom streamops itself logs in as, and would be locked out if this were interrupted",
            "nothing overrides this; name another one in kafka.admin_secret of the environment",
        )

    def _warnings(self, undeclared: Sequence[str]) -> Iterator[str]:
        if undeclared:
            yield f"not declared, left alone: {', '.join(undeclared)}"
        if self.rotate == naming.CONNECTORS_USER:
            yield "connectors that run take the new password when they start anew: streamops connector restart"
        if self.rotate and on_msk(self.environment):
            yield "MSK takes up to 10 minutes to read a secret anew"


def _remove(kind: str, name: str) -> Operation:
    reason = "nothing declares it; who logs in with it is locked out"
    return Operation(kind, f"user/{name}", Risk.SEVERE, reason, {"user": name})
