"""``streamops connector import``: what becomes of awslabs' configurations."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from cli.connector.awslabs.names import short_name
from cli.connector.awslabs.translation import Translation, translate
from cli.errors import CliError
from connector.config import FirehoseSink, KinesisSink, load_config
from environments import Route
from environments.identifiers import LONGEST_SHORT_NAME, SHORT_NAME
from tests.cli.conftest import ACCOUNT, REGION, Outcome, Project

KINESIS = {
    "name": "orders-to-kinesis",
    "connector.class": "com.amazon.kinesis.kafka.AmazonKinesisSinkConnector",
    "topics": "Orders_v1",
    "streamName": "OrderStream",
    "region": REGION,
}
FIREHOSE = {
    "name": "orders-to-archive",
    "connector.class": "com.amazon.kinesis.kafka.FirehoseSinkConnector",
    "topics": "Orders_v1",
    "deliveryStream": "OrderArchive",
    "region": REGION,
}
WORKER = {
    "bootstrap.servers": "b-1:9094,b-2:9094",
    "key.converter": "org.apache.kafka.connect.storage.StringConverter",
    "value.converter": "org.apache.kafka.connect.storage.StringConverter",
}
KINESIS_KEYS = {
    "kinesisEndpoint": "kinesis.example.com",
    "roleARN": f"arn:aws:iam::{ACCOUNT}:role/writer",
    "roleSessionName": "orders",
    "roleExternalID": "team-orders",
    "roleDurationSeconds": "3600",
    "maxBufferedTime": "1500",
    "maxConnections": "24",
    "rateLimit": "100",
    "ttl": "60000",
    "metricsLevel": "detailed",
    "metricsGranuality": "shard",
    "metricsNameSpace": "KafkaKinesis",
    "aggregation": "true",
    "usePartitionAsHashKey": "false",
    "flushSync": "true",
    "singleKinesisProducerPerPartition": "true",
    "pauseConsumption": "true",
    "outstandingRecordsThreshold": "500000",
    "sleepPeriod": "1000",
    "sleepCycles": "10",
}
FIREHOSE_KEYS = {
    **{key: value for key, value in KINESIS_KEYS.items() if key.startswith(("role", "kinesisEndpoint"))},
    "batch": "true",
    "batchSize": "400",
    "batchSizeInBytes": "3670016",
}
PASSWORD = "correct horse battery staple"
JAAS = f'org.apache.kafka.common.security.scram.ScramLoginModule required username="orders" password="{PASSWORD}";'


def write(folder: Path, values: Mapping[str, str], name: str = "connector.properties") -> str:
    path = folder / name
    path.write_text("".join(f"{key}={value}\n" for key, value in values.items()), "latin-1")
    return str(path)


def fates(translation: Translation) -> dict[str, str]:
    return {answer.key: answer.fate for answer in translation.remarks}


def routes(outcome: Outcome) -> dict[str, Any]:
    assert outcome.exit_code == 0, outcome.stderr
    document: dict[str, Any] = YAML(typ="safe", pure=True).load(outcome.stdout)["routes"]
    return document


def only(translation: Translation) -> dict[str, Any]:
    (document,) = translation.documents.values()
    return document


def standalone(*parts: Mapping[str, str]) -> dict[str, Any]:
    properties: dict[str, str] = {}
    for part in parts:
        properties |= part
    return only(translate(properties, standalone=True))


@pytest.fixture
def declared(project: Project) -> str:
    """An environment that declares what both connectors read and write."""
    return project.write(
        topics={"orders": {"partitions": 6, "name": "Orders_v1"}},
        streams={"orders": {"mode": "on-demand", "name": "OrderStream"}},
        deliveries={"archive": {"to": "s3", "name": "OrderArchive"}},
    )


def test_a_route_to_a_stream_is_written_with_the_names_of_the_environment(project: Project, declared: str):
    file = write(project.folder, {**KINESIS, "tasks.max": "4", "maxBufferedTime": "1500", "aggregation": "true"})
    assert routes(project.run("connector", "import", file, "-e", declared)) == {
        "orders-to-kinesis": {
            "from": {"topic": "orders"},
            "to": {"stream": "orders"},
            "tasks": {"min": 1, "max": 4},
            "linger": "1500ms",
            "aggregation": "kpl",
        }
    }


def test_a_route_to_a_delivery_keeps_records_as_they_came(project: Project, declared: str):
    outcome = project.run("connector", "import", write(project.folder, FIREHOSE), "-e", declared)
    assert routes(outcome) == {
        "orders-to-archive": {"from": {"topic": "orders"}, "to": {"delivery": "archive"}, "delimiter": "none"}
    }
    assert "take it out to have a line each" in outcome.stderr


@pytest.mark.parametrize(("sink", "keys"), [(KINESIS, KINESIS_KEYS), (FIREHOSE, FIREHOSE_KEYS)], ids=["kds", "fh"])
def test_what_is_written_is_valid_in_the_file_it_is_put_into(
    project: Project, declared: str, sink: dict[str, str], keys: dict[str, str]
):
    outcome = project.run("connector", "import", write(project.folder, {**sink, **keys}), "-e", declared)
    file = project.folder / f"{declared}.yaml"
    file.write_text(file.read_text("utf-8") + outcome.stdout, "utf-8")
    assert project.run("env", "validate", declared).exit_code == 0


def test_without_an_environment_it_says_what_to_declare(project: Project):
    outcome = project.run("connector", "import", write(project.folder, KINESIS))
    route = routes(outcome)["orders-to-kinesis"]
    assert route["from"] == {"topic": "orders-v1"}
    assert route["to"] == {"stream": "orderstream"}
    assert "declare topics.orders-v1 with name: Orders_v1, and its partitions" in outcome.stderr
    assert "declare streams.orderstream with name: OrderStream, and its mode" in outcome.stderr
    assert f"region: {REGION}" in outcome.stderr


@pytest.mark.parametrize(("sink", "keys"), [(KINESIS, KINESIS_KEYS), (FIREHOSE, FIREHOSE_KEYS)], ids=["kds", "fh"])
@pytest.mark.parametrize("alone", [False, True])
def test_every_key_of_the_connector_is_answered_for(sink: dict[str, str], keys: dict[str, str], alone: bool):
    properties = {**sink, "tasks.max": "1", **keys, **WORKER}
    translation = translate(properties, standalone=alone)
    assert list(fates(translation)) == list(properties)
    assert set(fates(translation).values()) == {"carried", "left out"}
    assert all(answer.what for answer in translation.remarks)


def test_what_the_image_is_told_is_all_that_the_keys_mean():
    config = load_config(as_yaml(standalone(KINESIS, KINESIS_KEYS, WORKER)), "imported")
    assert (config.route, config.source.topic, config.source.group) == (
        "orders-to-kinesis",
        "Orders_v1",
        "connect-orders-to-kinesis",
    )
    assert config.source.bootstrap == "b-1:9094,b-2:9094"
    assert config.source.linger.total_seconds() == 1.5
    sink = config.sink
    assert isinstance(sink, KinesisSink)
    assert (sink.stream, sink.region, sink.endpoint) == ("OrderStream", REGION, "https://kinesis.example.com")
    assert (sink.aggregation, sink.connections) == ("kpl", 24)
    assert sink.role is not None
    assert (sink.role.arn, sink.role.external_id, sink.role.session) == (
        KINESIS_KEYS["roleARN"],
        "team-orders",
        "orders",
    )
    assert config.emf is not None
    assert config.emf.namespace == "KafkaKinesis"


def test_what_the_image_is_told_of_firehose_keeps_its_batches():
    config = load_config(as_yaml(standalone(FIREHOSE, FIREHOSE_KEYS, WORKER)), "imported")
    assert isinstance(config.sink, FirehoseSink)
    assert config.sink.delivery_stream == "OrderArchive"
    assert config.sink.delimiter == "none"
    assert (config.sink.limits.records, config.sink.limits.request) == (400, 3670016)


def as_yaml(document: dict[str, Any]) -> str:
    text = io.StringIO()
    YAML(typ="safe", pure=True).dump(document, text)
    return text.getvalue()


def test_alone_it_prints_what_the_image_reads(project: Project):
    files = [write(project.folder, KINESIS), write(project.folder, WORKER, "worker.properties")]
    outcome = project.run("connector", "import", *files, "--standalone")
    assert load_config(outcome.stdout, "imported").source.bootstrap == "b-1:9094,b-2:9094"
    assert "python -m connector check" in outcome.stderr


def test_alone_it_needs_to_know_the_brokers(project: Project):
    outcome = project.run("connector", "import", write(project.folder, KINESIS), "--standalone")
    assert outcome.exit_code == 1
    assert outcome.stdout == ""
    assert "bootstrap.servers is missing" in outcome.stderr
    assert "worker.properties" in outcome.stderr


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"security.protocol": "SSL"}, {"protocol": "tls"}),
        (
            {"consumer.security.protocol": "SASL_SSL", "consumer.sasl.mechanism": "SCRAM-SHA-512"},
            {
                "protocol": "sasl-tls",
                "mechanism": "scram-sha-512",
                "username": {"env": "KAFKA_USERNAME"},
                "password": {"env": "KAFKA_PASSWORD"},
            },
        ),
        (
            {"security.protocol": "SSL", "consumer.override.security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN"},
            {
                "protocol": "sasl-tls",
                "mechanism": "plain",
                "username": {"env": "KAFKA_USERNAME"},
                "password": {"env": "KAFKA_PASSWORD"},
            },
        ),
    ],
    ids=["tls", "of the consumer", "its own before the worker's"],
)
def test_brokers_are_reached_as_before(keys: dict[str, str], expected: dict[str, Any]):
    document = standalone(KINESIS, WORKER, keys)
    assert document["source"]["security"] == expected
    load_config(as_yaml(document), "imported")


def test_brokers_in_the_clear_need_no_word():
    assert "security" not in standalone(KINESIS, WORKER, {"security.protocol": "PLAINTEXT"})["source"]


@pytest.mark.parametrize("format_", ["table", "json", "yaml"])
@pytest.mark.parametrize("alone", [[], ["--standalone"]], ids=["route", "standalone"])
def test_no_password_is_ever_shown(project: Project, format_: str, alone: list[str]):
    secrets = {
        "consumer.override.security.protocol": "SASL_SSL",
        "consumer.override.sasl.mechanism": "SCRAM-SHA-512",
        "consumer.override.sasl.jaas.config": JAAS,
        "ssl.truststore.password": PASSWORD,
        "consumer.ssl.keystore.key": PASSWORD,
        "consumer.ssl.key.password": PASSWORD,
        "producer.ssl.keystore.password": PASSWORD,
        "my.secret.thing": PASSWORD,
    }
    file = write(project.folder, {**KINESIS, **WORKER, **secrets})
    outcome = project.run("connector", "import", file, "-o", format_, *alone)
    assert outcome.exit_code == 0
    assert "sasl.jaas.config" in outcome.stdout + outcome.stderr
    assert PASSWORD not in outcome.stdout + outcome.stderr


@pytest.mark.parametrize(
    ("keys", "named", "way_out"),
    [
        ({"topics.regex": "orders.*"}, "topics.regex", "list them in topics"),
        ({"transforms": "mask"}, "transforms", "changes records"),
        ({"value.converter": "io.confluent.connect.avro.AvroConverter"}, "value.converter", "take the key out"),
        ({"value.converter": "org.apache.kafka.connect.json.JsonConverter"}, "value.converter", "take the key out"),
        ({"errors.tolerance": "all"}, "errors.tolerance", "errors.deadletterqueue.topic.name"),
        ({"consumer.override.auto.offset.reset": "none"}, "auto.offset.reset", "earliest or latest"),
        ({"maxBufferedTime": "soon"}, "maxBufferedTime", "whole number"),
        ({"maxBufferedTime": "${file:/x:y}"}, "maxBufferedTime", "write the value itself"),
    ],
    ids=str,
)
def test_what_would_not_mean_the_same_is_refused_by_name_and_nothing_is_written(
    project: Project, keys: dict[str, str], named: str, way_out: str
):
    outcome = project.run("connector", "import", write(project.folder, {**KINESIS, **keys}))
    assert outcome.exit_code == 1
    assert outcome.stdout == ""
    error = outcome.stderr.partition("error: ")[2]
    assert named in error
    assert way_out in error


@pytest.mark.parametrize("mechanism", ["GSSAPI", "OAUTHBEARER"])
def test_a_way_to_prove_who_one_is_that_cannot_be_copied_is_refused(mechanism: str):
    keys = {"security.protocol": "SASL_SSL", "sasl.mechanism": mechanism}
    (refused,) = translate({**KINESIS, **WORKER, **keys}, standalone=True).refused
    assert (refused.key, refused.fate) == ("sasl.mechanism", "refused")
    assert mechanism in refused.what
    assert not translate({**KINESIS, **WORKER, **keys}).refused


@pytest.mark.parametrize("key", ["name", "topics", "streamName", "connector.class"])
def test_without_what_makes_a_connector_there_is_no_route(key: str):
    with pytest.raises(CliError, match=f"{key} is missing"):
        translate({name: value for name, value in KINESIS.items() if name != key})


def test_another_connector_is_not_taken_for_this_one():
    with pytest.raises(CliError, match="not a connector of awslabs"):
        translate({**KINESIS, "connector.class": "io.confluent.connect.s3.S3SinkConnector"})


@pytest.mark.parametrize("named", ["AmazonKinesisSinkConnector", "AmazonKinesisSink"])
def test_a_connector_may_be_named_as_connect_allows(named: str):
    assert translate({**KINESIS, "connector.class": named}).documents


def test_each_topic_gets_a_route_of_its_own(project: Project):
    file = write(project.folder, {**KINESIS, "topics": "orders, clicks ,"})
    made = routes(project.run("connector", "import", file))
    assert {name: route["from"]["topic"] for name, route in made.items()} == {
        "orders-to-kinesis-orders": "orders",
        "orders-to-kinesis-clicks": "clicks",
    }
    both = write(project.folder, {**WORKER, **KINESIS, "topics": "a,b"}, "both.properties")
    alone = project.run("connector", "import", both, "--standalone")
    assert alone.exit_code == 1
    assert "--topic NAME" in alone.stderr
    one = project.run("connector", "import", file, "--topic", "clicks")
    assert list(routes(one)) == ["orders-to-kinesis-clicks"]
    assert project.run("connector", "import", file, "--topic", "cliks").exit_code == 1


def test_partitions_as_hash_keys_become_what_they_were_meant_to_be():
    translation = translate({**KINESIS, "usePartitionAsHashKey": "TRUE"})
    assert only(translation)["partition_key"] == "partition"
    assert "every record went to the first shard" in next(
        answer.what for answer in translation.remarks if answer.key == "usePartitionAsHashKey"
    )


def notes_on_keyless_records(translation: Translation) -> list[str]:
    return [line for line in translation.to_do if line.startswith("records without a key")]


def test_a_note_tells_that_records_without_a_key_no_longer_stay_together(project: Project, declared: str):
    outcome = project.run("connector", "import", write(project.folder, KINESIS), "-e", declared)
    assert "note: records without a key, which were kept together by Kafka partition, spread" in outcome.stderr
    assert "set partition_key: partition" in outcome.stderr
    assert "partition_key" not in routes(outcome)["orders-to-kinesis"], "it would count for records with a key too"
    alone = translate({**KINESIS, **WORKER, "usePartitionAsHashKey": "false"}, standalone=True)
    assert ["set sink.partition_key: partition" in line for line in notes_on_keyless_records(alone)] == [True]


@pytest.mark.parametrize("properties", [{**KINESIS, "usePartitionAsHashKey": "true"}, FIREHOSE])
def test_nothing_is_noted_where_they_stay_together_or_there_are_no_shards(properties: dict[str, str]):
    assert notes_on_keyless_records(translate(properties)) == []


@pytest.mark.parametrize("key", ["aggregation", "aggregration"])
def test_aggregation_is_known_in_both_spellings(key: str):
    assert only(translate({**KINESIS, key: "true"}))["aggregation"] == "kpl"
    assert "aggregation" not in only(translate({**KINESIS, key: "false"}))


@pytest.mark.parametrize(("given_", "linger"), [("0", "1ms"), ("100", "100ms"), ("15000", "10s"), ("2000", "2s")])
def test_buffering_becomes_linger_within_its_bounds(given_: str, linger: str):
    assert only(translate({**KINESIS, "maxBufferedTime": given_}))["linger"] == linger


def test_what_connect_set_aside_goes_to_the_same_topic(project: Project, declared: str):
    keys = {"errors.tolerance": "all", "errors.deadletterqueue.topic.name": "Rejected"}
    outcome = project.run("connector", "import", write(project.folder, {**KINESIS, **keys}), "-e", declared)
    assert routes(outcome)["orders-to-kinesis"]["dead_letters"] == {"topic": "rejected"}
    assert "declare topics.rejected with name: Rejected" in outcome.stderr
    assert standalone(KINESIS, WORKER, keys)["dead_letters"] == {"topic": "Rejected"}


def test_the_image_goes_on_in_the_group_that_connect_committed_in():
    assert standalone(KINESIS, WORKER)["source"]["group"] == "connect-orders-to-kinesis"
    assert standalone(KINESIS, WORKER, {"consumer.override.group.id": "mine"})["source"]["group"] == "mine"
    assert standalone(KINESIS, WORKER, {"group.id": "workers"})["source"]["group"] == "connect-orders-to-kinesis"


def test_a_route_says_that_it_begins_anew_unless_it_is_told_where():
    assert any("a group of its own" in line for line in translate(KINESIS).to_do)
    told = translate({**KINESIS, "consumer.override.auto.offset.reset": "latest"})
    assert only(told)["start"] == "latest"


def test_what_the_connector_says_of_its_consumer_wins_wherever_it_stands():
    keys = {"consumer.override.auto.offset.reset": "latest", "consumer.auto.offset.reset": "earliest"}
    for order in (keys, dict(reversed(keys.items()))):
        assert only(translate({**KINESIS, **order}))["start"] == "latest"


def test_a_key_of_consumers_means_nothing_to_a_worker():
    translation = translate({**KINESIS, "auto.offset.reset": "latest"})
    assert "start" not in only(translation)
    assert fates(translation)["auto.offset.reset"] == "unknown"


def test_more_tasks_than_partitions_are_as_many_as_partitions(project: Project, declared: str):
    file = write(project.folder, {**KINESIS, "tasks.max": "50"})
    made = routes(project.run("connector", "import", file, "-e", declared))
    assert made["orders-to-kinesis"]["tasks"] == {"min": 1, "max": 6}


@pytest.mark.parametrize(
    ("keys", "named"),
    [({"region": "us-east-1"}, "region"), ({"roleARN": "arn:aws:iam::999999999999:role/writer"}, "roleARN")],
    ids=["region", "account"],
)
def test_an_environment_elsewhere_is_refused(project: Project, declared: str, keys: dict[str, str], named: str):
    outcome = project.run("connector", "import", write(project.folder, {**KINESIS, **keys}), "-e", declared)
    assert outcome.exit_code == 1
    assert named in outcome.stderr.partition("error: ")[2]
    assert outcome.stdout == ""


def test_the_rules_of_the_environment_are_asked(project: Project):
    name = project.write(
        topics={"orders": {"partitions": 6, "name": "Orders_v1"}},
        streams={"orders": {"mode": "on-demand", "name": "OrderStream"}},
        routes={"there": {"from": {"topic": "orders"}, "to": {"stream": "orders"}}},
    )
    file = write(project.folder, KINESIS)
    outcome = project.run("connector", "import", file, "-e", name)
    assert outcome.exit_code == 1
    assert "routes.orders-to-kinesis: orders-to-kinesis moves the same records" in outcome.stderr
    twice = project.run("connector", "import", write(project.folder, {**KINESIS, "name": "there"}), "-e", name)
    assert twice.exit_code == 1
    assert "stands in" in twice.stderr


def test_a_mistyped_key_is_told_with_what_was_meant():
    (answer,) = [each for each in translate({**KINESIS, "maxBufferdTime": "5"}).remarks if each.fate == "unknown"]
    assert "maxBufferedTime" in answer.what
    (other,) = [each for each in translate({**KINESIS, "batchSize": "5"}).remarks if each.fate == "unknown"]
    assert "other sink" in other.what


def test_the_json_answer_has_the_route_and_every_remark(project: Project):
    answer = project.run("connector", "import", write(project.folder, KINESIS), "-o", "json").answer
    assert (answer["_command"], answer["status"]) == ("connector import", "none")
    (item,) = answer["items"]
    assert item["name"] == "orders-to-kinesis"
    assert item["route"]["from"] == {"topic": "orders-v1"}
    assert [remark["key"] for remark in answer["remarks"]] == list(KINESIS)
    assert answer["notes"]


JAVA = r"""
# a comment, and \
! another kind of one
   name = orders\u002dto\u002dkinesis
connector.class:com.amazon.kinesis.kafka.AmazonKinesisSinkConnector
topics   orders,\
         clicks
streamName=first
stream\
Name = Caf\u00e9-\:x
empty
ttl = one\ttwo
"""


def test_properties_are_read_as_java_reads_them(project: Project):
    path = project.folder / "java.properties"
    path.write_bytes(JAVA.encode("latin-1") + b"comment = \xe9\r\nlast=1")
    answer = project.run("connector", "import", str(path), "-o", "json").answer
    told = {remark["key"]: remark["value"] for remark in answer["remarks"]}
    assert told["name"] == "orders-to-kinesis"
    assert told["topics"] == "orders,clicks"
    assert told["streamName"] == "Café-:x"
    assert told["empty"] == ""
    assert told["ttl"] == "one\ttwo"
    assert told["comment"] == "é"
    assert told["last"] == "1"


def test_a_broken_escape_is_told_with_its_file(project: Project):
    path = project.folder / "broken.properties"
    path.write_text("name=\\u00zz\n")
    outcome = project.run("connector", "import", str(path))
    assert outcome.exit_code == 1
    assert "broken.properties" in outcome.stderr
    assert "\\u00zz" in outcome.stderr


def test_a_file_that_is_not_there_is_told_by_its_name(project: Project):
    outcome = project.run("connector", "import", str(project.folder / "gone.properties"))
    assert outcome.exit_code == 1
    assert "gone.properties: No such file" in outcome.stderr


def test_what_the_connector_says_wins_over_its_worker(project: Project):
    worker = write(project.folder, {**WORKER, "tasks.max": "9"}, "worker.properties")
    connector = write(project.folder, {**KINESIS, "tasks.max": "2"})
    for files in ([connector, worker], [worker, connector]):
        made = routes(project.run("connector", "import", *files))
        assert made["orders-to-kinesis"]["tasks"]["max"] == 2


@given(st.text(max_size=80), st.sets(st.text(max_size=5)))
def test_any_name_has_a_short_name_of_its_own(text: str, taken: set[str]):
    name = short_name(text, taken)
    assert SHORT_NAME.matches(name)
    assert len(name) <= LONGEST_SHORT_NAME
    assert name not in taken


VALUES = st.one_of(
    st.sampled_from(
        ["true", "false", "", "0", "-1", "1500", "99999999999", "none", "detailed", "latest", "all", "${x:y}"]
    ),
    st.text(max_size=8),
)


@given(
    st.sampled_from([KINESIS, FIREHOSE]),
    st.dictionaries(st.sampled_from(sorted({**KINESIS_KEYS, **FIREHOSE_KEYS, **WORKER, "tasks.max": ""})), VALUES),
    st.sampled_from(["orders", "a,b", "Ünï/cödé", "1", "-,_"]),
    st.booleans(),
)
def test_whatever_the_keys_say_it_is_a_valid_route_or_refused_by_name(
    sink: dict[str, str], keys: dict[str, str], topics: str, alone: bool
):
    properties = {**sink, **keys, "topics": topics}
    try:
        translation = translate(properties, standalone=alone)
    except CliError as error:
        event(error.message)
        return
    assert list(fates(translation)) == list(properties)
    if not alone and not translation.refused:
        for route in translation.documents.values():
            Route.model_validate(route)
