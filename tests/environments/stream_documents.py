"""Streams of environment files: any valid one, and what routes into it can ask of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from environments.quantities import format_duration, format_size

KIB, MIB = 1 << 10, 1 << 20
PRINCIPALS = ["444455556666", "777788889999", "arn:aws:iam::444455556666:role/path/reader"]

retentions = st.integers(24, 8760).map(lambda hours: format_duration(timedelta(hours=hours)))
_consumers = st.dictionaries(
    st.sampled_from(["dashboard", "Audit.v2", "a_b-c", "x" * 128]),
    st.fixed_dictionaries({}, optional={"share": st.lists(st.sampled_from(PRINCIPALS), unique=True)}),
    max_size=3,
)
_common = {
    "retention": retentions,
    "max_record_size": st.integers(1024, 10240).map(lambda kib: format_size(kib * KIB)),
    "shard_metrics": st.lists(st.sampled_from(["IncomingBytes", "OutgoingRecords"]), unique=True),
    "consumers": _consumers,
    "share": st.dictionaries(st.sampled_from(PRINCIPALS), st.sampled_from(["read", "write", "read-write"])),
}
_autoscale = st.fixed_dictionaries(
    {"min": st.just(1), "max": st.just(10_000)},
    optional={
        "target": st.integers(31, 74),
        "up": st.fixed_dictionaries({}, optional={"above": st.integers(75, 100), "cooldown": st.just("15m")}),
        "down": st.fixed_dictionaries({}, optional={"below": st.integers(1, 30), "window": st.just("1h")}),
        "iterator_age": st.just("90s"),
    },
)
_on_demand = {
    "warm_throughput": st.integers(1, 10240).map(lambda mib: format_size(mib * MIB)),
    "distribution": st.sampled_from(["partition-key", "auto"]),
}


def streams(*keys: str) -> st.SearchStrategy[dict[str, Any]]:
    """Any stream; `keys` are what its encryption may be instead of managed."""
    encryption = {"encryption": st.sampled_from(["managed", *keys])}
    return st.one_of(
        st.fixed_dictionaries(
            {"mode": st.just("provisioned"), "shards": st.integers(1, 10_000)},
            optional={**_common, **encryption, "autoscale": _autoscale},
        ),
        st.fixed_dictionaries({"mode": st.just("on-demand")}, optional={**_common, **_on_demand, **encryption}),
    ).map(_kept_to_itself)


def _kept_to_itself(stream: dict[str, Any]) -> dict[str, Any]:
    """A stream without a key of one's own is shared with nobody."""
    if stream.get("encryption", "managed") != "managed":
        return stream
    alone: dict[str, Any] = {name: {} for name in stream.get("consumers", {})}
    return {key: value for key, value in stream.items() if key != "share"} | ({"consumers": alone} if alone else {})


def fitting(route: dict[str, Any], stream: Mapping[str, Any]) -> dict[str, Any]:
    """A route as it may lead into a stream: where that ignores keys, the route asks nothing of them."""
    if stream.get("distribution") != "auto":
        return route
    return {key: value for key, value in route.items() if key != "explicit_hash_key"} | {"ordering": "none"}
