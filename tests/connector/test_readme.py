"""The README of the image and the manual tell what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from ruamel.yaml import YAML

from connector.config import load_config
from connector.config.reference import keys_reference
from connector.metrics.catalogue import METRICS
from connector.reference import metrics_reference, with_reference
from connector.rejection import Reason

PROJECT = Path(__file__).parents[2]
IMAGE = PROJECT / "connector_image"
README = (IMAGE / "README.md").read_text()
MANUAL = (PROJECT / "docs" / "connector.md").read_text()
DOCUMENTS = [*sorted(PROJECT.glob("*.md")), *sorted((PROJECT / "docs").glob("*.md")), IMAGE / "README.md"]
PROMISE = "late duplicates (after an ambiguous time-out, or from a worker that was declared dead)"


def test_the_tables_of_the_manual_are_those_of_the_code():
    assert with_reference(MANUAL) == MANUAL, "write them anew: python -m connector.reference docs/connector.md"


def test_every_table_row_has_the_cells_of_its_header():
    for table in (keys_reference(), metrics_reference()):
        width = 0
        for line in table.splitlines():
            if line.startswith("|---"):
                width = line.count("|")
            elif line.startswith("| `"):
                # A bar inside a cell would begin another one.
                assert line.count("|") == width, line


@pytest.mark.parametrize(
    "row",
    [
        "| `sink` | section below | required | where records go |",
        "| `sink.limits.records` | 1 to 500 | `500` | records in a call |",
        "| `source.security.mechanism` | `oauthbearer` | required | how we prove who we are |",
        "| `dead_letters.prefix` | text | `dead-letters/` | what the names of its objects begin with |",
        "| `commit_interval` | duration, 100ms to 5m | `1s` | time between commits |",
    ],
)
def test_the_reference_says_of_each_key_how_it_is_written(row):
    assert row in keys_reference().splitlines()


def test_every_variant_has_a_section():
    titles = re.findall(r"^### (.*)$", keys_reference(), re.MULTILINE)
    assert {
        "`sink` with `kind: kinesis`",
        "`sink` with `kind: firehose`",
        "`source.security` with `protocol: tls`",
    } <= {*titles}
    assert len(titles) == len(set(titles))


def test_the_metrics_are_named_once():
    names = [metric.name for metric in METRICS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("text", [README, MANUAL], ids=["README", "manual"])
def test_the_example_is_a_valid_configuration(text):
    (example, *_) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert load_config(example, "example").route == "flights-to-stream"


def whole(example: str) -> dict[str, Any]:
    """Complete what stands for a part of a configuration."""
    content = YAML(typ="safe", pure=True).load(example)
    source = {"kind": "kafka", "bootstrap": "kafka-1:9092", "topic": "flights", "group": "flights"}
    if "security" in content:
        source["security"] = content.pop("security")
    sink = {"kind": "kinesis", "stream": "dev-flights"}
    return {"route": "flights", "source": source, "sink": sink, **content}


@pytest.mark.parametrize("example", re.findall(r"```yaml\n(.*?)```", MANUAL, re.DOTALL))
def test_every_example_of_the_manual_is_valid(example):
    assert load_config(json.dumps(whole(example)), "example").route


def test_the_manual_names_every_reason_for_which_a_record_is_refused():
    fates = MANUAL.partition("## Fates")[2].partition("## Dead letters")[0]
    assert {reason for reason in get_args(Reason) if f"`{reason}`" not in fates} == set()


def heading_names(document: Path) -> set[str]:
    """The names by which GitHub links to headings."""
    headings = re.findall(r"^#+ (.*)$", document.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_links_lead_somewhere(document):
    for link in re.findall(r"\]\(([^)]+)\)", document.read_text("utf-8")):
        if link.startswith("https://"):
            continue
        path, _, heading = link.partition("#")
        target = document.parent / path if path else document
        assert target.exists(), link
        assert not heading or heading in heading_names(target), link


@pytest.mark.parametrize("text", [README, MANUAL], ids=["README", "manual"])
def test_the_promise_is_told_word_for_word(text):
    assert PROMISE in " ".join(text.split())


def test_the_image_installs_what_the_project_pins():
    locked = set((IMAGE.parent / "requirements.lock").read_text().split())
    ours = (IMAGE / "requirements.lock").read_text().split()
    assert ours
    assert set(ours) <= locked
