"""Deregistering old revisions of a connector's task definition that nothing refers to any more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.aws import Aws
from cli.connector.references import read_references
from cli.connector.revisions import TaskRevision, read_task_revisions, reasons, to_prune
from cli.environment import declared
from cli.errors import StalePlanError
from cli.plan import Operation, Plan, Risk, fingerprint
from cli.write_back import Edit
from environments import Environment

DEREGISTER = "deregister-task-definition"


@dataclass(frozen=True)
class PruneRevisions:
    """Deregister all revisions of a route but the newest and those that something refers to."""

    environment: Environment
    route: str
    keep: int
    """How many of the newest stay whatever refers to them."""

    command: str = "connector history"

    @classmethod
    def from_arguments(cls, environment: Environment, arguments: Mapping[str, Any]) -> PruneRevisions:
        """The change that a saved plan was made for."""
        declared(environment, "routes", arguments["route"])
        return cls(environment, arguments["route"], arguments["keep"])

    @property
    def arguments(self) -> Mapping[str, Any]:
        """Of which route, and how many stay."""
        return {"route": self.route, "keep": self.keep}

    @property
    def command_line(self) -> str:
        """The command that goes on where this one was interrupted."""
        return f"{self.command} {self.route} --prune --keep {self.keep}"

    def plan(self) -> Plan:
        """Read the revisions and what refers to them."""
        aws = self._aws()
        kept = reasons(read_references(aws, self.route))
        revisions = read_task_revisions(aws, self.route)
        chosen = to_prune(revisions, kept, self.keep)
        referred = [revision for revision in revisions if revision.arn in kept]
        return Plan(
            resource=f"connector/{self.route}",
            fingerprint=fingerprint([[each.arn for each in revisions], sorted(each.arn for each in referred)]),
            operations=tuple(map(_operation, chosen)),
            summary={"deregister": len(chosen), "registered": len(revisions), "referred_to": len(referred)},
            warnings=tuple(_warnings(chosen, referred, kept)),
        )

    def carry_out(self, plan: Plan, *, wait: bool) -> Iterator[Operation]:
        """Deregister one after the other; nothing where a revision is referred to by now.

        Raises:
            StalePlanError: a rollout or a rollback has taken up a revision since the plan was made.
        """
        del wait
        aws = self._aws()
        kept = {arn.rpartition("/")[2]: why for arn, why in reasons(read_references(aws, self.route)).items()}
        for operation in plan.operations:
            if why := kept.get(operation.details["name"]):
                raise StalePlanError(
                    f"{operation.resource} is in use by now: {', '.join(why)}",
                    f"make a new plan: streamops {self.command_line} -e {self.environment.name}",
                )
        for operation in plan.operations:
            aws.ecs.deregister_task_definition(taskDefinition=operation.details["name"])
            yield operation

    def verify(self, plan: Plan) -> Sequence[str]:
        """Read the revisions again."""
        left = {revision.name for revision in read_task_revisions(self._aws(), self.route)}
        return [
            f"{operation.resource} is registered still"
            for operation in plan.operations
            if operation.details["name"] in left
        ]

    def declaration(self, plan: Plan) -> Sequence[Edit]:
        """No environment file names a revision."""
        del plan
        return ()

    def _aws(self) -> Aws:
        aws = Aws(self.environment)
        aws.check_account()
        return aws


def _operation(revision: TaskRevision) -> Operation:
    return Operation(
        kind=DEREGISTER,
        resource=f"task-definition/{revision.name}",
        risk=Risk.MODERATE,
        reason="nothing refers to it; it stays readable, and no task can be started from it any more",
        details={"name": revision.name, "image": revision.image or "unknown"},
    )


def _warnings(
    chosen: Sequence[TaskRevision], referred: Sequence[TaskRevision], kept: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    oldest = min((revision.number for revision in referred), default=0)
    if chosen and any(revision.number > oldest for revision in chosen):
        told = ", ".join(f"{revision.name} ({', '.join(kept[revision.arn])})" for revision in referred)
        yield f"kept, whatever their age: {told}"
