"""The health gate of a node: says whether the cluster can do without one node more.

Runs on the node, with the Python of Amazon Linux 2023 (3.9), and asks Kafka's own tools:

    gate.py --config gate.json ready --phase forming|running     this node is up and the cluster is whole again
    gate.py --config gate.json others                            the other controllers have all that was committed

Exits with 0 once that is so, with 1 when ``--wait`` seconds went by before; what it waits for goes to stderr.

A cluster that *forms* has only the nodes that were started so far: until they are a majority of the voters there is no
quorum to ask, and all that can be told is that the node listens. In a cluster that *runs*, every voter must have caught
up and no partition may lack a replica. Partitions alone would not do: controllers hold none
(https://github.com/adobe/koperator/issues/310).
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

FORMING, RUNNING = "forming", "running"
MOST_LAG_RECORDS = 1000
MOST_BEHIND_SECONDS = 10
"""A dead voter falls behind by two records a second only; the time of its last catching up tells at once."""
TOOL_SECONDS = 60
BETWEEN_LOOKS_SECONDS = 1


class Voter(NamedTuple):
    """A line of ``kafka-metadata-quorum describe --replication``; brokers are among them as observers."""

    id: int
    status: str
    lag: int
    caught_up_ms: int
    """Since the epoch, by the leader's clock; negative when that never was."""


class ClosedError(Exception):
    """The gate is closed, and why."""


def main() -> int:
    """Wait until the gate is open."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--wait", type=float, default=1500, help="seconds after which to give up")
    parser.add_argument("--phase", choices=(FORMING, RUNNING), default=RUNNING)
    parser.add_argument("question", choices=("ready", "others"))
    arguments = parser.parse_args()
    gate = Gate(json.loads(arguments.config.read_text("utf-8")))
    try:
        gate.wait(arguments.question, arguments.phase, arguments.wait)
    except ClosedError as closed:
        sys.stderr.write(f"gate: gave up after {arguments.wait:.0f} s: {closed}\n")
        return 1
    sys.stderr.write("gate: open\n")
    return 0


class Gate:
    """The gate of one node; its settings are those that streamops renders as ``gate.json``."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings

    def wait(self, question: str, phase: str, seconds: float) -> None:
        """Return once the gate has been open for as long as a dead broker may be believed alive.

        Raises:
            ClosedError: it was not, for so many seconds.
        """
        deadline = time.monotonic() + seconds
        opened: float | None = None
        told = ""
        while True:
            try:
                self.look(question, phase)
                opened = opened or time.monotonic()
                if time.monotonic() - opened >= self.settings["steady_seconds"]:
                    return
            except ClosedError as closed:
                opened = None
                if str(closed) != told:
                    told = str(closed)
                    sys.stderr.write(f"gate: closed: {told}\n")
                    sys.stderr.flush()
            if time.monotonic() > deadline:
                raise ClosedError(told or "it has not been open for long enough")
            time.sleep(BETWEEN_LOOKS_SECONDS)

    def look(self, question: str, phase: str) -> None:
        """Raise ClosedError unless the gate is open at this moment."""
        if question == "others":
            others_have_everything(self.quorum(alone=False), self.settings["node"], self.settings["voters"])
            return
        listening(*self.settings["listens"])
        voters, started = self.settings["voters"], self.settings["started"]
        if phase == FORMING and len(started) <= len(voters) // 2:
            return
        reasons = []
        for check in (self.quorum_holds, self.partitions_are_whole):
            try:
                check(phase)
            except ClosedError as closed:
                reasons.append(str(closed))
        if reasons:
            raise ClosedError("; ".join(reasons))

    def quorum_holds(self, phase: str) -> None:
        """Every voter that there has to be is there and has caught up, and so has this node."""
        members = self.quorum(alone=True)
        quorum_is_whole(members, self.settings["started"] if phase == FORMING else self.settings["voters"])
        caught_up(members, self.settings["node"])

    def partitions_are_whole(self, phase: str) -> None:
        """No partition lacks a replica; while controllers are started there may be no broker to ask yet."""
        if phase == RUNNING or self.settings["node"] not in self.settings["voters"]:
            nothing_under_replicated(self.under_replicated())

    def quorum(self, *, alone: bool) -> list[Voter]:
        """Ask for the state of the quorum: this node alone where it has to serve, else any controller."""
        own = self.settings["listens"]
        if alone:
            option = (
                "--bootstrap-controller" if self.settings["node"] in self.settings["voters"] else "--bootstrap-server"
            )
            address = f"{own[0]}:{own[1]}"
        else:
            option = "--bootstrap-controller"
            address = ",".join(each for each in self.settings["controllers"] if each != f"{own[0]}:{own[1]}")
        answer = self.run("kafka-metadata-quorum.sh", option, address, "describe", "--replication")
        return read_quorum(answer)

    def under_replicated(self) -> list[str]:
        """Ask which partitions lack a replica, whichever broker answers."""
        answer = self.run(
            "kafka-topics.sh",
            "--bootstrap-server",
            ",".join(self.settings["brokers"]),
            "--describe",
            "--under-replicated-partitions",
        )
        return read_partitions(answer)

    def run(self, tool: str, *arguments: str) -> str:
        """Run one of Kafka's tools; ClosedError when it cannot tell."""
        argv = [f"{self.settings['tools']}/{tool}", *arguments[:2], "--command-config", self.settings["client"]]
        variables = {**os.environ, "KAFKA_HEAP_OPTS": "-Xmx256m", "KAFKA_OPTS": ""}
        try:
            done = subprocess.run(
                [*argv, *arguments[2:]],
                capture_output=True,
                text=True,
                check=False,
                timeout=TOOL_SECONDS,
                env=variables,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired:
            raise ClosedError(f"{tool} got no answer within {TOOL_SECONDS} s") from None
        if done.returncode:
            lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
            raise ClosedError(f"{tool} failed: {lines[-1] if lines else 'without a word'}")
        return done.stdout


def listening(host: str, port: int) -> None:
    """Somebody listens there."""
    try:
        socket.create_connection((host, port), timeout=5).close()
    except OSError as error:
        raise ClosedError(f"nobody listens on {host}:{port}: {error}") from None


def read_quorum(answer: str) -> list[Voter]:
    """Read what ``describe --replication`` prints: NodeId, DirectoryId, LogEndOffset, Lag, two times, Status."""
    voters = []
    for line in answer.splitlines():
        cells = line.split()
        if len(cells) == 7 and cells[0].isdigit():  # noqa: PLR2004  the columns named above
            voters.append(Voter(int(cells[0]), cells[6], int(cells[3]), int(cells[5])))
    if not voters:
        raise ClosedError("the quorum does not tell its members")
    return voters


def read_partitions(answer: str) -> list[str]:
    """Read the partitions that ``kafka-topics --describe`` lists."""
    partitions = []
    for line in answer.splitlines():
        words = line.split()
        if words[:1] == ["Topic:"] and "Partition:" in words:
            partitions.append(f"{words[1]}-{words[words.index('Partition:') + 1]}")
    return partitions


def quorum_is_whole(members: list[Voter], expected: list[int]) -> None:
    """There is a leader, and every voter that is expected follows it closely."""
    _leader(members)
    voting = {member.id for member in members if member.status != "Observer"}
    missing = [str(each) for each in expected if each not in voting]
    if missing:
        raise ClosedError(f"no voter of the quorum: {', '.join(missing)}")
    for each in expected:
        caught_up(members, each)


def others_have_everything(members: list[Voter], node: int, voters: list[int]) -> None:
    """A majority of the voters, without this node, has everything."""
    if _leader(members).id == node:
        raise ClosedError("this node still leads")
    good = []
    for each in voters:
        if each != node:
            try:
                caught_up(members, each)
            except ClosedError:
                continue
            good.append(each)
    if len(good) <= len(voters) // 2:
        raise ClosedError(f"only {len(good)} of {len(voters)} controllers have everything without this one")


def caught_up(members: list[Voter], node: int) -> None:
    """A member of the quorum, voter or observer, follows the leader closely."""
    leader = _leader(members)
    member = next((each for each in members if each.id == node), None)
    if member is None:
        raise ClosedError(f"node {node} does not follow the quorum")
    behind = (leader.caught_up_ms - member.caught_up_ms) / 1000
    if member.lag >= MOST_LAG_RECORDS or behind > MOST_BEHIND_SECONDS:
        raise ClosedError(f"node {node} lags behind the quorum")


def nothing_under_replicated(partitions: list[str]) -> None:
    """Every partition has all of its replicas."""
    if partitions:
        shown = ", ".join(partitions[:5])
        raise ClosedError(f"{len(partitions)} partitions are under-replicated: {shown}")


def _leader(members: list[Voter]) -> Voter:
    leader = next((member for member in members if member.status == "Leader"), None)
    if leader is None:
        raise ClosedError("the quorum has no leader")
    return leader


if __name__ == "__main__":
    sys.exit(main())
