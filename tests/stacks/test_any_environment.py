"""Whatever a valid file of the supported kinds describes, it synthesizes, and the rules find nothing.

A dozen times as many are tried with `pytest --hypothesis-profile thorough`.
"""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from stacks.refusals import refusals
from tests.conftest import THOROUGH
from tests.environments.delivery_documents import any_deliveries
from tests.environments.documents import LOGINS
from tests.environments.msk_documents import clusters
from tests.environments.node_documents import nodes
from tests.environments.stream_documents import fitting, streams
from tests.stacks.limits import beyond_limits
from tests.stacks.synthesis import BOUNDARY, ECR_IMAGE, GIVEN_NETWORK, OWN_KEY, PLAIN, Templates, describe

WORKSPACE = "arn:aws:aps:eu-west-1:111122223333:workspace/ws-12345678-1234-1234-1234-123456789012"

names = st.from_regex(r"[a-z][a-z0-9]{0,10}(-[a-z0-9]{1,5})?", fullmatch=True)
zones = st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True).map(
    lambda letters: [f"eu-west-1{letter}" for letter in letters]
)
networks: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just(GIVEN_NETWORK),
    st.fixed_dictionaries(
        {"zones": zones, "nat": st.booleans(), "cidr": st.sampled_from(["10.0.0.0/16", "172.16.4.0/22"])}
    ),
)
securities = st.sampled_from([{}, {"key": "create"}, {"key": OWN_KEY, "permissions_boundary": BOUNDARY}])
connectors = st.fixed_dictionaries(
    {"architecture": st.sampled_from(["arm64", "x86_64"])},
    optional={
        "image": st.just(ECR_IMAGE),
        "metrics": st.just("cloudwatch"),
        "prometheus": st.just({"workspace": WORKSPACE, "image": ECR_IMAGE}),
    },
)
PAGER = "arn:aws:sns:eu-west-1:111122223333:pager"
alarms = st.sampled_from(
    [
        {},
        {"enabled": False},
        {"critical": {"topic": PAGER}, "warning": {"email": ["team@example.com"]}},
        {"runbooks": "https://wiki.example.com/runbooks"},
    ]
)
kafkas = st.sampled_from(LOGINS).map(lambda login: {"kind": "external", "bootstrap": "ssm:/kafka/bootstrap", **login})


deliveries = st.fixed_dictionaries(
    {"to": st.just("s3")},
    optional={
        "bucket": st.sampled_from(["team-archive", "a.bucket"]),
        "prefix": st.sampled_from(["", "data/", "!{timestamp:yyyy/MM/dd}/", "a/b!{timestamp:yyyy}"]),
        "errors": st.sampled_from(["errors/!{firehose:error-output-type}/", "!{firehose:error-output-type}/"]),
        "buffer": st.sampled_from([{"size": "1MiB", "interval": "0s"}, {"size": "128MiB", "interval": "15m"}]),
        "compression": st.sampled_from(["none", "gzip", "snappy", "zip", "hadoop-snappy"]),
    },
)
forms = {
    "linger": st.sampled_from(["1ms", "10s"]),
    "format": st.just("envelope"),
    "tombstones": st.sampled_from(["reject", "empty", "drop"]),
    "start": st.sampled_from(["earliest", "latest", "2026-01-31T00:00:00Z"]),
    "processes": st.integers(1, 2),
    "tasks": st.just({"min": 1, "max": 2}),
    "dead_letters": st.sampled_from([{"bucket": "team-rejected"}, {"bucket": "a.bucket", "prefix": ""}]),
}
to_streams = st.one_of(
    st.fixed_dictionaries(
        {},
        optional={
            **forms,
            "compression": st.sampled_from(["none", "gzip", "zstd"]),
            "aggregation": st.sampled_from(["none", "kpl"]),
            "partition_key": st.sampled_from(["key", "partition", {"header": "x y"}, {"field": "customer.id"}]),
            "explicit_hash_key": st.integers(0, 2**128 - 1),
        },
    ),
    st.fixed_dictionaries(
        {"ordering": st.just("none")},
        optional={**forms, "partition_key": st.just("spread"), "explicit_hash_key": st.just({"header": "shard"})},
    ),
)
to_deliveries = st.one_of(
    st.fixed_dictionaries({}, optional={**forms, "packing": st.just("newline"), "ordering": st.just("none")}),
    st.fixed_dictionaries(
        {"delimiter": st.just("none")}, optional={**forms, "compression": st.sampled_from(["gzip", "zstd"])}
    ),
)


def routes(topics: list[str], streams: list[str], deliveries: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Any route from one of the topics."""

    def to(kind: str, names: list[str], keys: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
        ends = st.tuples(st.sampled_from(topics), st.sampled_from(names))
        return st.builds(lambda ends, keys: {"from": {"topic": ends[0]}, "to": {kind: ends[1]}, **keys}, ends, keys)

    return st.one_of(
        *([to("stream", streams, to_streams)] if streams else []),
        *([to("delivery", deliveries, to_deliveries)] if deliveries else []),
    )


def _ends(route: dict[str, Any]) -> tuple[str, str]:
    return route["from"]["topic"], str(route["to"])


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    topics = draw(st.dictionaries(names, st.just({"partitions": 8}), max_size=3))
    security = draw(securities)
    keys = [OWN_KEY, *(["environment"] if "key" in security else [])]
    described = draw(st.dictionaries(names, streams(*keys), max_size=3))
    collected = draw(st.dictionaries(names, deliveries, max_size=2))
    drawn: list[dict[str, Any]] = []
    if topics and (described or collected):
        route = routes(sorted(topics), sorted(described), sorted(collected))
        drawn = draw(st.lists(route, max_size=4, unique_by=_ends))
        drawn = [fitting(each, described.get(each["to"].get("stream"), {})) for each in drawn]
    network = draw(networks)
    kafka = draw(kafkas | clusters(len(network["zones"]), own_key="key" in security) | nodes())
    filled = draw(st.lists(any_deliveries(network, sorted(described)), max_size=1))
    return {
        "topics": topics,
        "streams": described,
        "deliveries": collected | {f"made-of-{number}": each for number, each in enumerate(filled)},
        "routes": {f"route-{number}": route for number, route in enumerate(drawn)},
        "network": network,
        "kafka": kafka,
        "security": security,
        "connectors": draw(connectors),
        "alarms": draw(alarms),
        "production": draw(st.booleans()),
        "tags": draw(st.sampled_from([{}, PLAIN["tags"]])),
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any")


@settings(
    max_examples=250 if settings.get_current_profile_name() == THOROUGH else 20,
    deadline=None,
    # A smaller example is worth less than the time it takes: each is a synthesis.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(document=documents())
def test_any_environment_that_is_not_refused_synthesizes_without_a_finding(document: dict[str, Any], folder: Path):
    environment = describe(folder, "any", **document)
    assert refusals(environment) == ()
    made = Templates([environment], folder / str(len(list(folder.iterdir()))), check=True)
    assert beyond_limits(made) == []
    streams_made = {
        each["Properties"]["Name"]
        for stack in made.stacks("any") & {"streams"}
        for each in made.resources("any", stack, "Kinesis::Stream").values()
    }
    assert streams_made == {f"any-{name}" for name in document["streams"]}
    delivery_streams = {
        each["DeliveryStreamName"]
        for stack in made.stacks("any") & {"deliveries"}
        for each in made.properties("any", stack, "KinesisFirehose::DeliveryStream")
    }
    assert delivery_streams == {f"any-{name}" for name in document["deliveries"]}
    services = {
        each["ServiceName"]
        for stack in made.stacks("any") & {"connectors"}
        for each in made.properties("any", stack, "ECS::Service")
    }
    assert services == set(document["routes"])
