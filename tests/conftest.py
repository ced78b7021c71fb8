"""What all tests share: slow starts happen once a session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from sandbox.kafka import STOP_GRACE_SECONDS, Broker

# How long an example takes says something about the machine only.
settings.register_profile("untimed", deadline=None)
THOROUGH = "thorough"
"""The profile for tests whose examples are dear: they take ten times as many with it."""
settings.register_profile(THOROUGH, deadline=None)
settings.load_profile("untimed")

TESTS = Path(__file__).parent
SLOW_STARTS = {
    folder: place
    for place, folder in enumerate(
        ["end_to_end", "sandbox", "stacks", "kafka_nodes", "cli/three_brokers", "cli/topic_retention", "cli/security"]
    )
}
"""Folders whose tests share what takes long to start, in the order in which they begin."""
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


class SharedStarts(LoadScopeScheduling):  # type: ignore[misc]  # its types are not published
    """Keeps the tests that share a slow start in one process: those of a folder, or else of a file."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return _slow_start(file.removeprefix("tests/")) or file


def _slow_start(file: str) -> str | None:
    """The folder of a test file, where its tests share what takes long to start."""
    return next((folder for folder in SLOW_STARTS if file.startswith(f"{folder}/")), None)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> SharedStarts:
    """Deal tests out to processes that run side by side."""
    return SharedStarts(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the folders that take longest, so that no process waits for one at the end."""

    def place(item: pytest.Item) -> int:
        return SLOW_STARTS.get(_slow_start(item.path.relative_to(TESTS).as_posix()) or "", len(SLOW_STARTS))

    items.sort(key=place)


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A real Kafka broker for the whole session; tests keep apart by the names of their topics and groups."""
    directory: Path = tmp_path_factory.mktemp("broker")
    started = Broker.prepare(directory / "kafka", QUICK_GROUPS + AUTHORIZER)
    record = started.start(owner=directory)
    yield started
    record.stop(STOP_GRACE_SECONDS)
