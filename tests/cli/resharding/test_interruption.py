"""``stream reshard`` interrupted, and gone on with: no operation is lost, and none is done twice."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time

import pytest

from tests.cli.resharding.conftest import CHANGING, Refused, even

BY_HAND = ("--strategy", "split-merge")
OPERATIONS = 6
"""From four even shards to six: four splits and two merges."""


def press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def reshard(project, streams, quick):
    del quick

    def run(*arguments: str):
        return project.run("stream", "reshard", "orders", "-e", streams.environment, "-y", "-o", "json", *arguments)

    return run


def go_on(project, stderr: str):
    """Run the command line that was told."""
    (line,) = re.findall(r"go on with: streamops (.*)", stderr)
    return project.run(*shlex.split(line), "-y", "-o", "json")


@pytest.mark.parametrize("step", range(OPERATIONS - 1))
def test_ctrl_c_during_an_operation_ends_after_it(project, reshard, streams, faults, step):
    def interrupt() -> None:
        if faults.count(*CHANGING) == step + 1:
            press_ctrl_c()

    for action in ("SplitShard", "MergeShards"):
        faults.on(action, *[interrupt] * OPERATIONS)
    streams.take_time(0.05)
    outcome = reshard("--to", "6", *BY_HAND)
    assert outcome.exit_code == 130
    assert outcome.plan["done"] == step + 1 == faults.count(*CHANGING)
    assert f"interrupted: {step + 1} of {OPERATIONS} operations done" in outcome.stderr
    assert go_on(project, outcome.stderr).exit_code == 0
    assert streams.map() == even(6)
    assert faults.count(*CHANGING) == OPERATIONS


def test_ctrl_c_while_the_stream_is_updating_ends_after_the_operation(project, reshard, streams, faults):
    streams.take_time(0.3)
    faults.on("SplitShard", lambda: faults.on("DescribeStreamSummary", None, press_ctrl_c))
    outcome = reshard("--to", "6", *BY_HAND)
    assert (outcome.exit_code, outcome.plan["done"], faults.count(*CHANGING)) == (130, 1, 1)
    assert streams.map().count == 5
    assert go_on(project, outcome.stderr).exit_code == 0
    assert (streams.map(), faults.count(*CHANGING)) == (even(6), OPERATIONS)


def test_ctrl_c_while_nothing_is_under_way_ends_at_once(project, reshard, streams, faults):
    throttled = Refused("LimitExceededException", before=press_ctrl_c)
    faults.on("SplitShard", None, throttled)
    outcome = reshard("--to", "6", *BY_HAND)
    assert (outcome.exit_code, outcome.plan["done"], faults.count("SplitShard")) == (130, 1, 2)
    assert go_on(project, outcome.stderr).exit_code == 0
    assert streams.map() == even(6)


def test_ctrl_c_lets_the_operations_of_all_streams_end(project, streams, faults, quick):
    del quick
    for name in ("orders", "clicks"):
        streams.take_time(0.3, name)
    faults.on("SplitShard", None, press_ctrl_c)
    arguments = ("orders", "clicks", "-e", streams.environment, "--factor", "2", "-y", "-o", "json", *BY_HAND)
    outcome = project.run("stream", "reshard", *arguments)
    assert outcome.exit_code == 130
    done = faults.count("SplitShard")
    assert outcome.plan["done"] == done == 2, "both that were under way"
    assert streams.map("orders").count + streams.map("clicks").count == 6 + done
    assert "stream reshard orders --to 8" in outcome.stderr
    assert "stream reshard clicks --to 4" in outcome.stderr


@pytest.mark.parametrize("step", [0, OPERATIONS - 1])
def test_what_was_killed_is_gone_on_with_by_running_it_again(reshard, streams, faults, step):
    """SIGKILL right when Kinesis takes an operation, which then ends without anybody waiting for it."""
    streams.take_time(0.4)
    command = [sys.executable, "-m", "cli.main", "stream", "reshard", "orders", "--to", "6", *BY_HAND]
    killed: list[bool] = []

    def kill() -> None:
        if faults.count(*CHANGING) == step + 1 and not killed:
            killed.append(True)
            process.kill()

    for action in ("SplitShard", "MergeShards"):
        faults.on(action, *[kill] * OPERATIONS)
    process = subprocess.Popen(
        [*command, "-y", "-e", streams.environment], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    assert process.wait(timeout=120) == -signal.SIGKILL
    deadline = time.monotonic() + 10
    while faults.happened < step + 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    outcome = reshard("--to", "6", *BY_HAND)
    assert outcome.exit_code == 0
    assert streams.map() == even(6)
    assert faults.count(*CHANGING) == OPERATIONS
