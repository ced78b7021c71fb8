import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types

from environments import Environment, find_environments, json_schema, load_environment
from tests.environments.documents import VALID, changed, documents, write

SCHEMA = json_schema()
VALIDATOR = Draft202012Validator(SCHEMA)


@given(documents())
@settings(max_examples=60, deadline=None)
def test_the_document_of_an_environment_loads_as_the_same_environment(folder, document):
    environment = load_environment(write(folder, document))
    assert load_environment(write(folder, environment.to_document())) == environment


@given(documents())
@settings(max_examples=60, deadline=None)
def test_every_valid_file_passes_the_schema(folder, document):
    environment = load_environment(write(folder, document))
    assert not list(VALIDATOR.iter_errors(document))
    assert not list(VALIDATOR.iter_errors(environment.to_document()))


def test_the_schema_is_a_valid_schema():
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "change",
    [
        "streams: {orders: {mode: provisioned, shards: 4, retension: 2d}}",
        "streams: {orders: {mode: provisioned, shards: 0}}",
        "streams: {orders: {mode: on-demand, shards: 4}}",
        "streams: {Orders: {mode: on-demand}}",
        "streams: {orders: {mode: on-demand, retention: 24}}",
        "topics: {orders: {partitions: 12, config: {min.insync.replica: 2}}}",
        "topics: {orders: {partitions: twelve}}",
        "account: 111122223333",
        "region: null",
        "name: test",
        "kafka: {kind: redpanda}",
        "routes: {orders-to-stream: {source: {topic: orders}, to: {stream: orders}}}",
    ],
)
def test_an_editor_sees_what_a_schema_can_tell(change):
    assert list(VALIDATOR.iter_errors(changed(change)))


def test_every_key_of_the_schema_is_described():
    sections = [SCHEMA, *SCHEMA["$defs"].values()]
    bare = [key for section in sections for key, told in section["properties"].items() if not told.get("description")]
    assert bare == []


def test_defaults_stand_in_the_schema_as_they_are_written():
    topic = SCHEMA["$defs"]["Topic"]["properties"]
    assert topic["retention"]["default"] == "7d"
    assert SCHEMA["$defs"]["ConnectorSettings"]["properties"]["memory"]["default"] == "1GiB"


def test_the_document_is_plain_and_complete(folder):
    document = load_environment(write(folder, VALID)).to_document()
    assert "name" not in document
    assert document["topics"]["orders"] == {
        "partitions": 12,
        "replication": 3,
        "retention": "7d",
        "config": {},
        "manage": "cli",
    }
    assert document["streams"]["orders"] == {
        "mode": "provisioned",
        "retention": "1d",
        "encryption": "managed",
        "max_record_size": "1MiB",
        "shard_metrics": [],
        "consumers": {},
        "share": {},
        "shards": 4,
    }
    assert document["routes"]["orders-to-stream"]["from"] == {"topic": "orders"}
    assert document["connectors"]["memory"] == "1GiB"


def test_infinite_retention_survives_the_round_trip(folder):
    document = changed("topics: {orders: {partitions: 12, retention: infinite}}")
    environment = load_environment(write(folder, document))
    assert environment.topics["orders"].retention is None
    assert environment.to_document()["topics"]["orders"]["retention"] == "infinite"


def test_settings_are_kept_in_one_spelling(folder):
    written = {
        "min.insync.replicas": 2,
        "unclean.leader.election.enable": True,
        "min.cleanable.dirty.ratio": "0.50",
    }
    change = {"topics": {"orders": {"partitions": 12, "config": written}}}
    config = load_environment(write(folder, changed(change))).topics["orders"].config
    assert config == {
        "min.insync.replicas": "2",
        "unclean.leader.election.enable": "true",
        "min.cleanable.dirty.ratio": "0.5",
    }


@pytest.mark.parametrize("name", find_environments())
def test_the_shipped_environments_load_and_pass_the_schema(name):
    assert not list(VALIDATOR.iter_errors(load_environment(name).to_document()))


def test_an_environment_cannot_be_changed(folder):
    environment: Environment = load_environment(write(folder, VALID))
    with pytest.raises(ValueError, match="frozen"):
        environment.region = "us-east-1"
