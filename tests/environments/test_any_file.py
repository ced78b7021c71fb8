"""Whatever a file holds: an environment, or a report that a person can act on; never anything else."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.environments.documents import VALID, documents, problems, write

INTERNAL = ("function-", "pydantic", "Input should", "Value error", "valid ", "literal[", "type=", "[key]", "Errno")

KEYS = st.one_of(
    st.sampled_from(
        ["name", "kind", "mode", "to", "from", "topic", "stream", "config", "msk", "provisioned", "new", "x"]
    ),
    st.text(max_size=3),
)
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=5),
        st.sampled_from(["24h", "9000h", "0s", "64MiB", "msk", "ec2", "on-demand", "s3", "ssm:/a", "!{a:b}"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=4,
)


@st.composite
def broken(draw: st.DrawFn) -> dict[str, Any]:
    """A valid document with up to three places of it replaced, removed or added."""
    document = deepcopy(draw(documents()))  # strategies hand out the same parts again and again
    for _ in range(draw(st.integers(1, 3))):
        place: Any = document
        while True:
            keys = sorted(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(place[key], dict | list) and draw(st.booleans()):
                place = place[key]
                continue
            match draw(st.sampled_from(["replace", "remove", "add"])):
                case "replace":
                    place[key] = draw(VALUES)
                case "remove":
                    del place[key]
                case "add" if isinstance(place, dict):
                    place[draw(KEYS)] = draw(VALUES)
            break
    return document


@given(broken())
@settings(max_examples=80, deadline=None)
def test_a_broken_document_is_reported_in_plain_words(folder, document):
    path = write(folder, document, "any")
    lines = path.read_text("utf-8").count("\n")
    for problem in problems(path):
        assert problem.rule
        assert problem.remedy
        assert problem.line is not None
        assert 1 <= problem.line <= max(lines, 1)
        words = f"{problem.rule} {problem.remedy}"
        assert not [internal for internal in INTERNAL if internal in words], words
        assert "\n" not in str(problem)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
@settings(max_examples=100, deadline=None)
def test_any_text_is_reported(folder, text):
    assert problems(write(folder, text, "any"))


@pytest.mark.parametrize(
    "number", ["!!int x", "!!float x", "!!bool x", "-.inf", ".NaN", "1e3", "9" * 5000], ids=lambda number: number[:9]
)
@pytest.mark.parametrize("place", ["shards: {}", "shards: 4, retention: {}"])
def test_odd_numbers_are_reported(folder, number, place):
    text = VALID.replace("shards: 4", place.format(number))
    assert [problem.line for problem in problems(write(folder, text, "any"))] == [9]


def test_a_thousand_brackets_are_reported(folder):
    (problem,) = problems(write(folder, "a: " + "[" * 2000 + "]" * 2000, "any"))
    assert "nested" in problem.rule


@given(st.text(alphabet="ab:-[]{}&*!|>'\"#%@,\n \t?<", max_size=30))
@settings(max_examples=150, deadline=None)
def test_any_punctuation_is_reported(folder, text):
    assert problems(write(folder, text, "any"))
