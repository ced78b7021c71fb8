"""``streamops group delete``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import typer
from kafka import errors

from cli.change import Consent, run
from cli.cluster import Cluster, Group, open_cluster, retrying
from cli.environment import open_environment
from cli.errors import RefusedError
from cli.group.members import WITHOUT_OFFSETS
from cli.group.names import group_id, missing, routes_by_group
from cli.group.options import GroupName
from cli.options import Confirm, DryRun, EnvironmentName, Output, Query, Save, Wait, Yes
from cli.output import Answer, Format
from cli.plan import Operation, Plan, Refusal, Risk, fingerprint
from cli.write_back import Edit
from environments import Environment


def command(  # noqa: PLR0913 - one parameter is one option of the grammar that all changes share
    ctx: typer.Context,
    name: GroupName,
    environment: EnvironmentName = None,
    *,
    dry_run: DryRun = False,
    save: Save = None,
    yes: Yes = False,
    confirm: Confirm = None,
    wait: Wait = True,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Delete a group with all that it has committed.

    It must have no members, and be of no route of the environment. To keep what it has committed, write it down first:
    group seek NAME --to start keeps it in a file.
    """
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    consent = Consent(dry_run=dry_run, save=save, yes=yes, confirm=confirm, wait=wait)
    run(GroupDelete(opened, name), consent, answer, environment or opened.name)


@dataclass(frozen=True)
class GroupDelete:
    """Delete one group."""

    environment: Environment
    name: str
    """Of a route, or the id of a group."""

    command: str = "group delete"

    @classmethod
    def from_arguments(cls, environment: Environment, arguments: Mapping[str, Any]) -> GroupDelete:
        """The change that a saved plan was made for."""
        return cls(environment, arguments["name"])

    @property
    def arguments(self) -> Mapping[str, Any]:
        """Which group."""
        return {"name": self.name}

    @property
    def group(self) -> str:
        """Its id on the cluster."""
        return group_id(self.environment, self.name)

    def plan(self) -> Plan:
        """See that nobody needs it."""
        with open_cluster(self.environment) as cluster:
            groups = {group.name: group for group in cluster.groups()}
            found = groups.get(self.group)
            if found is None:
                raise missing(self.environment, self.name, groups)
            committed = {} if found.type in WITHOUT_OFFSETS else cluster.committed([found.name]).get(found.name, {})
            cluster_id = cluster.cluster_id()
        topics = sorted({topic for topic, _ in committed})
        return Plan(
            resource=f"group/{found.name}",
            fingerprint=fingerprint(
                [cluster_id, found.active, sorted([*place, at] for place, at in committed.items())]
            ),
            operations=(
                Operation(
                    kind="delete-group",
                    resource=f"group/{found.name}",
                    risk=Risk.SEVERE,
                    reason="what it has read is forgotten",
                    details={"state": found.state.lower(), "committed partitions": len(committed), "topics": topics},
                ),
            ),
            summary={"partitions": len(committed), "topics": topics},
            refusals=tuple(self._refusals(found)),
        )

    def carry_out(self, plan: Plan, *, wait: bool) -> Iterator[Operation]:
        """Delete it.

        Raises:
            RefusedError: it has got members meanwhile.
        """
        del wait
        with open_cluster(self.environment) as cluster:
            for operation in plan.operations:
                try:
                    retrying(lambda: self._delete(cluster))
                except errors.NonEmptyGroupError as error:
                    refusal = self._has_members()
                    raise RefusedError(refusal.reason, refusal.way_out) from error
                yield operation

    def verify(self, plan: Plan) -> Sequence[str]:
        """See that it is gone."""
        del plan
        with open_cluster(self.environment) as cluster:
            there = self.group in {group.name for group in cluster.groups()}
        return [f"group {self.group} is there again: a consumer of it has committed"] if there else []

    def declaration(self, plan: Plan) -> Sequence[Edit]:
        """Groups are declared nowhere."""
        del plan
        return ()

    def _delete(self, cluster: Cluster) -> None:
        told: str = cluster.admin.delete_groups([self.group])[self.group]  # OK, or the name of an exception
        if told not in ("OK", "GroupIdNotFoundError"):
            raise getattr(errors, told)(f"group {self.group}")

    def _refusals(self, found: Group) -> Iterator[Refusal]:
        route = routes_by_group(self.environment).get(found.name)
        if found.active:
            yield self._has_members()
        if route:
            yield Refusal(
                f"group {found.name} is that of route {route}, whose connector would begin anew",
                f"nothing overrides this; let it go on elsewhere: streamops group seek {route}; "
                "or take the route out of the environment first",
            )

    def _has_members(self) -> Refusal:
        return Refusal(
            f"group {self.group} has members",
            f"nothing overrides this; stop them first; who they are: streamops group describe {self.group} "
            f"-e {self.environment.name}",
        )
