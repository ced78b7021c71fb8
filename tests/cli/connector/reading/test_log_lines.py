"""The lines of a connector, as people read them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from cli.connector.log_lines import is_metrics, readable

LINE = {
    "time": "2026-11-22T03:02:03.456+02:00",
    "level": "warning",
    "logger": "connector.sender",
    "message": "records were refused",
    "route": "orders",
}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def test_time_level_message_and_fields():
    line = json.dumps({**LINE, "code": "Throttled", "records": 12, "reason": "too much"})
    shown = '2026-11-22T01:02:03.456Z WARNING  records were refused  code=Throttled records=12 reason="too much"'
    assert readable(line) == shown


def test_an_exception_stands_below():
    line = json.dumps({**LINE, "exception": "Traceback\n  File"})
    assert readable(line).splitlines()[1:] == ["    Traceback", "      File"]


def test_other_lines_stay_as_they_are_with_the_time_that_they_came():
    at = datetime(2026, 11, 22, 1, 2, 3, 456000, UTC)
    assert readable("ModuleNotFoundError: no x", at) == "2026-11-22T01:02:03.456Z ModuleNotFoundError: no x"
    assert readable('{"a": 1}') == '{"a": 1}'
    assert readable("{broken") == "{broken"


def test_lines_for_metrics_are_known():
    assert is_metrics('{"_aws": {"Timestamp": 1}}')
    assert not is_metrics(json.dumps({**LINE, "message": 'it said "_aws"'}))
    assert not is_metrics('not json "_aws"')


@given(st.dictionaries(st.sampled_from([*LINE, "exception", "code"]) | st.text(), json_values))
def test_every_object_can_be_shown_and_its_message_is_in_it(fields):
    shown = readable(json.dumps(fields))
    assert str(fields.get("message", "")) in shown or "message" not in fields


@given(st.text())
def test_every_text_can_be_shown(text):
    assert isinstance(readable(text), str)
    assert is_metrics(text) in (True, False)
