"""What is read before replicas are moved, and what the plan says of it. No I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cli.cluster import LiveTopic, LogDir
from cli.plan import Operation, Refusal
from cli.reassignment import guards
from cli.reassignment.estimate import Estimate, estimate, without_room
from cli.reassignment.live import LiveLayout
from cli.reassignment.operations import clear_operation, finish_operations, move_operations, throttle_operation
from cli.reassignment.planner import Move, movement
from cli.reassignment.request import Request
from cli.reassignment.throttle import REPLICAS, Throttles, format_rate
from environments import Environment
from environments.quantities import format_duration


@dataclass(frozen=True)
class Proposal:
    """What is asked for, what was found, and what is to move."""

    environment: Environment
    request: Request
    resource: str
    short_names: Mapping[str, str]
    """Of the chosen topics; undeclared ones stand under their own names."""
    live: LiveLayout
    topics: Mapping[str, LiveTopic]
    """The chosen ones with their settings, by their names on the cluster."""
    moves: Sequence[Move]
    underway: Sequence[Move]
    throttles: Throttles
    log_dirs: Sequence[LogDir]
    problems: Sequence[str]
    cluster_id: str

    def operations(self) -> Iterator[Operation]:
        """In order: finish or clean up what is there, limit, move, take the limit away."""
        left = self._left_over()
        rates = set(self.throttles.brokers) if left and not self.throttles.foreign(self.topics) else set()
        copying = [each for each in (*self.underway, *self.moves) if each.added]
        brokers = {broker for each in copying for broker in (*each.before, *each.added)} & self.live.alive
        if left and not self.underway:
            yield clear_operation(self.resource, left, rates, "left over from a reassignment that has ended")
        limited = self.request.throttle is not None and bool(copying)
        if self.request.throttle is not None and copying:
            yield throttle_operation(self.resource, brokers, self.request.throttle)
        yield from finish_operations(self.underway, self.short_names)
        yield from move_operations(self.moves, self.short_names, batch=self.request.batch, reason=self.request.reason)
        if limited or (left and self.underway):
            own = {each.topic for each in copying} if limited else set()
            old, stale = (set(left), rates) if self.underway else (set(), set())
            yield clear_operation(
                self.resource, own | old, (brokers if limited else set()) | stale, "everything is in its place"
            )

    def warnings(self) -> Iterator[str]:
        """What is to be known before."""
        if self.moves:
            yield f"partitions that change: {len(self.moves)}; {self._copied()}"
        if unknown := self.estimate.unknown:
            yield (
                f"the brokers do not tell the size of partitions that are copied: {unknown}; how long it takes, and "
                "whether there is room, is not known"
            )
        if foreign := self.throttles.foreign(self.topics):
            yield f"throttled replicas on other topics, left alone unless --all is given: {', '.join(foreign)}"
        yield from guards.advice(self.environment, self.request.batch)
        if stays := self._left_behind():
            yield f"stays on broker {', '.join(map(str, self.request.off))}, unless --all is given: {', '.join(stays)}"

    def refusals(self) -> Iterator[Refusal]:
        """What speaks against the moves."""
        if not self.moves:
            return
        yield from guards.keeps_min_in_sync(self.topics, self.replication)
        if self.request.replication:
            yield from guards.made_by_cloudformation(self.environment, self.request.names, self.request.replication)
        yield from guards.room(without_room(self.estimate, self.log_dirs))
        yield from guards.health(self.problems, allowed=self.request.allow_unhealthy)

    @property
    def replication(self) -> dict[str, int]:
        """What is asked for, by topic."""
        return dict.fromkeys(self.topics, self.request.replication) if self.request.replication else {}

    @property
    def estimate(self) -> Estimate:
        """What the moves copy."""
        return estimate(self.moves, self.log_dirs)

    @property
    def state(self) -> object:
        """What the plan depends on: brokers, racks, and where replicas lie or are heading."""
        racks = [[broker, rack] for broker, rack in self.live.racks().items()]
        layouts = [[name, sorted(self.live.layout(name).items())] for name in sorted(self.topics)]
        return [self.cluster_id, racks, layouts, self._left_over()]

    def _copied(self) -> str:
        replicas = movement(self.moves)
        if not replicas:
            return "nothing is copied"
        copied = f"replicas that are copied: {replicas}, {guards.rounded(self.estimate.copied)}"
        if self.request.throttle is None:
            return copied
        lasts = format_duration(self.estimate.lasts(self.request.throttle))
        return f"{copied}, in {lasts} or more at {format_rate(self.request.throttle)} for each broker"

    def _left_over(self) -> list[str]:
        """Topics with throttled replicas that the file does not declare."""
        declared = {name: self.environment.topics.get(short) for name, short in self.short_names.items()}
        standing = {name for name, topic in declared.items() if topic and not topic.config.keys().isdisjoint(REPLICAS)}
        return self.throttles.of(self.topics.keys() - standing)

    def _left_behind(self) -> list[str]:
        off = set(self.request.off)
        return [
            name
            for name in sorted(self.live.topics)
            if name not in self.topics and any(off & set(each) for each in self.live.layout(name).values())
        ]
