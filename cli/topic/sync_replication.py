"""The replication factor of declared topics, changed by the reassignment that ``topic reassign`` makes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cli.difference import Difference
from cli.plan import Operation, Plan
from cli.reassignment.change import Reassignment
from cli.reassignment.operations import CLEAR, FINISH, MOVE, THROTTLE
from cli.reassignment.request import Request
from cli.topic.sync_plan import TopicPlan, unsupported
from environments import Environment

KINDS = (THROTTLE, FINISH, MOVE, CLEAR)


@dataclass(frozen=True)
class Replication:
    """What is done, and what cannot be done now."""

    operations: tuple[Operation, ...] = ()
    warnings: tuple[str, ...] = ()
    left: tuple[Difference, ...] = ()
    """With the reason: a topic that cannot have its replicas shall not hold back all others."""

    def of(self, topic: TopicPlan) -> int:
        """The replicas of a topic once all is done."""
        live, wanted = topic.replication or (topic.live.replication if topic.live else 0, 0)
        left = {difference.resource for difference in self.left}
        return live if topic.replication is None or f"topic/{topic.name}" in left else wanted


def plan_replication(environment: Environment, topics: Sequence[TopicPlan]) -> Replication:
    """Plan a reassignment for each number of replicas that is wanted somewhere; nothing is asked where none is."""
    wanted: dict[int, list[TopicPlan]] = {}
    for topic in topics:
        if topic.replication:
            wanted.setdefault(topic.replication[1], []).append(topic)
    found = Replication(operations=tuple(_underway(environment, topics)))
    for replicas, some in wanted.items():
        plan = Reassignment(environment, Request(tuple(topic.name for topic in some), replication=replicas)).plan()
        if plan.refusals:
            why = "; ".join(refusal.reason for refusal in plan.refusals)
            found = replace(found, left=(*found.left, *_left(some, why)))
        else:
            found = replace(
                found,
                operations=(*found.operations, *plan.operations),
                warnings=(*found.warnings, *plan.warnings),
            )
    return found


def _underway(environment: Environment, topics: Sequence[TopicPlan]) -> Iterator[Operation]:
    """Waiting for what an interrupted run has begun: Kafka tells the new replicas before they have caught up."""
    names = [topic.name for topic in topics if topic.live and topic.live.under_replicated and not topic.replication]
    if names:
        plan = Reassignment(environment, Request(tuple(names))).plan()
        yield from (operation for operation in plan.operations if operation.kind == FINISH)


def carry_out_replication(environment: Environment, plan: Plan, *, wait: bool) -> Iterator[Operation]:
    """Do those operations of a sync that move replicas, each when the cluster is well after the one before."""
    moving = _moving(plan)
    if moving.operations:
        yield from Reassignment(environment, Request()).carry_out(moving, wait=wait)


def verify_replication(environment: Environment, plan: Plan) -> Sequence[str]:
    """See that the replicas lie where they should."""
    moving = _moving(plan)
    return Reassignment(environment, Request()).verify(moving) if moving.operations else ()


def _moving(plan: Plan) -> Plan:
    return replace(plan, operations=tuple(each for each in plan.operations if each.kind in KINDS))


def _left(topics: Sequence[TopicPlan], why: str) -> Iterator[Difference]:
    for topic in topics:
        live, wanted = topic.replication or (0, 0)
        yield unsupported(topic.name, "replication", str(wanted), str(live), why)


def at_once(plan: Plan) -> Plan:
    """The other operations of a sync."""
    return replace(plan, operations=tuple(each for each in plan.operations if each.kind not in KINDS))
