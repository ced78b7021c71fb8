"""What all tests share: slow starts happen once a session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from sandbox.kafka import STOP_GRACE_SECONDS, Broker

# How long an example takes says something about the machine only.
settings.register_profile("untimed", deadline=None)
THOROUGH = "thorough"
"""The profile for tests whose examples are dear: they take ten times as many with it."""
settings.register_profile(THOROUGH, deadline=None)
settings.load_profile("untimed")

LONGEST = "end_to_end"
# Members of the newer group protocol take these times from the broker, whose own are for clusters and not for tests.
QUICK_GROUPS = """
group.consumer.min.heartbeat.interval.ms=1000
group.consumer.heartbeat.interval.ms=1000
group.consumer.min.session.timeout.ms=6000
group.consumer.session.timeout.ms=6000
"""
# Who is told nothing else may do all; a test that refuses something does so for its own topic and group.
AUTHORIZER = """
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=true
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let what tests compare with be written anew, where a change is meant."""
    parser.addoption("--update-golden", action="store_true", help="write golden templates and logical ids anew")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of one folder in one process when several run side by side: they share its slow starts.

    The folder that takes longest goes first, so that no process waits for it at the end.
    """
    here = Path(__file__).parent
    for item in items:
        item.add_marker(pytest.mark.xdist_group(item.path.relative_to(here).parts[0]))
    items.sort(key=lambda item: LONGEST not in item.path.parts)


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A real Kafka broker for the whole session; tests keep apart by the names of their topics and groups."""
    directory: Path = tmp_path_factory.mktemp("broker")
    started = Broker.prepare(directory / "kafka", QUICK_GROUPS + AUTHORIZER)
    record = started.start(owner=directory)
    yield started
    record.stop(STOP_GRACE_SECONDS)
