"""Values that do not go together are all reported at once, each at the key to change, whatever else is wrong."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connector.config import ConfigError, ConnectorConfig, load_config

Document = dict[str, Any]

KINESIS: Document = {
    "route": "r",
    "source": {"kind": "kafka", "bootstrap": "h:1", "topic": "t", "group": "g"},
    "sink": {"kind": "kinesis", "stream": "s", "limits": {}},
}
FIREHOSE: Document = {**KINESIS, "sink": {"kind": "firehose", "delivery_stream": "s", "limits": {}}}

# Each mistake: what is set, and the beginnings of what is said of it. Of two that go together neither is a part.
COMBINATIONS: dict[str, tuple[Document, str]] = {
    "spread": ({"sink.partition_key": "spread"}, "ordering: key cannot hold when records of a key go to"),
    "tombstones": ({"tombstones": "envelope"}, "tombstones: envelope needs format: envelope; use that, or"),
    "letters": ({"dead_letters": {"topic": "t"}}, "dead_letters.topic: must not be source.topic (t): what was"),
    "fips": ({"sink.fips": True, "sink.endpoint": "http://h"}, "sink.fips: has no meaning with an endpoint of"),
    "retry": ({"sink.retry": {"first": "9s", "longest": "1s"}}, "sink.retry.longest: 1s must not be shorter th"),
    "record": ({"sink.limits.record": "9KiB", "sink.limits.request": "5KiB"}, "sink.limits.record: 9KiB must not exc"),
    "key": (
        {"source.security": {"protocol": "tls", "certificate": "c.pem"}},
        "source.security.key: is missing, certificate and key belong together; add it, or remove certificate",
    ),
    "instance": (
        {"source.instance": "a", "processes": 2},
        "source.instance: names a single member, and there are 2 processes; use processes: 1, or remove it",
    ),
    "fetch": (
        {"source.fetch": "50MiB"},
        "source.fetch: 50MiB needs memory of",
    ),
}  # fmt: skip

SINGLE: dict[str, tuple[Document, str]] = {
    "word": ({"sink.wire": "cobr"}, "sink.wire: 'cobr' must be"),
    "duration": ({"commit_interval": "5"}, "commit_interval: '5' must be a duration"),
    "unknown": ({"orderng": "none"}, "orderng: is not a known key; did you mean ordering?"),
    "group": ({"source.linger": 5}, "source.linger: 5 must be a duration"),
    "log": ({"log": "loud"}, "log: 'loud' must be"),
}


def changed(base: Document, changes: list[Document]) -> Document:
    made = deepcopy(base)
    for path, value in ((path, value) for change in changes for path, value in change.items()):
        place = made
        *sections, last = path.split(".")
        for section in sections:
            place = place.setdefault(section, {})
        place[last] = value
    return made


def problems(document: Document) -> list[str]:
    try:
        load_config(json.dumps(document), "x")
    except ConfigError as error:
        return [str(problem) for problem in error.problems]
    return []


def assert_just(found: list[str], expected: list[str]) -> None:
    for beginning in expected:
        assert sum(problem.startswith(beginning) for problem in found) == 1, (beginning, found)
    assert len(found) == len(expected), found


@given(st.sets(st.sampled_from(list(COMBINATIONS))), st.sets(st.sampled_from(list(SINGLE))))
def test_any_mistakes_together_are_reported_just_as_each_alone(combinations, single):
    mistakes = [*(COMBINATIONS[name] for name in combinations), *(SINGLE[name] for name in single)]
    assert_just(
        problems(changed(KINESIS, [changes for changes, _ in mistakes])), [beginning for _, beginning in mistakes]
    )


def test_the_library_alone_says_nothing_of_combinations_where_a_value_is_wrong():
    mistaken = changed(KINESIS, [COMBINATIONS["tombstones"][0], SINGLE["word"][0]])
    with pytest.raises(ValidationError) as caught:
        ConnectorConfig.model_validate(mistaken)
    assert "tombstones" not in str(caught.value)
    assert len(problems(mistaken)) == len(["tombstones", "word"])


def test_all_limits_that_do_not_fit_are_named():
    limits = {"sink.limits": {"packed": "900KiB", "record": "10KiB", "request": "5KiB"}}
    assert_just(
        problems(changed(FIREHOSE, [limits, {"sink.packing": "newlin"}])),
        [
            "sink.packing: 'newlin' must be",
            "sink.limits.record: 10KiB must not exceed request (5KiB); lower record or raise request",
            "sink.limits.packed: 900KiB must not exceed request (5KiB); lower packed or raise request",
        ],
    )


def test_processes_without_memory_are_named_once():
    few = {"processes": 64, "memory": "8MiB"}
    (only,) = problems(changed(KINESIS, [few]))
    assert only.startswith("memory: 8MiB is shared out among 64 processes, and each needs 8MiB; raise memory to 512MiB")


@pytest.mark.parametrize("value", ["two", 0, [], {}, None])
def test_of_a_value_that_is_wrong_no_combination_is_judged(value):
    assert_just(problems(changed(KINESIS, [{"source.instance": "a", "processes": value}])), ["processes: "])


def test_a_secret_that_names_two_places_has_one_problem():
    security = {"protocol": "tls", "certificate": "c.pem", "key": {"env": "A", "file": "b"}}
    assert_just(
        problems(changed(KINESIS, [{"source.security": security}])),
        ["source.security.key: must name exactly one of env and file; remove the other"],
    )


def test_no_rule_shows_the_section_or_says_more_than_its_way_out():
    found = problems(changed(KINESIS, [changes for changes, _ in COMBINATIONS.values()]))
    assert len(found) == len(COMBINATIONS)
    assert all("{" not in problem and "correct the value" not in problem for problem in found)
