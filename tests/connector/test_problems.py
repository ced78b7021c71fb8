"""A wrong value is said once, at its place, with what may stand there, and never with a secret."""

from __future__ import annotations

import io
import json
import re
from datetime import date
from typing import Any

import pytest
from ruamel.yaml import YAML

from connector.config import ConfigError, load_config


def text(source: dict[str, Any] | None = None, sink: dict[str, Any] | None = None, **more: Any) -> str:
    document = {
        "route": "r",
        "source": {"kind": "kafka", "bootstrap": "h:1", "topic": "t", "group": "g", **(source or {})},
        "sink": {"kind": "kinesis", "stream": "s", **(sink or {})},
        **more,
    }
    return json.dumps(document)


def problems(source: dict[str, Any] | None = None, sink: dict[str, Any] | None = None, **more: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_config(text(source, sink, **more), "x")
    return [str(problem) for problem in caught.value.problems]


def security(**settings: Any) -> list[str]:
    return problems({"security": settings})


@pytest.mark.parametrize(
    ("sink", "problem"),
    [
        ({"partition_key": 5}, "sink.partition_key: 5 must be key, partition, spread, {header: …} or {field: …}"),
        ({"partition_key": {"headr": "x"}}, "must be key, partition, spread, {header: …} or {field: …}"),
        ({"partition_key": {"header": ""}}, "sink.partition_key.header: '' must not be empty"),
        ({"explicit_hash_key": "abc"}, "sink.explicit_hash_key: 'abc' must be a whole number from 0 to 2^128 - 1"),
        ({"region": "eu west 1"}, "sink.region: 'eu west 1' must match ^[a-z0-9]+(-[a-z0-9]+)*$; correct"),
        (
            {"region": "eu-west-2", "stream": "arn:aws:kinesis:eu-west-1:111122223333:stream/x"},
            "sink.region: eu-west-2 is not the region of sink.stream's ARN (eu-west-1); remove it, or correct one",
        ),
        ({"kind": "s3"}, "sink.kind: 's3' must be one of 'kinesis', 'firehose'"),
    ],
)
def test_a_value_of_several_forms_has_one_problem(sink, problem):
    (only,) = problems(sink=sink)
    assert problem in only


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"source": {"session_timeout": "1s"}}, "source.session_timeout: '1s' must be 6s to 30m"),
        ({"source": {"session_timeout": "3600s"}}, "source.session_timeout: '3600s' must be 6s to 30m"),
        ({"source": {"start": date(2026, 1, 31)}}, "source.start: 2026-01-31 must be earliest, latest or a time with"),
        ({"source": {"group": ""}}, "source.group: '' must not be empty; correct the value, like"),
        ({"source": {"group": "g" * 256}}, "must have 255 characters at most"),
        ({"sink": {"limits": {"record": "2GiB"}}}, "sink.limits.record: '2GiB' must be 1B to 10MiB"),
        ({"sink": {"limits": {"records": 0.5}}}, "sink.limits.records: 0.5 must be a whole number"),
        ({"sink": {"fips": 5}}, "sink.fips: 5 must be true or false"),
        ({"sink": {"stream": 5}}, "sink.stream: 5 must be text"),
        ({"memory": 12}, "memory: 12 must be 8MiB to 64GiB"),
        ({"processes": 99}, "processes: 99 must be 1 to 64"),
        ({1: "x"}, "1: is not a known key; remove it (known here: "),
        ({"sink": {1: "x"}}, "sink.1: is not a known key; remove it (known here: "),
    ],
)
def test_values_and_limits_stand_there_as_they_are_written(changes, problem):
    document = json.loads(text())
    for key, value in changes.items():
        document[key] = {**document[key], **value} if isinstance(value, dict) else value
    written = io.StringIO()
    YAML(typ="safe", pure=True).dump(document, written)
    with pytest.raises(ConfigError) as caught:
        load_config(written.getvalue(), "x")
    (only,) = map(str, caught.value.problems)
    assert problem in only
    assert not re.search(r"datetime|should|\d{5}", only)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"sink": {"ordering": "none"}}, "sink.ordering: is not a known key; it belongs at the top level"),
        ({"sink": {"record": "1MiB"}}, "sink.record: is not a known key; it belongs in sink.limits"),
        ({"group": "g"}, "group: is not a known key; it belongs in source"),
        ({"source": {"password": "hunter2"}}, "source.password: is not a known key; it belongs in source.security"),
        # Two sections know a topic, none knows the others, and packing belongs to the other kind of sink.
        ({"topic": "t"}, "topic: is not a known key; remove it (known here: "),
        ({"sink": {"strem": "t"}}, "sink.strem: is not a known key; did you mean stream? (known here: "),
        ({"sink": {"packing": "none"}}, "sink.packing: is not a known key; remove it (known here: "),
    ],
)
def test_an_unknown_key_is_told_where_it_belongs(changes, problem):
    (only,) = problems(**changes)
    assert only.startswith(problem)
    assert "hunter2" not in only


def test_dead_letters_that_are_of_no_form_name_all_forms():
    (only,) = problems(dead_letters={"topik": "x"})
    assert only.startswith("dead_letters: {topik: …} must be {topic: …}, {stream: …} or {bucket: …}")


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({}, "source.security.protocol: is missing; add it, one of 'plaintext', 'tls', 'sasl-tls', 'sasl-plaintext'"),
        ({"protocol": "sasl-tls", "mechanism": "scram"}, "source.security.mechanism: 'scram' must be one of 'plain'"),
        ({"protocol": "sasl-plaintext", "mechanism": "aws-msk-iam"}, "source.security.protocol: 'sasl-plaintext' must"),
        ({"protocol": "sasl-tls", "mechanism": "GSSAPI"}, "Kerberos) is not there: the Kafka client of the image"),
        (
            {"protocol": "tls", "key": "k.pem"},
            "source.security.certificate: is missing, certificate and key",
        ),
        ({"protocol": "tls", "ca": {"env": "A", "fil": "b"}}, "source.security.ca.fil: is not a known key; did"),
        ({"protocol": "tls", "ca": 5}, "source.security.ca: must be text, {env: …} or {file: …}"),
    ],
)
def test_a_wrong_way_to_log_in_has_one_problem(settings, problem):
    (only,) = security(**settings)
    assert problem in only


def test_a_token_endpoint_that_would_get_the_secret_in_the_clear_is_refused():
    secrets = {"client_id": {"env": "I"}, "client_secret": {"env": "S"}}
    settings = {"protocol": "sasl-tls", "mechanism": "oauthbearer", **secrets}
    (only,) = security(**settings, token_endpoint="http://login.example.org/token")
    assert "must be an https URL (http only to this machine)" in only
    near = {**settings, "token_endpoint": "http://127.0.0.1:1/token"}
    assert load_config(text({"security": near}), "x").source.security


@pytest.mark.parametrize(
    "settings",
    [
        {"protocol": "sasl-tls", "mechanism": "plain", "username": "hunter2", "password": "hunter2"},
        {"protocol": "sasl-tls", "mechanism": "gssapi", "password": "hunter2"},
        {"protocol": "tls", "certificate": "c.pem", "key": "-----BEGIN PRIVATE KEY-----\nhunter2"},
        {"protocol": "tls", "certificate": "c.pem", "key": "k.pem", "key_password": "hunter2"},
        {"protocol": "sasl-tls", "mechanism": "oauthbearer", "client_id": "hunter2", "client_secret": "hunter2"},
    ],
)
def test_a_secret_written_where_its_place_should_be_named_is_not_shown(settings):
    assert "hunter2" not in "\n".join(security(**settings))
