"""A configuration is read strictly, and everything that is wrong with it is said at once."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.config import ConfigError, ConnectorConfig, load_config
from connector.units import format_duration, format_size, parse_duration, parse_size

RENDERED: dict[str, Any] = {
    "route": "flights-to-stream",
    "source": {
        "kind": "kafka",
        "bootstrap": "ssm:/streamops/local/kafka/bootstrap",
        "topic": "flights",
        "group": "streamops-local-flights-to-stream",
        "start": "earliest",
        "security": {"protocol": "plaintext"},
    },
    "sink": {"kind": "kinesis", "stream": "local-flights", "region": "eu-west-1"},
    "ordering": "key",
}


def changed(**changes: Any) -> str:
    """Render with dotted paths changed; `None` removes a key."""
    config = copy.deepcopy(RENDERED)
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = config
        for parent in parents:
            place = place.setdefault(parent, {})
        if value is None:
            del place[last]
        else:
            place[last] = value
    return json.dumps(config)


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_config(text, "route.yaml")
    assert str(caught.value).startswith("route.yaml: ")
    return [str(problem) for problem in caught.value.problems]


def test_what_deployments_render_is_read_and_written_back_without_its_defaults():
    config = ConnectorConfig.model_validate(RENDERED)
    text = config.to_json()
    assert load_config(text, "x") == config
    assert "earliest" not in text
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))


def test_equal_configurations_have_equal_texts():
    spelled_out = load_config(changed(memory="128MiB", commit_interval="1000ms", sink__connections=16), "x")
    assert spelled_out.to_json() == ConnectorConfig.model_validate(RENDERED).to_json()


def test_yaml_is_read_too():
    text = "route: r\nsource: {kind: kafka, bootstrap: 'h:9092', topic: t, group: g, linger: 50ms}\n"
    config = load_config(text + "sink:\n  kind: kinesis\n  stream: s\n", "x")
    assert config.source.linger == timedelta(milliseconds=50)


def test_all_problems_are_reported_together():
    text = changed(source__topic="a b", source__bootstrap="kafka", sink__stream=None, memory="12MB", orderng="key")
    found = problems(text)
    assert len(found) == 5
    for start in ("source.topic: 'a b'", "source.bootstrap: 'kafka'", "sink.stream: is missing", "memory: '12MB'"):
        assert any(problem.startswith(start) for problem in found)
    assert any("did you mean ordering?" in problem for problem in found)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"source__security": {"protocol": "iam"}},
            "source.security.protocol: 'iam' must be one of 'plaintext', 'tls'",
        ),
        ({"source__security": {}}, "source.security.protocol"),
        (
            {"source__security": {"protocol": "tls", "cert": "x"}},
            "source.security.cert: is not a known key; remove it (known here: ca, cert",
        ),
        ({"source__kind": "kinesis"}, "source.kind: 'kinesis' must be 'kafka'"),
        ({"source__linger": 5}, "source.linger: 5 must be a duration"),
        ({"source__linger": "1h"}, "source.linger"),
        ({"source__bootstrap": "ssm:x"}, "whole path"),
        ({"source__bootstrap": "h:99999"}, "host:port"),
        (
            {"sink__limits": {"record": "10MiB", "request": "1MiB"}},
            "sink.limits.record: 10MiB must not exceed",
        ),
        (
            {"sink__limits": {"record": "40KiB", "aggregate": "50KiB"}, "sink__aggregation": "kpl"},
            "sink.limits.aggregate: 50KiB must not exceed limits.record (40KiB); lower it, or raise limits.record",
        ),
        (
            {"sink__limits": {"request": "40KiB", "aggregate": "50KiB"}, "sink__aggregation": "kpl"},
            "sink.limits.aggregate: 50KiB must not exceed limits.request (40KiB); lower limits.aggregate or raise",
        ),
        (
            {"sink__limits": {"record": "10MiB"}, "memory": "128MiB", "processes": 2},
            "needs memory of 160MiB at least, eight such records for each process; raise memory (128MiB), or lower",
        ),
        (
            {"sink__retry": {"first": "10s", "longest": "1s"}},
            "sink.retry.longest: 1s must not be shorter than",
        ),
        ({"sink__stream": "arn:aws:sns:eu-west-1:111122223333:x"}, "sink.stream"),
        ({"stop_timeout": "5m"}, "stop_timeout"),
        ({"http": {"port": 70000}}, "http.port: 70000"),
        ({"source__bootstrap": "h:²"}, "host:port"),
        ({"commit_interval": "999999999999d"}, "commit_interval"),
        ({"commit_interval": f"{'9' * 5000}s"}, "must be a duration"),
    ],
)
def test_a_broken_rule_is_named_with_path_and_value(changes, expected):
    (problem,) = problems(changed(**changes))
    assert expected in problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "(whole text): must be a mapping with the keys route, source and sink"),
        ("[]", "(whole text): (a list) must be a mapping"),
        ("hello", "(whole text): (a text) must be a mapping"),
        (
            "{",
            "line 1, column 2: while parsing a flow node, expected the node content, but found '<stream end>'; correct",
        ),
        ("a: [", "line 1, column 5: while parsing a flow node"),
        ("a: b\nc: d: e\n", "line 2, column 5: mapping values are not allowed here; correct the YAML (or JSON)"),
        ("route: 2024-13-45", "(whole text): holds a value that is not of the kind that it looks like"),
        ("route: !!bool maybe", "(whole text): holds a value that is not of the kind that it looks like"),
        ("route: \0", "(whole text): holds the character #x0000, which YAML does not allow"),
        ('{"a": 1, "a": 2}', "(whole text): the key a stands there twice; keep one of them"),
        ("a: 1\na: 2\n", "line 2, column 1: a key stands there twice; keep one of them"),
        (f'{{"memory": {"9" * 5000}}}', "(whole text): holds a number of more digits than are read"),
    ],
)
def test_a_text_that_is_no_mapping_is_one_problem(text, problem):
    (only,) = problems(text)
    assert problem in only


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "- " * 100_000, "{a: [" * 1000])
def test_a_text_that_is_nested_without_end_is_one_problem(text):
    (only,) = problems(text)
    assert only == "(whole text): is nested too deeply; write fewer brackets, no section lies deeper than four"


def test_anchors_that_hold_themselves_are_refused_like_everything_that_is_not_known():
    assert problems("&whole {route: *whole}")
    assert problems("route: &a [*a]")


def test_what_is_large_or_many_times_larger_than_its_text_is_shown_by_its_kind():
    assert any(found.startswith("route: (a large number) must be") for found in problems(f"route: 0x{'f' * 5000}"))
    layers = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    assert any(found.startswith("route: (a list)") for found in problems(f"a0: &a0 x\n{layers}route: *a11\n"))


def test_a_secret_written_in_the_wrong_place_is_not_repeated():
    security = {"protocol": "sasl-tls", "mechanism": "plain", "username": "bob", "password": "hunter2"}
    found = problems(changed(source__security=security))
    assert len(found) == 2
    assert "hunter2" not in "".join(found)
    assert "bob" not in "".join(found)


def test_a_secret_names_exactly_one_place():
    for secret in ({}, {"env": "A", "file": "b"}):
        security = {"protocol": "sasl-tls", "mechanism": "plain", "username": {"env": "U"}, "password": secret}
        (problem,) = problems(changed(source__security=security))
        assert "exactly one of env and file" in problem


def test_reading_a_rendered_configuration_loads_no_client_library():
    code = (
        "import sys; from connector.config import load_config; load_config(sys.argv[1], 'x');"
        "print({'confluent_kafka', 'botocore', 'prometheus_client', 'ruamel.yaml'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, changed()], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@given(st.timedeltas(timedelta(0), timedelta(days=400)))
def test_durations_are_written_as_they_are_read(value):
    whole = timedelta(milliseconds=value // timedelta(milliseconds=1))
    assert parse_duration(format_duration(whole)) == whole


@given(st.integers(0, 1 << 50))
def test_sizes_are_written_as_they_are_read(value):
    assert parse_size(format_size(value)) == value


@pytest.mark.parametrize("text", ["5 ", "5 sec", "-5s", "1.5s", "s", 5, None, True])
def test_a_duration_without_a_known_unit_is_refused(text):
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["5MB", "5M", "-1B", 1.5, None, True])
def test_a_size_with_a_doubtful_unit_is_refused(text):
    with pytest.raises(ValueError, match="size"):
        parse_size(text)
