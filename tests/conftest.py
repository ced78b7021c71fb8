"""What all tests share: slow starts happen once a session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.kafka import STOP_GRACE_SECONDS, Broker


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A real Kafka broker for the whole session; tests keep apart by the names of their topics and groups."""
    directory: Path = tmp_path_factory.mktemp("broker")
    started = Broker.prepare(directory / "kafka")
    record = started.start(owner=directory)
    yield started
    record.stop(STOP_GRACE_SECONDS)
