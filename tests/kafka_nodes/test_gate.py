"""The gate reads what Kafka's tools print, and says why it is closed."""

import json
from pathlib import Path
from typing import Any

import pytest

from stacks.kafka.ec2.node.gate import (
    RUNNING,
    ClosedError,
    Gate,
    caught_up,
    nothing_under_replicated,
    others_have_everything,
    quorum_is_whole,
    read_partitions,
    read_quorum,
)

NOW_MS = 1_767_225_600_000
VOTERS = [1, 2, 3]
PARTITIONS = """\
\tTopic: orders\tPartition: 0\tLeader: 1\tReplicas: 1,2,3\tIsr: 1,2\tElr: \tLastKnownElr:
\tTopic: orders\tPartition: 2\tLeader: 2\tReplicas: 2,3,1\tIsr: 2,1\tElr: \tLastKnownElr:
"""


def quorum(**changes: dict[str, Any]) -> str:
    """What `kafka-metadata-quorum describe --replication` prints, with some members changed."""
    lines = ["NodeId\tDirectoryId           \tLogEndOffset\tLag\tLastFetchTimestamp\tLastCaughtUpTimestamp\tStatus  \t"]
    members = {"1": "Leader", "2": "Follower", "3": "Follower", "7": "Observer"}
    for node, status in members.items():
        member = {"lag": 0, "behind_ms": 0, "status": status, **changes.get(f"node{node}", {})}
        if member["status"]:
            time = NOW_MS - member["behind_ms"]
            lines.append(f"{node}\tAAAAAAAAAAAAAAAAAAAAAA\t812\t{member['lag']}\t{time}\t{time}\t{member['status']}\t")
    return "\n".join(lines)


def test_a_whole_quorum_opens_the_gate():
    members = read_quorum(quorum())
    quorum_is_whole(members, VOTERS)
    caught_up(members, 7)
    others_have_everything(members, 3, VOTERS)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"node1": {"status": "Follower"}}, "the quorum has no leader"),
        ({"node3": {"status": ""}}, "no voter of the quorum: 3"),
        ({"node3": {"status": "Observer"}}, "no voter of the quorum: 3"),
        ({"node2": {"lag": 1000}}, "node 2 lags"),
        ({"node2": {"behind_ms": 11_000}}, "node 2 lags"),
    ],
)
def test_a_quorum_that_lacks_something_closes_it(change: dict[str, Any], reason: str):
    with pytest.raises(ClosedError, match=reason):
        quorum_is_whole(read_quorum(quorum(**change)), VOTERS)


def test_a_broker_that_does_not_follow_closes_it():
    with pytest.raises(ClosedError, match="node 8 does not follow"):
        caught_up(read_quorum(quorum()), 8)


def test_an_empty_disk_waits_until_a_majority_of_the_others_has_everything():
    with pytest.raises(ClosedError, match="only 1 of 3 controllers"):
        others_have_everything(read_quorum(quorum(node2={"behind_ms": 60_000})), 3, VOTERS)


def test_what_the_tools_say_in_other_words_is_no_quorum():
    with pytest.raises(ClosedError, match="does not tell its members"):
        read_quorum("Timed out waiting for a node assignment")


def test_partitions_that_lack_a_replica_close_it():
    assert read_partitions("\n") == []
    assert read_partitions(PARTITIONS) == ["orders-0", "orders-2"]
    with pytest.raises(ClosedError, match="2 partitions are under-replicated: orders-0, orders-2"):
        nothing_under_replicated(read_partitions(PARTITIONS))


class Looks(Gate):
    """A gate that sees what it is told to, one thing a look."""

    def __init__(self, seen: list[bool], steady_seconds: float) -> None:
        super().__init__({"steady_seconds": steady_seconds})
        self.seen = seen

    def look(self, question: str, phase: str) -> None:
        assert (question, phase) == ("ready", RUNNING)
        if not self.seen.pop(0):
            raise ClosedError("something")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that only sleeping moves."""
    now = [1000.0]
    monkeypatch.setattr("stacks.kafka.ec2.node.gate.time.monotonic", lambda: now[0])
    monkeypatch.setattr("stacks.kafka.ec2.node.gate.time.sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    return now


@pytest.mark.usefixtures("clock")
def test_the_gate_has_to_stay_open_longer_than_a_dead_broker_is_believed_alive():
    gate = Looks([False, True, True, False, True, True, True, True], steady_seconds=3)
    gate.wait("ready", RUNNING, 60)
    assert gate.seen == []


@pytest.mark.usefixtures("clock")
def test_a_gate_that_stays_closed_is_given_up():
    with pytest.raises(ClosedError, match="something"):
        Looks([False] * 20, steady_seconds=0).wait("ready", RUNNING, 10)


def test_while_the_cluster_forms_a_first_voter_only_has_to_listen(tmp_path: Path):
    """Without a majority there is no quorum to ask, and the tools of this gate do not even exist."""
    import socket

    settings = {"node": 1, "voters": VOTERS, "started": [1], "steady_seconds": 0, "tools": str(tmp_path)}
    with socket.socket() as voter:
        voter.bind(("127.0.0.1", 0))
        voter.listen()
        listens = ["127.0.0.1", voter.getsockname()[1]]
        gate = Gate(json.loads(json.dumps({**settings, "listens": listens})))
        gate.wait("ready", "forming", 0)
    with pytest.raises(ClosedError, match="nobody listens"):
        gate.wait("ready", "forming", 0)
