"""What a user asks of ``stream reshard``, and the operations that give it. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any

from cli.stream.load_profile import LoadProfile
from cli.stream.resharding import targets
from cli.stream.resharding.guards import UPDATES_A_DAY, Guard
from cli.stream.resharding.operations import Operation
from cli.stream.resharding.order import Order
from cli.stream.resharding.shard_map import ShardMap
from cli.stream.resharding.sizes import sized
from cli.stream.resharding.strategy import Strategy, choose
from cli.stream.resharding.summary import Summary, summarize


@dataclass(frozen=True)
class Outcome:
    """What would be done to one stream."""

    wanted: ShardMap
    """The map that the operations end with; where UpdateShardCount makes it, Kinesis may round its cuts otherwise."""
    operations: tuple[Operation, ...]
    reason: str
    """Why by these calls."""
    summary: Summary


@dataclass(frozen=True)
class Request:
    """The options of one command line."""

    to: int | None = None
    factor: Fraction | None = None
    by: Fraction | None = None
    """In percent."""
    hot: bool = False
    sample: bool = False
    """Whether the load is that of records that are read, whatever metrics there are."""
    auto: bool = False
    """Whether the load decides, by the stream's ``autoscale`` in the YAML."""
    minimum: int | None = None
    maximum: int | None = None
    strategy: Strategy = Strategy.AUTO
    order: Order = Order.SWEEP
    tolerance: Fraction = Fraction(0)
    """Part of the wanted width (with ``hot``, of the wanted load)."""
    allowed: frozenset[Guard] = frozenset()

    def as_json(self) -> dict[str, Any]:
        """In JSON types, without what is as it would be anyway."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        told = {name: value for name, value in given.items() if value != getattr(NOTHING, name)}
        return {name: _json(value) for name, value in told.items()}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Request:
        """The inverse of ``as_json``."""
        kinds: dict[str, Any] = {
            **dict.fromkeys(("factor", "by", "tolerance"), Fraction),
            "strategy": Strategy,
            "order": Order,
            "allowed": lambda names: frozenset(map(Guard, names)),
        }
        return cls(**{name: kinds.get(name, lambda value: value)(value) for name, value in given.items()})

    def options(self, to: int) -> str:
        """The same for a command line that goes on towards ``to`` shards."""
        parts = ["--auto" if self.auto else f"--to {to}"]
        parts += ["--hot"] if self.hot else []
        parts += ["--sample"] if self.sample else []
        parts += [f"--strategy {self.strategy}"] if self.strategy is not Strategy.AUTO else []
        parts += [f"--order {self.order}"] if self.order is not Order.SWEEP else []
        parts += [f"--tolerance {float(self.tolerance * 100):g}%"] if self.tolerance else []
        parts += [f"--allow {guard}" for guard in sorted(self.allowed)]
        return " ".join(parts)

    def size(self, now: int) -> int:
        """How many shards there shall be."""
        return sized(now, to=self.to, factor=self.factor, by=self.by, minimum=self.minimum, maximum=self.maximum)

    def outcome(self, now: ShardMap, *, load: LoadProfile | None, updates_left: int | None) -> Outcome:
        """The operations from ``now`` to what is asked for.

        Args:
            now: the live map.
            load: over the key space, needed where ``hot`` is asked for.
            updates_left: of the day's budget; None where it is not known, which is taken for all of it: Kinesis would
                say so, and then the rest is split and merged.

        Raises:
            CliError: UpdateShardCount was asked for and cannot give it.
        """
        count = self.size(now.count)
        if load is not None and self.hot:
            wanted = targets.by_load(now, load, count, self.tolerance)
        elif self.tolerance:
            wanted = targets.tolerant(now, count, self.tolerance)
        else:
            wanted = targets.even(now, count)
        choice = choose(
            now,
            wanted,
            asked=self.strategy,
            order=self.order,
            even_will_do=not self.hot,
            updates_left=UPDATES_A_DAY if updates_left is None or self._insists else updates_left,
        )
        return Outcome(wanted, choice.operations, choice.reason, summarize(now, choice.operations, wanted))

    @property
    def _insists(self) -> bool:
        """Whether the budget is for the guard to judge, since nothing else than UpdateShardCount will do."""
        return self.strategy is Strategy.UPDATE_SHARD_COUNT


def _json(value: object) -> Any:  # noqa: ANN401 - JSON types
    if isinstance(value, frozenset):
        return sorted(value)
    return str(value) if isinstance(value, Fraction | Strategy | Order) else value


NOTHING = Request()
