"""A group that goes on elsewhere, as a change: planned, carried out at once for all partitions, and verified."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kafka.errors import GroupSubscribedToTopicError, NonEmptyGroupError, UnknownMemberIdError

from cli.cluster import Group, Place, open_cluster
from cli.errors import RefusedError
from cli.group.moves import TopicPart, Wish, read_moves
from cli.group.names import group_id, missing, routes_by_group
from cli.group.offsets import commit, forget
from cli.group.offsets_file import OffsetsFile
from cli.group.target import Move
from cli.output import note
from cli.plan import Operation, Plan, Refusal, fingerprint
from cli.write_back import Edit
from environments import Environment

SEEK = "seek-offset"
FORGET = "forget-offset"
HAS_MEMBERS = (UnknownMemberIdError, NonEmptyGroupError, GroupSubscribedToTopicError)


@dataclass(frozen=True)
class GroupSeek:
    """Move what a group has committed."""

    environment: Environment
    name: str
    """Of a route, or the id of a group."""
    wish: Wish

    command: str = "group seek"
    ends_by_itself: bool = True
    """All partitions are committed by one request: Ctrl-C finds them all moved, or none."""

    @classmethod
    def from_arguments(cls, environment: Environment, arguments: Mapping[str, Any]) -> GroupSeek:
        """The change that a saved plan was made for."""
        held = arguments["file"]
        offsets = {(topic, partition): offset for topic, partition, offset in held["offsets"]} if held else {}
        return cls(
            environment,
            arguments["name"],
            Wish(
                arguments["to"],
                arguments["to_group"],
                OffsetsFile(held["group"], held["cluster_id"], offsets) if held else None,
                tuple(map(TopicPart.parse, arguments["topics"])),
            ),
        )

    @property
    def arguments(self) -> Mapping[str, Any]:
        """What was asked for; of a file all that it says."""
        file = self.wish.file
        offsets = [[*place, offset] for place, offset in file.offsets.items()] if file else []
        return {
            "name": self.name,
            "to": self.wish.to,
            "to_group": self.wish.to_group,
            "file": {"group": file.group, "cluster_id": file.cluster_id, "offsets": offsets} if file else None,
            "topics": list(map(str, self.wish.topics)),
        }

    @property
    def group(self) -> str:
        """Its id on the cluster."""
        return group_id(self.environment, self.name)

    def plan(self) -> Plan:
        """Work out where the group goes in each partition, from where it is now."""
        with open_cluster(self.environment) as cluster:
            groups = {group.name: group for group in cluster.groups()}
            known = self.group in groups or self.group in routes_by_group(self.environment) or self.wish.topics
            if not known:
                raise missing(self.environment, self.name, groups)
            committed = cluster.committed([self.group]).get(self.group, {})
            moves = read_moves(self.environment, cluster, self.name, self.wish, committed)
            cluster_id = cluster.cluster_id()
        changing = [move for move in moves if move.after != move.before]
        return Plan(
            resource=f"group/{self.group}",
            fingerprint=fingerprint(
                [cluster_id, _active(groups.get(self.group)), [[*move.place, move.before] for move in moves]]
            ),
            operations=tuple(map(self._operation, changing)),
            summary={
                "partitions": len(changing),
                "skipped": sum(move.skipped for move in changing),
                "repeated": sum(move.repeated for move in changing),
                "cluster_id": cluster_id,
            },
            warnings=tuple(self._warnings(moves, groups)),
            refusals=tuple(self._refusals(groups.get(self.group), cluster_id)),
        )

    def carry_out(self, plan: Plan, *, wait: bool) -> Iterator[Operation]:
        """Write down where the group was, then move it in all partitions by one request.

        Raises:
            RefusedError: it has got members meanwhile; nothing was moved.
        """
        del wait  # an offset is committed when the answer is there
        before = {_place(operation): operation.details["before"] for operation in plan.operations}
        file = OffsetsFile(self.group, plan.summary["cluster_id"], before).write(Path.cwd())
        note(f"where it was is kept in {file.name}; undo: {self._undo(file)}")
        moved = [operation for operation in plan.operations if operation.details["after"] is not None]
        forgotten = [operation for operation in plan.operations if operation.details["after"] is None]
        with open_cluster(self.environment) as cluster:
            try:
                if moved:
                    commit(cluster, self.group, {_place(each): each.details["after"] for each in moved})
                    yield from moved
                if forgotten:
                    forget(cluster, self.group, [_place(each) for each in forgotten])
                    yield from forgotten
            except HAS_MEMBERS as error:
                refusal = self._has_members()
                raise RefusedError(refusal.reason, refusal.way_out) from error

    def verify(self, plan: Plan) -> Sequence[str]:
        """Read what is committed now."""
        with open_cluster(self.environment) as cluster:
            now = cluster.committed([self.group]).get(self.group, {})
        return [
            f"{topic} {partition} is at {now.get((topic, partition), 'nothing')}, not at {operation.details['after']}"
            for operation in plan.operations
            for topic, partition in [_place(operation)]
            if now.get((topic, partition)) != operation.details["after"]
        ]

    def declaration(self, plan: Plan) -> Sequence[Edit]:
        """Offsets are declared nowhere."""
        del plan
        return ()

    def _operation(self, move: Move) -> Operation:
        return Operation(
            kind=FORGET if move.after is None else SEEK,
            resource=f"group/{self.group}",
            risk=move.risk,
            reason=move.reason,
            details={
                "topic": move.topic,
                "partition": move.partition,
                "before": move.before,
                "after": move.after,
                "delta": move.delta,
                **({"skipped": move.skipped} if move.skipped else {}),
                **({"repeated": move.repeated} if move.repeated else {}),
            },
        )

    def _warnings(self, moves: Sequence[Move], groups: Mapping[str, Group]) -> Iterator[str]:
        for move in moves:
            if move.wanted is not None and move.wanted != move.after:
                held = f"{move.begin:,} to {move.end:,}"
                yield f"{move.topic} {move.partition} has {held}, so not {move.wanted:,} but {move.after:,}"
            if self.wish.to and move.wanted is None:
                yield f"{move.topic} {move.partition} is left alone: nothing is committed there to count from"
        if self.group not in groups:
            yield f"group {self.group} does not exist yet, and is made by this"
        if self.wish.file and self.wish.file.group != self.group:
            yield f"the file holds offsets of group {self.wish.file.group}"

    def _refusals(self, group: Group | None, cluster_id: str) -> Iterator[Refusal]:
        if _active(group):
            yield self._has_members()
        if self.wish.file and self.wish.file.cluster_id != cluster_id:
            yield Refusal(
                f"the file holds offsets of cluster {self.wish.file.cluster_id}, and this is {cluster_id}: "
                "the same offset is another record there",
                "nothing overrides this; give a time instead: --to 2026-11-21T08:00:00Z",
            )

    def _has_members(self) -> Refusal:
        route = routes_by_group(self.environment).get(self.group)
        stop = (
            f"pause its connector first: streamops connector pause {route} -e {self.environment.name}"
            if route
            else f"stop them first; who they are: streamops group describe {self.group} -e {self.environment.name}"
        )
        return Refusal(
            f"group {self.group} has members, which go on where they are and would commit over this",
            f"nothing overrides this; {stop}",
        )

    def _undo(self, file: Path) -> str:
        return f"streamops group seek {self.name} --to-file {file.name} -e {self.environment.name}"


def _active(group: Group | None) -> bool:
    return group is not None and group.active


def _place(operation: Operation) -> Place:
    return operation.details["topic"], operation.details["partition"]
