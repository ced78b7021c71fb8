"""``streamops acl sync``: give the connectors and the declared applications the ACLs that they need."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from cli import interruption
from cli.acl.entry import DENY, Acl
from cli.acl.live import EVERYONE, create_acls, delete_acls, open_to_everyone, read_acls
from cli.acl.needed import Needed, needed
from cli.acl.principals import WITH_IAM, WITHOUT_LOGIN, connectors_login, connectors_principal, own_principal
from cli.change import Consent, run
from cli.cluster import open_cluster
from cli.environment import open_environment
from cli.options import Confirm, DryRun, EnvironmentName, Output, Query, Save, Wait, Yes
from cli.output import Answer, Format
from cli.plan import Operation, Plan, Refusal, Risk, fingerprint
from cli.write_back import Edit
from environments import Environment
from environments.rules.access import WITHOUT_ACLS, ways_of

CREATE, DELETE = "create-acl", "delete-acl"
ADMINISTRATION = ("all", "alter", "cluster-action")
"""Operations on the cluster whose ACLs are never deleted here."""
PATIENCE_SECONDS = 10.0
"""How long a broker may take to see what the controller has noted."""

Prune = Annotated[bool, typer.Option("--prune", help="Delete the ACLs that nothing declares; needs --confirm ENV too.")]


def command(  # noqa: PLR0913 - one parameter is one option of the grammar that all changes share
    ctx: typer.Context,
    environment: EnvironmentName = None,
    *,
    prune: Prune = False,
    dry_run: DryRun = False,
    save: Save = None,
    yes: Yes = False,
    confirm: Confirm = None,
    wait: Wait = True,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Give the connectors and the declared applications the ACLs that they need.

    Routes tell what the connectors do, and applications: in the environment file what others do. What is missing is
    created. ACLs that nothing declares are named and left alone, unless --prune is given.
    """
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    consent = Consent(dry_run=dry_run, save=save, yes=yes, confirm=confirm, wait=wait)
    run(AclSync(opened, prune=prune), consent, answer, environment or opened.name)


@dataclass(frozen=True)
class Found:
    """The ACLs that there are and those that there have to be."""

    cluster_id: str
    live: frozenset[Acl]
    needed: Needed
    open_to_everyone: bool
    """Whether a resource that no ACL concerns may be open to all."""
    own: str | None
    """The principal of this command line, whose ACLs are never deleted."""

    @property
    def missing(self) -> list[Acl]:
        """What is needed and not there."""
        return [acl for acl in self.needed if acl not in self.live]

    @property
    def undeclared(self) -> list[Acl]:
        """What is there and nothing needs; without what is kept in any case."""
        return [acl for acl in sorted(self.live) if acl not in self.needed and not self.kept(acl)]

    def kept(self, acl: Acl) -> bool:
        """Whether it is of this command line itself, of who administers the cluster, or of brokers among themselves.

        With a certificate or a token the command line cannot tell who it is; but it is one that may alter ACLs.
        """
        return acl.principal == self.own or (acl.type == "cluster" and acl.operation in ADMINISTRATION)


@dataclass(frozen=True)
class AclSync:
    """Bring the ACLs of a cluster to what routes and applications need."""

    environment: Environment
    prune: bool = False

    command: str = "acl sync"

    @classmethod
    def from_arguments(cls, environment: Environment, arguments: Mapping[str, Any]) -> AclSync:
        """The change that a saved plan was made for."""
        return cls(environment, prune=arguments["prune"])

    @property
    def arguments(self) -> Mapping[str, Any]:
        """Whether what nothing declares is deleted."""
        return {"prune": self.prune}

    @property
    def command_line(self) -> str:
        """The command that goes on where this one was interrupted."""
        return f"{self.command} --prune" if self.prune else self.command

    def plan(self) -> Plan:
        """Compare the ACLs that are needed with those that there are."""
        ways = ways_of(self.environment.kafka)
        if set(ways) <= set(WITHOUT_ACLS):
            return self._without_acls(ways[0])
        with open_cluster(self.environment) as cluster:
            found = Found(
                cluster_id=cluster.cluster_id(),
                live=frozenset(read_acls(cluster)),
                needed=needed(self.environment, connectors_principal(self.environment)),
                open_to_everyone=open_to_everyone(cluster),
                own=own_principal(self.environment),
            )
        removed = found.undeclared if self.prune else []
        return Plan(
            resource=f"environment/{self.environment.name}",
            fingerprint=fingerprint([found.cluster_id, _listed(found.live), _listed(found.needed)]),
            operations=(*(self._create(found, acl) for acl in found.missing), *map(_delete, removed)),
            summary={
                "needed": len(found.needed),
                "create": len(found.missing),
                "delete": len(removed),
                "undeclared": len(found.undeclared),
            },
            warnings=tuple(self._warnings(found)),
        )

    def carry_out(self, plan: Plan, *, wait: bool) -> Iterator[Operation]:
        """Create all that is missing in one request, then delete; nobody is locked out in between."""
        del wait
        for kind, act in ((CREATE, create_acls), (DELETE, delete_acls)):
            operations = [operation for operation in plan.operations if operation.kind == kind]
            if operations:
                with open_cluster(self.environment) as cluster:
                    act(cluster, [Acl.of(operation.resource, operation.details) for operation in operations])
            yield from operations

    def verify(self, plan: Plan) -> Sequence[str]:
        """Read the ACLs again; a broker sees them a moment after the controller."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        with open_cluster(self.environment) as cluster:
            while unmet := _unmet(plan, frozenset(read_acls(cluster))):
                if time.monotonic() > deadline:
                    break
                interruption.pause(0.2)
        return unmet

    def declaration(self, plan: Plan) -> Sequence[Edit]:
        """The file is what the ACLs are made from."""
        del plan
        return ()

    def _without_acls(self, way: str) -> Plan:
        """With IAM or without a login no ACL is of effect."""
        resource, name = f"environment/{self.environment.name}", self.environment.name
        if way == WITHOUT_LOGIN:
            told = f"kafka.auth of environment {name} is none: {WITHOUT_ACLS[way]}, so no ACLs are needed"
            return Plan(resource=resource, fingerprint=fingerprint([]), warnings=(told,))
        return Plan(
            resource=resource,
            fingerprint=fingerprint([]),
            refusals=(
                Refusal(
                    f"clients of the cluster of environment {name} log in with IAM, and ACLs do not concern them",
                    "nothing overrides this; the roles of connectors come with cdk deploy, and those of applications "
                    "need policies with kafka-cluster:Connect, kafka-cluster:ReadData and their like",
                ),
            ),
        )

    def _create(self, found: Found, acl: Acl) -> Operation:
        reason, risk = found.needed[acl], Risk.MILD
        if wider := next((each for each in sorted(found.live) if each.covers(acl)), None):
            reason += f"; a wider one allows it already: {wider.principal} {wider.told}"
        elif found.open_to_everyone and not any(each.concerns_resource(acl) for each in found.live):
            reason += f"; the first one on it, and others are let in no more ({EVERYONE})"
            risk = Risk.MODERATE
        return Operation(kind=CREATE, resource=acl.resource, risk=risk, reason=reason, details=acl.as_details())

    def _warnings(self, found: Found) -> Iterator[str]:
        if connectors_login(self.environment) == WITH_IAM:
            yield "the connectors log in with IAM, which no ACL concerns: cdk deploy gives their roles what they need"
        for acl in found.needed:
            for forbidding in sorted(found.live):
                if forbidding.forbids(acl):
                    yield (
                        f"{acl.principal} {acl.told} is allowed in vain: {forbidding.principal} is denied "
                        f"{forbidding.operation} {forbidding.resource}"
                    )
        if not self.prune:
            yield from _told("not declared, left alone", found.undeclared)
        yield from _told("kept in any case", [acl for acl in sorted(found.live) if found.kept(acl)])


def _told(what: str, acls: Sequence[Acl]) -> Iterator[str]:
    for principal in sorted({acl.principal for acl in acls}):
        yield f"{what}: {principal}: {', '.join(acl.told for acl in acls if acl.principal == principal)}"


def _delete(acl: Acl) -> Operation:
    effect = "what it denied is allowed again" if acl.permission == DENY else "who uses it is locked out"
    return Operation(
        kind=DELETE,
        resource=acl.resource,
        risk=Risk.SEVERE,
        reason=f"nothing declares it; {effect}",
        details=acl.as_details(),
    )


def _listed(acls: Iterable[Acl]) -> list[dict[str, str]]:
    return [{"resource": acl.resource, **acl.as_details()} for acl in sorted(acls)]


def _unmet(plan: Plan, live: frozenset[Acl]) -> list[str]:
    found: list[str] = []
    for operation in plan.operations:
        acl = Acl.of(operation.resource, operation.details)
        if operation.kind == CREATE and acl not in live:
            found.append(f"{acl.principal} has no ACL for {acl.told}")
        if operation.kind == DELETE and acl in live:
            found.append(f"{acl.principal} still has the ACL for {acl.told}")
    return found
