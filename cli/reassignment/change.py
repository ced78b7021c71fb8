"""The change behind ``streamops topic reassign``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.cluster import Cluster, LiveTopic, open_cluster
from cli.cluster_health import problems, read_health
from cli.environment import declared
from cli.errors import CliError, NotFoundError
from cli.plan import Operation, Plan, Refusal, fingerprint
from cli.reassignment import guards
from cli.reassignment.execution import finish, move, settled, wait_until_well
from cli.reassignment.live import LiveLayout, read_layout
from cli.reassignment.operations import CLEAR, FINISH, MOVE, THROTTLE, brokers_of, moves_of, topics_of
from cli.reassignment.planner import Move, movement, plan_moves
from cli.reassignment.proposal import Proposal
from cli.reassignment.request import Request
from cli.reassignment.throttle import clear_throttle, parse_rate, read_throttles, set_throttle
from cli.write_back import Edit
from environments import Environment, naming


@dataclass(frozen=True)
class Reassignment:
    """Move replicas of topics."""

    environment: Environment
    request: Request

    command: str = "topic reassign"

    @classmethod
    def from_arguments(cls, environment: Environment, arguments: Mapping[str, Any]) -> Reassignment:
        """The change that a saved plan was made for."""
        for name in arguments["names"]:
            declared(environment, "topics", name)
        return cls(environment, Request.from_json(arguments))

    @property
    def arguments(self) -> Mapping[str, Any]:
        """All that was asked for."""
        return self.request.as_json()

    @property
    def command_line(self) -> str:
        """The command that goes on where this one was interrupted."""
        return f"{self.command}{self.request.options}"

    def plan(self) -> Plan:
        """Read where all replicas lie, and place those of the chosen topics anew."""
        if refusal := guards.placed_by_others(self.environment):
            return Plan(self._resource, fingerprint(None), refusals=(refusal,))
        with open_cluster(self.environment) as cluster:
            live = read_layout(cluster)
            topics = cluster.topics(self._chosen(live))
            impossible = list(self._impossible(live, topics))
            proposal = self._proposal(cluster, live, topics, () if impossible else self._moves(live, topics))
        return Plan(
            resource=self._resource,
            fingerprint=fingerprint(proposal.state),
            operations=tuple(proposal.operations()),
            summary={
                "partitions": len(proposal.moves),
                "replicas_copied": movement(proposal.moves),
                "bytes_copied": proposal.estimate.copied,
                "underway": len(proposal.underway),
            },
            warnings=tuple(proposal.warnings()),
            refusals=(*impossible, *proposal.refusals()),
        )

    def carry_out(self, plan: Plan, *, wait: bool) -> Iterator[Operation]:
        """Do it batch by batch, each only when the cluster is well after the one before."""
        if not wait and any(operation.kind == THROTTLE for operation in plan.operations):
            raise CliError("the plan sets a throttle, which has to be taken away at the end", "leave out --no-wait")
        moved = False
        with open_cluster(self.environment) as cluster:
            for operation in plan.operations:
                if operation.kind == MOVE and moved and wait and not self.request.allow_unhealthy:
                    wait_until_well(cluster, lambda c: problems(c, apart_from=self.request.off))
                moved = moved or operation.kind == MOVE
                self._do(cluster, operation, plan, wait=wait)
                yield operation

    def verify(self, plan: Plan) -> Sequence[str]:
        """Read again where the replicas lie."""
        with open_cluster(self.environment) as cluster:
            return settled(cluster, _all_moves(plan))

    def declaration(self, plan: Plan) -> Sequence[Edit]:
        """The file says how many replicas there are, not where."""
        del plan
        wanted = self.request.replication
        names = self.request.names or tuple(self.environment.topics)
        return [Edit(("topics", name, "replication"), wanted) for name in names] if wanted else []

    def _do(self, cluster: Cluster, operation: Operation, plan: Plan, *, wait: bool) -> None:
        if operation.kind == THROTTLE:
            rate = parse_rate(operation.details["throttle"])
            set_throttle(cluster, _all_moves(plan), brokers_of(operation), rate)
        elif operation.kind == CLEAR:
            clear_throttle(cluster, topics_of(operation), brokers_of(operation))
        elif operation.kind == FINISH:
            if wait:
                finish(cluster, moves_of(operation))
        else:
            move(cluster, moves_of(operation), wait=wait)

    @property
    def _resource(self) -> str:
        if len(self.request.names) == 1:
            return f"topic/{self.request.names[0]}"
        return f"environment/{self.environment.name}"

    def _chosen(self, live: LiveLayout) -> list[str]:
        """Names on the cluster.

        Raises:
            NotFoundError: a topic that was named does not exist.
        """
        if self.request.all_topics:
            return sorted(live.topics)
        wanted = self.request.names or self.environment.topics
        names = {naming.topic_name(self.environment, name): name for name in wanted}
        for physical, name in names.items():
            if physical not in live.topics and self.request.names:
                raise NotFoundError(
                    f"topic {physical} does not exist on the cluster of environment {self.environment.name}",
                    f"create it: streamops topic sync {name} -e {self.environment.name}",
                )
        return sorted(name for name in names if name in live.topics)

    def _short_names(self, topics: Collection[str]) -> dict[str, str]:
        known = {naming.topic_name(self.environment, name): name for name in self.environment.topics}
        return {name: known.get(name, name) for name in topics}

    def _impossible(self, live: LiveLayout, topics: Mapping[str, LiveTopic]) -> Iterator[Refusal]:
        """What forbids even to plan."""
        held = {broker for topic in live.topics.values() for each in topic.partitions for broker in each.replicas}
        known = sorted({*live.brokers, *held})
        for broker in set(self.request.off) - set(known):
            raise NotFoundError(f"there is no broker {broker}", f"brokers: {', '.join(map(str, known))}")
        wanted = {
            name: self.request.replication or max(map(len, live.layout(name).values()), default=0) for name in topics
        }
        yield from guards.brokers_are_there(live, topics, self.request.off)
        yield from guards.enough_brokers(live, wanted, self.request.off)

    def _moves(self, live: LiveLayout, topics: Mapping[str, LiveTopic]) -> Sequence[Move]:
        if not self.request.reason:
            return ()
        return plan_moves(
            {name: live.layout(name) for name in topics},
            live.racks(self.request.off),
            replication=self.request.replication,
            balance=self.request.balance,
            others=live.others(topics),
            known={broker.id: broker.rack for broker in live.brokers.values()},
        )

    def _proposal(
        self, cluster: Cluster, live: LiveLayout, topics: Mapping[str, LiveTopic], moves: Sequence[Move]
    ) -> Proposal:
        changed = {each.place for each in moves}
        health = read_health(cluster, apart_from=self.request.off)
        return Proposal(
            environment=self.environment,
            request=self.request,
            resource=self._resource,
            short_names=self._short_names(topics),
            live=live,
            topics=topics,
            moves=moves,
            underway=[each for each in live.underway(topics) if each.place not in changed],
            throttles=read_throttles(cluster, sorted(live.topics), live.alive),
            log_dirs=cluster.log_dirs([each.place for each in moves]) if moves else (),
            problems=health.without_reassigning(topics).problems(),
            cluster_id=cluster.cluster_id(),
        )


def _all_moves(plan: Plan) -> list[Move]:
    return [each for operation in plan.operations if operation.kind in (MOVE, FINISH) for each in moves_of(operation)]
