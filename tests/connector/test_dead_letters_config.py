"""Where dead letters may go, as the configuration says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connector.config import ConfigError, ConnectorConfig, load_config
from connector.dead_letters import open_dead_letters

ARN = "arn:aws:kinesis:eu-west-1:111122223333:stream/flights"


def config(dead_letters: dict[str, str] | None, stream: str = "flights") -> ConnectorConfig:
    content: dict[str, Any] = {
        "route": "flights-to-stream",
        "source": {"kind": "kafka", "bootstrap": "localhost:9092", "topic": "flights", "group": "g"},
        "sink": {"kind": "kinesis", "stream": stream},
        **({"dead_letters": dead_letters} if dead_letters else {}),
    }
    return load_config(json.dumps(content), "test")


def test_without_a_target_there_is_none():
    assert open_dead_letters(config(None), dict) is None


@pytest.mark.parametrize("target", [{"topic": "flights-rejected"}, {"stream": "rejected"}, {"bucket": "flights"}])
def test_a_target_of_their_own_is_taken(target):
    assert config(target).dead_letters is not None


def test_a_topic_that_the_route_itself_reads_is_refused():
    with pytest.raises(ConfigError, match=r"dead_letters\.topic: must not be source\.topic \(flights\)"):
        config({"topic": "flights"})


@pytest.mark.parametrize("stream", ["flights", ARN])
def test_a_stream_that_the_route_itself_writes_is_refused(stream):
    with pytest.raises(ConfigError, match=r"dead_letters\.stream: must not be sink\.stream"):
        config({"stream": stream}, stream)
