"""Any `kafka` section with a cluster on MSK that fits a network and a key."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

AUTHORITY = "arn:aws:acm-pca:eu-west-1:111122223333:certificate-authority/12345678-1234-1234-1234-123456789012"
LEAST_ZONES = 2
EXPRESS_ZONES = 3

logins = st.sampled_from(
    [
        {"auth": "iam"},
        {"auth": ["iam", "mtls"], "authorities": [AUTHORITY]},
        {"auth": "mtls", "authorities": [AUTHORITY], "secret": "secret:kafka"},
    ]
)
logins_with_key = logins | st.sampled_from([{"auth": "scram"}, {"auth": ["scram", "iam"]}])

watched: dict[str, st.SearchStrategy[Any]] = {
    "settings": st.sampled_from([{}, {"message.max.bytes": 2097152}, {"auto.create.topics.enable": True}]),
    "monitoring": st.sampled_from(["default", "per-topic-per-broker", "per-topic-per-partition"]),
    "open_monitoring": st.booleans(),
}
storage: dict[str, st.SearchStrategy[Any]] = {
    "version": st.sampled_from(["3.9.x", "4.0.x.kraft"]),
    "storage_autoscaling": st.sampled_from([{"max": "2TiB"}, {"max": "16TiB", "target": 80}]),
    "storage_throughput": st.sampled_from(["250MiB", "312MiB"]),
    "tiered": st.booleans(),
}


def clusters(zones: int, *, own_key: bool) -> st.SearchStrategy[dict[str, Any]]:
    """Clusters of each kind that the number of zones allows; none with fewer than two."""
    if zones < LEAST_ZONES:
        return st.nothing()
    login = logins_with_key if own_key else logins
    brokers = st.integers(2, 4).map(lambda each: each * zones)
    standard = st.fixed_dictionaries(
        {"kind": st.just("msk"), "brokers": brokers, "instance": st.just("kafka.m7g.2xlarge")},
        optional={**watched, **storage},
    )
    with_brokers = standard
    if zones == EXPRESS_ZONES:
        express = st.fixed_dictionaries({"kind": st.just("msk-express"), "brokers": brokers}, optional=watched)
        with_brokers = standard | express
    return st.builds(dict.__or__, with_brokers, login) | st.just({"kind": "msk-serverless"})
