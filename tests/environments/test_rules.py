from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from environments import Environment, load_environment
from environments.connectors import FARGATE_MEMORY
from environments.quantities import format_size
from environments.rules.fitness import SANDBOX_PARTS
from sandbox.status import PARTS
from tests.environments.documents import VALID, cases, changed, told, write

DISTRIBUTION = {"url": "s3://team/kafka.tgz", "sha512": 128 * "a"}


def test_the_document_that_all_rules_change_is_valid(folder):
    assert told(write(folder, VALID)) == []


@pytest.mark.parametrize(("change", "report"), cases("rules"))
def test_what_aws_or_kafka_would_refuse_later_is_refused_now(folder, change, report):
    assert told(write(folder, changed(change))) == [report]


def test_more_tags_than_a_resource_can_have_are_refused(folder):
    tags = {f"tag-{number}": "x" for number in range(47)}
    (report,) = told(write(folder, changed({"tags": tags})))
    assert report == "tags: are 47 tags, above the maximum of 46 (of AWS's 50, four are set on top); remove some"
    tags.popitem()
    assert told(write(folder, changed({"tags": tags}))) == []


def test_more_partition_keys_than_firehose_takes_are_refused(folder):
    keys = {f"key{number}": ".key" for number in range(51)}
    prefix = "/".join(f"!{{partitionKeyFromQuery:{key}}}" for key in keys)
    change = {"deliveries": {"x": {"to": "s3", "prefix": prefix, "partition_by": keys, "buffer": {"size": "64MiB"}}}}
    (report,) = told(write(folder, changed(change)))
    assert report == "deliveries.x.partition_by: has 51 keys, above the Firehose maximum of 50; use at most 50"


def to_stream(**keys: Any) -> dict[str, Any]:
    return {"routes": {"x": {"from": {"topic": "orders"}, "to": {"stream": "clicks"}, **keys}}}


def to_archive(**keys: Any) -> dict[str, Any]:
    route = {"from": {"topic": "orders"}, "to": {"delivery": "x"}, **keys}
    return {"deliveries": {"x": {"to": "s3"}}, "routes": {"x": route}}


@pytest.mark.parametrize(
    "change",
    [
        {"topics": {"x": {"partitions": 1, "config": {"min.insync.replicas": 3}}}},
        {"topics": {"x": {"partitions": 1, "name": "a.b"}, "y": {"partitions": 1, "name": "a-b"}}},
        {"streams": {"x": {"mode": "on-demand", "retention": "24h"}, "y": {"mode": "on-demand", "retention": "365d"}}},
        {"streams": {"x": {"mode": "provisioned", "shards": 1}, "y": {"mode": "provisioned", "shards": 10_000}}},
        {"routes": {"x": {"from": {"topic": "orders"}, "to": {"stream": "clicks"}, "tasks": {"max": 12}}}},
        {"routes": {"x": {"from": {"topic": "clicks"}, "to": {"stream": "orders"}}}},
        {"routes": {"x": {"from": {"stream": "orders"}, "to": {"topic": "clicks"}}}},
        {"network": {"zones": ["eu-west-1a"], "cidr": "10.0.0.0/24"}},
        {"kafka": {"kind": "msk", "brokers": 2, "instance": "kafka.t3.small", "version": "3.9.x"}},
        {"kafka": {"kind": "external", "bootstrap": "[::1]:9092,broker.example.com:65535", "tls": False}},
        {"kafka": {"kind": "ec2", "distribution": DISTRIBUTION, "brokers": 3, "controllers": 0}},
        {"deliveries": {"x": {"to": "s3", "buffer": {"size": "128MiB", "interval": "0s"}, "prefix": "plain/"}}},
        {"deliveries": {"x": {"to": "s3"}}, "routes": {"x": {"from": {"topic": "orders"}, "to": {"delivery": "x"}}}},
        to_stream(tasks={"max": 4}, processes=3, linger="10s"),
        to_stream(processes=4),
        to_stream(ordering="none", partition_key="spread", aggregation="kpl"),
        to_stream(ordering="none", explicit_hash_key={"header": "shard"}),
        to_stream(explicit_hash_key=2**128 - 1, dead_letters={"topic": "clicks"}),
        to_stream(dead_letters={"stream": "orders"}),
        to_stream(format="envelope", tombstones="envelope", compression="zstd"),
        to_archive(packing="newline", delimiter="newline", dead_letters={"bucket": "x-y", "prefix": ""}),
        to_archive(compression="gzip", delimiter="none"),
    ],
    ids=str,
)
def test_what_lies_just_within_the_rules_is_valid(folder, change):
    if change.get("kafka", {}).get("kind") == "msk":
        change = {**change, "topics": {"orders": {"partitions": 12, "replication": 2}, "clicks": None}}
    assert told(write(folder, changed(change))) == []


SANDBOX = {"account": "000000000000", "sandbox": True}


@pytest.mark.parametrize("part", sorted(SANDBOX_PARTS))
def test_a_route_of_a_sandbox_is_not_called_like_a_part_of_it(folder, part):
    routes = {"routes": {part: {"from": {"topic": "orders"}, "to": {"stream": "clicks"}}}}
    (report,) = told(write(folder, changed(SANDBOX | routes)))
    assert report.startswith(f"routes.{part}: {part} is the name of a part of the sandbox")
    assert told(write(folder, changed(routes))) == []


def test_every_long_running_part_of_a_sandbox_keeps_its_name():
    assert set(PARTS) <= SANDBOX_PARTS


@pytest.mark.parametrize(("cpu", "sizes"), FARGATE_MEMORY.items())
def test_fargate_pairs_are_taken_and_the_next_size_is_not(folder, cpu, sizes):
    for size in (sizes[0], sizes[-1]):
        assert told(write(folder, changed({"connectors": {"cpu": cpu, "memory": format_size(size)}}))) == []
    beyond = format_size(sizes[-1] + (1 << 30))
    (report,) = told(write(folder, changed({"connectors": {"cpu": cpu, "memory": beyond}})))
    assert report.startswith(f"connectors.memory: {beyond} is no memory size that Fargate offers with cpu: {cpu};")


def closes_a_loop(document: dict[str, Any]) -> bool:
    try:
        Environment.model_validate(changed("{}") | document | {"name": "test"})
    except ValueError as error:
        return "closes a loop" in str(error)
    return False


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"), st.sampled_from("xyz"), st.booleans(), st.one_of(st.none(), st.sampled_from("abc"))
        ),
        max_size=8,
        unique_by=lambda edge: edge[:3],
    )
)
@settings(deadline=None)
def test_a_loop_is_told_exactly_when_there_is_one(edges):
    """Against the textbook: repeatedly take away what nothing leads to; a loop is what remains."""
    routes = {}
    remaining = set()
    for number, (topic, stream, back, rejected) in enumerate(edges):
        ends = ({"topic": topic}, {"stream": stream})
        source, target = ends[::-1] if back else ends
        routes[f"r{number}"] = {"from": source, "to": target}
        remaining.add((stream, topic) if back else (topic, stream))
        if rejected not in {None, topic}:
            routes[f"r{number}"]["dead_letters"] = {"topic": rejected}
            remaining.add((stream if back else topic, rejected))
    document = {
        "topics": {topic: {"partitions": 1} for topic in "abc"},
        "streams": {stream: {"mode": "on-demand"} for stream in "xyz"},
        "routes": routes,
    }
    while removable := {edge for edge in remaining if edge[0] not in {target for _, target in remaining}}:
        remaining -= removable
    assert closes_a_loop(document) == bool(remaining)


def test_a_long_chain_of_routes_is_no_problem():
    """The search for loops must not be recursive."""
    count = 1500
    document = changed(
        {
            "topics": {f"t{number}": {"partitions": 1} for number in range(count)},
            "streams": {f"s{number}": {"mode": "on-demand"} for number in range(count)},
        }
    )
    for number in range(count - 1):
        document["routes"][f"a{number}"] = {"from": {"topic": f"t{number}"}, "to": {"stream": f"s{number}"}}
        document["routes"][f"b{number}"] = {"from": {"stream": f"s{number}"}, "to": {"topic": f"t{number + 1}"}}
    assert not closes_a_loop(document)
    document["routes"]["last"] = {"from": {"topic": f"t{count - 1}"}, "to": {"stream": f"s{count - 1}"}}
    document["routes"]["back"] = {"from": {"stream": f"s{count - 1}"}, "to": {"topic": "t0"}}
    assert closes_a_loop(document)


def test_values_arrive_as_their_types(folder):
    change = {
        "routes": {"x": {"from": {"topic": "orders"}, "to": {"stream": "clicks"}, "start": "2026-01-31T00:00:00Z"}}
    }
    env = load_environment(write(folder, changed(change)))
    assert env.routes["x"].start == datetime(2026, 1, 31, tzinfo=UTC)
    assert env.routes["x"].tasks.max == env.routes["x"].tasks.min == 1
    assert env.network.zones == ("eu-west-1a", "eu-west-1b")


def test_an_unquoted_time_is_read_as_well(folder):
    text = VALID.replace("to: {stream: orders}}", "to: {stream: orders}, start: 2026-01-31T00:00:00Z}")
    start = load_environment(write(folder, text)).routes["orders-to-stream"].start
    assert start == datetime(2026, 1, 31, tzinfo=UTC)
