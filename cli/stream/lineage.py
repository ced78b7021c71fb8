"""Which shard came from which: splits and merges leave the old ones until their records have expired. No I/O."""

from __future__ import annotations

from collections.abc import Sequence

from cli.stream.live import Shard


def tree(shards: Sequence[Shard]) -> list[tuple[str, Shard]]:
    """Each shard with the lines that are drawn before it, every parent above its children.

    A shard that came from a merge stands once, below the later of its parents. Parents that Kinesis has forgotten are
    not there, and their children begin a tree.
    """
    known = {shard.shard_id for shard in shards}
    children: dict[str, list[Shard]] = {shard_id: [] for shard_id in known}
    roots = []
    for shard in sorted(shards, key=lambda shard: (shard.start, shard.end)):
        parents = [parent for parent in shard.parents if parent in known]
        if parents:
            # The parent with the higher hash keys is drawn later, so that both stand above the child.
            children[parents[-1] if len(parents) == 1 else _upper(shards, parents)].append(shard)
        else:
            roots.append(shard)
    lines: list[tuple[str, Shard]] = []
    waiting = [("", "", root) for root in reversed(roots)]
    while waiting:
        before, below, shard = waiting.pop()
        lines.append((before, shard))
        own = children[shard.shard_id]
        if own:
            waiting.append((f"{below}└─ ", f"{below}   ", own[-1]))
            waiting += [(f"{below}├─ ", f"{below}│  ", child) for child in reversed(own[:-1])]
    return lines


def _upper(shards: Sequence[Shard], ids: Sequence[str]) -> str:
    return max((shard for shard in shards if shard.shard_id in ids), key=lambda shard: shard.start).shard_id
