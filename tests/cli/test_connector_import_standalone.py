"""What ``streamops connector import`` makes of empty keys, switches and values that the image would not take."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Mapping
from pathlib import Path

import javaproperties
import pytest
from botocore.utils import is_valid_endpoint_url, validate_region_name
from hypothesis import event, example, given
from hypothesis import strategies as st

from cli.connector.awslabs import connect, keys, translation
from cli.connector.awslabs.draft import CONSUMER_PREFIXES
from cli.connector.awslabs.properties import read_properties
from cli.connector.awslabs.translation import translate
from cli.errors import CliError
from cli.section_yaml import print_yaml
from connector.config import ConfigError, FirehoseSink, load_config
from tests.cli.conftest import Project
from tests.cli.test_connector_import import (
    FIREHOSE,
    FIREHOSE_KEYS,
    KINESIS,
    KINESIS_KEYS,
    WORKER,
    as_yaml,
    only,
    standalone,
    write,
)

CONNECT = {
    "tasks.max": "2",
    "errors.tolerance": "all",
    "errors.deadletterqueue.topic.name": "Rejected",
    "consumer.override.auto.offset.reset": "latest",
    "consumer.override.group.id": "readers",
    "consumer.override.group.instance.id": "reader-1",
    "security.protocol": "SASL_SSL",
    "sasl.mechanism": "SCRAM-SHA-512",
    "ssl.truststore.location": "/etc/kafka/trust.jks",
}
SINKS: list[tuple[dict[str, str], dict[str, str]]] = [(KINESIS, KINESIS_KEYS), (FIREHOSE, FIREHOSE_KEYS)]
OF_CONSUMERS = [
    f"{prefix}{key}" for prefix in CONSUMER_PREFIXES for key in {**connect.HANDLERS, **connect.OF_CONSUMERS}
]
ANSWERED = {
    *(KINESIS.keys() | FIREHOSE.keys() | CONNECT.keys() | WORKER.keys()),
    *(keys.BOTH.keys() | keys.KINESIS.keys() | keys.FIREHOSE.keys() | keys.LEFT_OUT.keys()),
    *(connect.HANDLERS.keys() | connect.LEFT_OUT.keys()),
    *OF_CONSUMERS,
    "transforms.mask.type",
    "no.such.key",
}


def outcome(properties: Mapping[str, str], alone: bool) -> object:
    try:
        made = translate(properties, standalone=alone)
    except CliError as error:
        return str(error)
    return made.documents, made.to_do, [(each.key, each.what) for each in made.refused]


@pytest.mark.parametrize("alone", [False, True], ids=["route", "standalone"])
@pytest.mark.parametrize(("sink", "own"), SINKS, ids=["kinesis", "firehose"])
def test_an_empty_key_of_whatever_name_is_as_good_as_none(sink: dict[str, str], own: dict[str, str], alone: bool):
    whole = {**WORKER, **CONNECT, **sink, **own}
    for key in sorted(ANSWERED):
        without = {name: value for name, value in whole.items() if name != key}
        for empty in ("", " \t"):
            assert outcome({**without, key: empty}, alone) == outcome(without, alone), key
            try:
                told = translate({**without, key: empty}, standalone=alone).remarks[-1]
            except CliError:
                continue  # without it there is no connector
            assert (told.key, told.fate) == (key, "left out")
            assert told.what.startswith("empty")
        if key in whole:
            # It would mean something, were it not empty.
            assert key in {remark.key for remark in translate(whole, standalone=alone).remarks}


def test_a_template_that_nobody_filled_in_is_imported(project: Project):
    empty = dict.fromkeys(("roleARN", "roleExternalID", "kinesisEndpoint", "maxBufferedTime", "transforms"), "")
    files = [write(project.folder, {**KINESIS, **empty}), write(project.folder, WORKER, "worker.properties")]
    alone = project.run("connector", "import", *files, "--standalone")
    assert alone.exit_code == 0
    assert load_config(alone.stdout, "imported").sink.role is None
    route = project.run("connector", "import", *files)
    assert route.exit_code == 0
    assert "(here " not in route.stderr
    assert route.stderr.count("empty, as if it were not there") == len(empty)


def test_what_is_empty_in_the_connector_does_not_hide_what_its_worker_says(project: Project):
    worker = write(project.folder, {**WORKER, "consumer.group.id": "readers"}, "worker.properties")
    connector = write(project.folder, {**KINESIS, "consumer.group.id": "", "bootstrap.servers": ""})
    for files in ([connector, worker], [worker, connector]):
        made = project.run("connector", "import", *files, "--standalone")
        source = load_config(made.stdout, "imported").source
        assert (source.group, source.bootstrap) == ("readers", WORKER["bootstrap.servers"])


@pytest.mark.parametrize(("key", "field"), [("aggregation", "aggregation"), ("usePartitionAsHashKey", "partition_key")])
@pytest.mark.parametrize("value", ["ja", "1", "yes", "on", "true ", "t"])
def test_a_switch_that_is_not_true_is_off_as_it_was_and_that_is_said(key: str, field: str, value: str):
    made = translate({**KINESIS, key: value})
    assert field not in only(made)
    assert f"({value!r} is not true, so off, as the old connector read it)" in made.remarks[-1].what


@pytest.mark.parametrize(("value", "on"), [("true", True), ("TRUE", True), ("false", False), ("False", False)])
def test_of_true_and_false_nothing_more_is_said(value: str, on: bool):
    made = translate({**KINESIS, "aggregation": value})
    assert ("aggregation" in only(made)) is on
    assert "is not true" not in made.remarks[-1].what


@pytest.mark.parametrize("switch", ["", "true", "ja"])
def test_only_a_plain_false_says_that_json_has_no_schemas(switch: str):
    """Connect reads this switch itself, and starts with nothing but true and false."""
    json = {"value.converter": "org.apache.kafka.connect.json.JsonConverter"}
    assert translate({**KINESIS, **json, "value.converter.schemas.enable": switch}).refused
    assert not translate({**KINESIS, **json, "value.converter.schemas.enable": "False "}).refused


@pytest.mark.parametrize("value", ["zwei", "1_000", "1.5", "٣x", "9" * 5000])
def test_what_java_reads_as_no_number_is_refused(value: str):
    (refused,) = translate({**KINESIS, "maxBufferedTime": value}).refused
    assert refused.key == "maxBufferedTime"


def test_brokers_are_a_list_as_kafka_reads_lists():
    source = standalone(KINESIS, WORKER, {"bootstrap.servers": " b-1:9094 ,b-2:9094, "})["source"]
    assert source["bootstrap"] == "b-1:9094,b-2:9094"


def test_what_is_said_of_consumers_wins_over_what_is_said_of_all():
    said = {"bootstrap.servers": "all:1", "consumer.bootstrap.servers": "readers:1"}
    for order in (said, dict(reversed(said.items()))):
        assert standalone(KINESIS, order)["source"]["bootstrap"] == "readers:1"
    own = {**said, "consumer.override.bootstrap.servers": "own:1"}
    assert standalone(KINESIS, own)["source"]["bootstrap"] == "own:1"


@pytest.mark.parametrize("size", ["1", "100000", "1024000", "3670016", "99999999"])
def test_a_batch_of_whatever_size_has_room_for_a_record(size: str):
    """awslabs' connector sent a batch once it was past its size; a limit below a record's would refuse records."""
    sink = load_config(as_yaml(standalone(FIREHOSE, WORKER, {"batchSizeInBytes": size})), "imported").sink
    assert isinstance(sink, FirehoseSink)
    assert sink.limits.record == 1000 << 10
    assert sink.limits.record <= sink.limits.request <= 4 << 20


WRONG = [
    (KINESIS, {"streamName": "dev orders"}),
    (KINESIS, {"topics": "Ünï/cödé"}),
    (KINESIS, {"name": "x" * 300}),
    (KINESIS, {"region": "eu west"}),
    (KINESIS, {"roleARN": "writer"}),
    (KINESIS, {"roleExternalID": "a b", "roleARN": KINESIS_KEYS["roleARN"]}),
    (KINESIS, {"roleSessionName": "x", "roleARN": KINESIS_KEYS["roleARN"]}),
    (KINESIS, {"kinesisEndpoint": "https://kinesis.example.com/path"}),
    (KINESIS, {"metricsNameSpace": "käse", "metricsLevel": "detailed"}),
    (KINESIS, {"metricsLevel": "loud"}),
    (KINESIS, {"consumer.override.group.id": "g" * 256}),
    (KINESIS, {"consumer.group.instance.id": "one two"}),
    (KINESIS, {"consumer.bootstrap.servers": "b-1"}),
    (KINESIS, {"security.protocol": "TLS"}),
    (KINESIS, {"consumer.sasl.mechanism": "GSSAPI", "security.protocol": "SASL_SSL"}),
    (KINESIS, {"errors.deadletterqueue.topic.name": KINESIS["topics"]}),
    (FIREHOSE, {"deliveryStream": "a/b"}),
]


@pytest.mark.parametrize(("sink", "wrong"), WRONG, ids=lambda each: next(iter(each)) if len(each) < 4 else "")
def test_what_the_image_would_refuse_is_refused_by_file_key_and_value(
    project: Project, sink: dict[str, str], wrong: dict[str, str]
):
    files = [write(project.folder, {**sink, **wrong}), write(project.folder, WORKER, "worker.properties")]
    outcome = project.run("connector", "import", *files, "--standalone")
    assert (outcome.exit_code, outcome.stdout) == (1, "")
    key, value = next(iter(wrong.items()))
    assert f"connector.properties: {key}={value} " in outcome.stderr.partition("error: ")[2]


def test_all_that_is_refused_is_told_at_once(project: Project):
    wrong = {"tasks.max": "zwei", "streamName": "dev orders", "roleARN": "writer"}
    file = write(project.folder, {**WORKER, **KINESIS, **wrong})
    told = project.run("connector", "import", file, "--standalone").stderr.partition("error: ")[2]
    assert all(f"{key}={value}" in told for key, value in wrong.items())


@pytest.mark.parametrize("key", ["kinesisEndpoint", "consumer.bootstrap.servers"])
def test_a_password_in_an_address_is_refused_and_not_shown(project: Project, key: str):
    file = write(project.folder, {**WORKER, **KINESIS, key: "orders:correct-horse@host:9092"})
    outcome = project.run("connector", "import", file, "--standalone")
    assert outcome.exit_code == 1
    assert f"{key}=(hidden)" in outcome.stderr
    assert "correct-horse" not in outcome.stderr


def test_half_of_a_character_is_told_with_its_file_and_key(project: Project):
    path = project.folder / "half.properties"
    path.write_text("name=\\ud800x\n")
    outcome = project.run("connector", "import", str(path), "-o", "json")
    assert outcome.exit_code == 1
    assert "half.properties: 'name' holds \\ud800" in outcome.stderr


def test_what_is_missing_is_told_with_the_files_that_were_read(project: Project):
    outcome = project.run("connector", "import", write(project.folder, WORKER, "worker.properties"))
    assert outcome.exit_code == 1
    assert "worker.properties: connector.class is missing" in outcome.stderr


def test_without_a_region_it_is_said_where_one_has_to_be_named():
    told = translate({**KINESIS, **WORKER, "region": ""}, standalone=True).to_do
    assert any("AWS_REGION" in line for line in told)
    assert not any("AWS_REGION" in line for line in translate({**KINESIS, **WORKER}, standalone=True).to_do)


PLAUSIBLE = {**WORKER, **CONNECT, **KINESIS, **KINESIS_KEYS, **FIREHOSE, **FIREHOSE_KEYS}
ODD = st.one_of(
    st.sampled_from(["", "true", "ja", "0", "-1", "99999999999", "1024", "none", "latest", "null", "1e3", "a:1,,b:2"]),
    st.sampled_from(["2024-01-01", "~", "{}", "[x", "# x", "- x", "a: b", "'", '"', "x\ny", "@x", "${x:y}", "x" * 300]),
    st.text(st.characters(codec="utf-8"), max_size=8),
)


def imported(properties: Mapping[str, str]) -> str | None:
    """What a file becomes on stdout, None where a key of it is refused."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "connector.properties"
        path.write_text(javaproperties.dumps(properties, timestamp=False), "latin-1")
        read, places = read_properties([path])
    made = translate(read, standalone=True)
    assert all(each.key in places and each.what for each in made.remarks)
    if made.refused:
        return None
    written = io.StringIO()
    with contextlib.redirect_stdout(written):
        print_yaml(only(made))
    return written.getvalue()


@given(
    st.sampled_from([{**KINESIS, **WORKER}, {**FIREHOSE, **WORKER}]),
    st.dictionaries(st.sampled_from(sorted(PLAUSIBLE)), st.none(), max_size=12),
    st.dictionaries(st.sampled_from(sorted({*PLAUSIBLE, *OF_CONSUMERS} - {"connector.class"})), ODD, max_size=2),
)
@example({**FIREHOSE, **WORKER}, {}, {"batchSizeInBytes": "1024"})
@example({**KINESIS, **WORKER}, {}, {"streamName": "null"})
@example({**KINESIS, **WORKER}, {}, {"roleARN": "", "roleExternalID": ""})
def test_what_is_written_is_what_the_image_reads(base: dict[str, str], more: dict[str, None], odd: dict[str, str]):
    taken = {key: PLAUSIBLE[key] for key in more if key not in base}
    try:
        written = imported({**base, **taken, **odd})
    except CliError as error:
        event(f"error: {error.message}")
        return
    event("refused" if written is None else "written")
    if written is not None:
        load_config(written, "imported")


def test_without_asking_the_image_what_it_refuses_would_be_written(monkeypatch: pytest.MonkeyPatch):
    wrong = {**KINESIS, **WORKER, "streamName": "dev orders"}
    assert imported(wrong) is None
    monkeypatch.setattr(translation, "_ask_image", lambda *_: None)
    written = imported(wrong)
    assert written is not None
    with pytest.raises(ConfigError, match=r"sink\.stream"):
        load_config(written, "imported")


@given(st.from_regex(keys._ADDRESS, fullmatch=True), st.from_regex(keys._REGION, fullmatch=True))
def test_an_address_and_a_region_that_are_taken_are_ones_to_the_sdk(address: str, region: str):
    """The image gives both to botocore before it reaches any network."""
    if len(address) < 60 and len(region) <= 63:
        assert is_valid_endpoint_url(address)
        validate_region_name(region)
