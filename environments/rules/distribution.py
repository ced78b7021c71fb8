"""Rules between streams and the rest: the key they borrow, and the order that routes into them keep."""

from __future__ import annotations

from collections.abc import Iterator

from environments.ends import StreamEnd
from environments.rules.findings import Finding
from environments.rules.parts import Parts, sound
from environments.security import MANAGED_KEYS
from environments.streams import ENVIRONMENT_KEY, OnDemandStream


def environment_has_a_key(parts: Parts) -> Iterator[Finding]:
    """A stream that borrows the key of its environment finds one."""
    if parts.security is None or parts.security.own_key:
        return
    for name, stream in sound(parts.streams):
        if stream.encryption == ENVIRONMENT_KEY:
            yield Finding(
                f"is the key of security.key, which is {MANAGED_KEYS}: none of your own",
                "set security.key: create or to the ARN of a key, or write managed",
                ("streams", name, "encryption"),
                ENVIRONMENT_KEY,
            )


def keys_decide_the_shard(parts: Parts) -> Iterator[Finding]:
    """No route counts on keys where Kinesis ignores them.

    With the strategy AUTO, records of one key lie in any shard, and explicit hash keys mean nothing (Kinesis API
    Reference, UpdateStreamRecordDistributionStrategy). The connector refuses the first when it starts.
    """
    for name, route in sound(parts.routes):
        if not isinstance(route.target, StreamEnd):
            continue
        stream = parts.streams.get(route.target.stream)
        if not isinstance(stream, OnDemandStream) or stream.distribution != "auto":
            continue
        spread = f"streams.{route.target.stream} spreads records whatever their keys (distribution: auto)"
        if route.ordering == "key":
            yield Finding(
                f"cannot hold: {spread}",
                f"set ordering: none, or streams.{route.target.stream}.distribution: partition-key",
                ("routes", name, "ordering"),
                "key",
            )
        if route.explicit_hash_key is not None:
            yield Finding(
                f"decides nothing: {spread}",
                f"remove it, or set streams.{route.target.stream}.distribution: partition-key",
                ("routes", name, "explicit_hash_key"),
            )
