"""Any `kafka` section with a cluster on EC2 machines of our own."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

AUTHORITY = "arn:aws:acm-pca:eu-west-1:111122223333:certificate-authority/12345678-1234-1234-1234-123456789012"
LEAST_BROKERS = 3  # as many as a topic has replicas by default

distribution = {"url": "s3://team-software/kafka_2.13-4.1.1.tgz", "sha512": 128 * "a"}
exporter = {"url": "s3://team-software/jmx_prometheus_javaagent-1.5.0.jar", "sha512": 128 * "b"}

sizes = st.one_of(
    st.fixed_dictionaries({"brokers": st.integers(LEAST_BROKERS, 5), "controllers": st.sampled_from([1, 3, 5])}),
    st.just({"brokers": LEAST_BROKERS, "controllers": 0}),
)
logins = st.sampled_from([{}, {"auth": "scram"}, {"auth": "mtls", "secret": "secret:kafka"}])
authorities = st.sampled_from([{}, {"authority": "create"}, {"authority": AUTHORITY, "ca": "ssm:/kafka/ca"}])
machines: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"kind": st.just("ec2"), "distribution": st.just(distribution)},
    optional={
        "version": st.sampled_from(["3.9.0", "4.1.1"]),
        "exporter": st.just(exporter),
        "instance": st.sampled_from(["m7i.large", "r7g.xlarge"]),
        "storage": st.sampled_from(["100GiB", "16TiB"]),
        "iops": st.sampled_from([3000, 6000]),
        "throughput": st.sampled_from(["125MiB", "250MiB"]),
        "heap": st.just("4GiB"),
        "generation": st.integers(1, 3),
        "settings": st.sampled_from([{}, {"num.io.threads": 16}]),
    },
)


def nodes() -> st.SearchStrategy[dict[str, Any]]:
    """Clusters of few nodes, since each is a machine with a dozen resources."""
    return st.builds(
        lambda *parts: {key: value for part in parts for key, value in part.items()},
        machines,
        sizes,
        logins,
        authorities,
    )
