"""An error that nobody expected is a line of the log like every other, and ends the process as it did."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

CONFIG = {
    "route": "r",
    "source": {"kind": "kafka", "bootstrap": "127.0.0.1:1", "topic": "t", "group": "g"},
    "sink": {"kind": "kinesis", "stream": "s", "region": "eu-west-1"},
}
PROCESS = """
import json, os, runpy, sys, threading
from multiprocessing.connection import Pipe

def fail(*_):
    raise LookupError("of two\\nlines")

def fail_aside(*_):
    thread = threading.Thread(target=fail, name="aside")
    thread.start()
    thread.join()

class Unfinished:
    def __del__(self):
        fail()

def fail_unheard(*_):
    Unfinished()

def run(*arguments):
    sys.argv = ["connector", *arguments]
    runpy.run_module("connector", run_name="__main__")

def work():
    ours, theirs = Pipe()
    ours.send_bytes(json.dumps({"config": os.environ["CONNECTOR_CONFIG"], "number": 3}).encode())
    sys.argv = ["connector.worker", str(os.dup(theirs.fileno()))]
    runpy.run_module("connector.worker", run_name="__main__")

import connector.config, connector.log, connector.plan, connector.route
"""


def process(code: str) -> tuple[int, str]:
    """Run Python code that stands for a process of the connector; return its exit code and what it wrote to stderr."""
    done = subprocess.run(
        [sys.executable, "-c", PROCESS + code],
        env={"CONNECTOR_CONFIG": json.dumps(CONFIG)}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stderr


def only_line(written: str) -> dict[str, Any]:
    (line,) = written.splitlines()
    content: dict[str, Any] = json.loads(line)
    return content


@pytest.mark.parametrize(
    ("code", "worker"),
    [
        ("connector.route.run = fail; run('run')", None),
        ("connector.config.load_config = fail; run('run')", None),
        ("connector.route.run = fail; work()", 3),
        ("connector.config.load_config = fail; work()", None),
    ],
)
def test_it_is_one_line_with_the_traceback_as_a_field(code: str, worker: int | None):
    exit_code, written = process(code)
    line = only_line(written)
    assert exit_code == 1
    assert (line["level"], line["message"]) == ("critical", "ended by an error of the connector itself")
    assert line.get("process") == worker
    assert line["exception"].startswith("Traceback (most recent call last)")
    assert line["exception"].endswith("LookupError: of two\nlines")


def test_one_of_a_thread_is_a_line_too_and_names_the_thread():
    exit_code, written = process("connector.route.run = fail_aside; run('run')")
    line = only_line(written)
    assert exit_code == 0
    assert (line["level"], line["thread"]) == ("critical", "aside")
    assert "LookupError" in line["exception"]


def test_one_that_python_can_raise_nowhere_is_a_line_too():
    exit_code, written = process("connector.route.run = fail_unheard; run('run')")
    line = only_line(written)
    assert exit_code == 0
    assert (line["level"], line["message"]) == ("error", "an error was ignored, since it could be raised nowhere")
    assert "LookupError" in line["exception"]


@pytest.mark.parametrize("code", ["connector.route.run = fail; run('run')", "connector.route.run = fail; work()"])
def test_without_it_python_writes_many_lines(code: str):
    exit_code, written = process(f"connector.log.log_crashes = lambda: None; {code}")
    assert exit_code == 1
    assert written.startswith("Traceback")
    assert len(written.splitlines()) > 3
