import re
from typing import get_args

import pytest

from environments import EnvironmentFileError, KafkaKind, load_environment, starter
from tests.environments.documents import write

KINDS = get_args(KafkaKind)

HINT = re.compile(r"^( *)# ( *[a-z_.-]+:( .*)?)$")


def uncommented(text: str) -> str:
    """A starter with every hint in force: all but the other network, and the image that is only a placeholder."""
    lines = text.splitlines()[1:]
    other = next(number for number, line in enumerate(lines) if line.startswith("# network:"))
    kept = [line for line in lines[:other] + lines[other + 5 :] if "REPOSITORY" not in line]
    return "\n".join(HINT.sub(r"\1\2", line) for line in kept)


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_file_is_valid_as_it_is(folder, kind):
    environment = load_environment(write(folder, starter("staging", kind), "staging"))
    assert environment.kafka.kind == kind
    assert environment.name == "staging"


@pytest.mark.parametrize("kind", KINDS)
def test_every_hint_in_a_new_file_is_valid_when_it_is_uncommented(folder, kind):
    text = uncommented(starter("staging", kind))
    environment = load_environment(write(folder, text, "staging"))
    assert environment.deliveries
    assert environment.production is False
    assert environment.topics["orders"].config == {"cleanup.policy": "compact"}
    assert environment.streams["clicks"].mode == "on-demand"


def test_hints_tell_the_defaults(folder):
    plain = load_environment(write(folder, starter("staging"), "staging")).to_document()
    full = load_environment(write(folder, uncommented(starter("staging")), "staging")).to_document()
    for section in ("connectors", "network"):
        assert full[section] == plain[section]
    rejected = {"dead_letters": {"bucket": "staging-rejected", "prefix": "dead-letters/"}}
    assert full["routes"]["orders-to-stream"] == plain["routes"]["orders-to-stream"] | rejected
    assert full["streams"]["orders"] == plain["streams"]["orders"] | {"name": "staging-orders"}


def test_the_first_line_leads_editors_to_the_schema():
    assert starter("staging").startswith("# yaml-language-server: $schema=environment.schema.json\n")


@pytest.mark.parametrize("name", ["Staging", "up_there", "../up", "", "a" * 21])
def test_a_name_that_no_environment_can_have_is_refused(name):
    with pytest.raises(EnvironmentFileError, match="name"):
        starter(name)
