"""A stream to reshard, and a proxy between the command and Kinesis that lets calls fail as they do in AWS."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore.config import Config

from cli.stream.resharding.live_map import Tempo
from cli.stream.resharding.shard_map import ShardMap, even_cuts
from sandbox.aws.kinesis_resharding import UPDATING_SECONDS
from tests.cli.conftest import Project

QUICK = Tempo(poll=0.01, longest_poll=0.05, backoff=0.01, longest_backoff=0.02, attempts=4, grace=0.3, patience=20)
CHANGING = ("SplitShard", "MergeShards", "UpdateShardCount")


@dataclass(frozen=True)
class Refused:
    """An answer of the proxy in the place of Kinesis'."""

    code: str
    text: str = "as the test wants it"
    before: Callable[[], object] = bool
    """What happens before it is given."""
    status: int = 400


@dataclass(frozen=True)
class Answered:
    """Another answer in the place of Kinesis'."""

    document: dict[str, Any]


class Lost:
    """The call reaches Kinesis, and its answer nobody."""


LOST = Lost()
Outcome = Refused | Answered | Lost | Callable[[], object] | None


@dataclass
class Faults:
    """What happens to calls, by the name of the action."""

    url: str = ""
    calls: list[str] = field(default_factory=list)
    """All actions that Kinesis was asked for."""
    planned: dict[str, list[Outcome]] = field(default_factory=lambda: defaultdict(list))
    happened: int = 0

    def on(self, action: str, *outcomes: Outcome) -> None:
        """Let the next calls of an action have these outcomes, one each: None is as usual."""
        self.planned[action] += outcomes

    def next(self, action: str) -> Outcome:
        self.calls.append(action)
        outcome = self.planned[action].pop(0) if self.planned[action] else None
        self.happened += outcome is not None
        return outcome

    def count(self, *actions: str) -> int:
        return sum(call in actions for call in self.calls)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement
    server: Proxy

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        outcome = self.server.faults.next(self.headers.get("X-Amz-Target", "").rpartition(".")[2])
        if isinstance(outcome, Refused):
            outcome.before()
            document = {"__type": outcome.code, "message": outcome.text}
            self._answer(outcome.status, "application/x-amz-json-1.1", json.dumps(document).encode())
            return
        if isinstance(outcome, Answered):
            self._answer(200, "application/x-amz-json-1.1", json.dumps(outcome.document).encode())
            return
        if callable(outcome):
            outcome()
        connection = HTTPConnection(*self.server.behind)
        connection.request("POST", self.path, body, dict(self.headers))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if isinstance(outcome, Lost):
            self.close_connection = True
            return
        self._answer(answer.status, answer.headers.get("Content-Type", ""), content)

    def _answer(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - its name there
        pass


class Proxy(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, stand_in: str, faults: Faults) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        host, _, port = stand_in.removeprefix("http://").partition(":")
        self.behind, self.faults = (host, int(port)), faults


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses to speak of, and no second attempts below ours."""
    import cli.aws

    monkeypatch.setattr("cli.stream.resharding.change.TEMPO", QUICK)
    once = Config(retries={"mode": "standard", "total_max_attempts": 1})
    monkeypatch.setattr("cli.aws.LIMITS", cli.aws.LIMITS.merge(once))


@pytest.fixture
def kinesis(aws: boto3.Session) -> Any:
    """The stand-in's Kinesis without the proxy."""
    return aws.client("kinesis")


@pytest.fixture
def faults(stand_in: str, kinesis: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    """The proxy, which the commands of this test go through."""
    del kinesis  # made before: the scene is set without the proxy
    faults = Faults()
    with Proxy(stand_in, faults) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        faults.url = f"http://127.0.0.1:{proxy.server_address[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", faults.url)
        yield faults
        proxy.shutdown()
        thread.join()


@dataclass(frozen=True)
class LiveStreams:
    """The streams of one environment."""

    kinesis: Any
    environment: str

    def physical(self, name: str = "orders") -> str:
        return f"{self.environment}-{name}"

    def map(self, name: str = "orders") -> ShardMap:
        ranges = [shard["HashKeyRange"] for shard in self.open(name)]
        return ShardMap(tuple(sorted(int(each["StartingHashKey"]) for each in ranges))[1:])

    def open(self, name: str = "orders") -> list[dict[str, Any]]:
        listed = self.kinesis.list_shards(StreamName=self.physical(name), ShardFilter={"Type": "AT_LATEST"})
        return sorted(listed["Shards"], key=lambda shard: int(shard["HashKeyRange"]["StartingHashKey"]))

    def split(self, at: int, name: str = "orders") -> None:
        """What another actor does."""
        (holder,) = [
            shard
            for shard in self.open(name)
            if int(shard["HashKeyRange"]["StartingHashKey"]) < at <= int(shard["HashKeyRange"]["EndingHashKey"])
        ]
        self.kinesis.split_shard(
            StreamName=self.physical(name), ShardToSplit=holder["ShardId"], NewStartingHashKey=str(at)
        )

    def take_time(self, seconds: float, name: str = "orders") -> None:
        """Let each change leave the stream UPDATING for a while."""
        self.kinesis.add_tags_to_stream(StreamName=self.physical(name), Tags={UPDATING_SECONDS: str(seconds)})


@pytest.fixture
def streams(project: Project, kinesis: Any) -> LiveStreams:
    """Streams ``orders`` with four shards and ``clicks`` with two."""
    environment = project.write(
        streams={
            "orders": {"mode": "provisioned", "shards": 4},
            "clicks": {"mode": "provisioned", "shards": 2},
        }
    )
    kinesis.create_stream(StreamName=f"{environment}-orders", ShardCount=4)
    kinesis.create_stream(StreamName=f"{environment}-clicks", ShardCount=2)
    return LiveStreams(kinesis, environment)


def even(count: int) -> ShardMap:
    return ShardMap(even_cuts(count))
