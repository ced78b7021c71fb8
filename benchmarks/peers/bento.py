"""Bento, the open fork of Benthos, built from its Go module.

Its command line of all components would take half an hour to build; ours has those that the comparison needs, and is
otherwise what Bento's documentation tells to write.
https://pkg.go.dev/github.com/warpstreamlabs/bento/public/service
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from benchmarks.peers.peer import Peer, PeerMissing, Work
from benchmarks.processes import Program
from sandbox.process import free_port

VERSION: Final = "v1.10.0"
_MODULE: Final = "github.com/warpstreamlabs/bento"
_MAIN: Final = f"""package main

import (
	"context"

	"{_MODULE}/public/service"

	_ "{_MODULE}/public/components/aws"
	_ "{_MODULE}/public/components/kafka"
	_ "{_MODULE}/public/components/pure"
)

func main() {{ service.RunCLI(context.Background()) }}
"""
_MOD: Final = f"""module bench/bento

go 1.24

require {_MODULE} {VERSION}
"""


def bento(cache: Path, gogc: int | None) -> Peer:
    """Bento with batches of 500 on its input and 64 calls under way; `gogc` trades memory for less collecting.

    Raises:
        PeerMissing: there is no Go here, or the build failed.
    """
    program = _built(cache)

    def start(work: Work) -> Program:
        file = work.directory / "bento.yaml"
        file.write_text(json.dumps(_config(work)))  # JSON is YAML
        variables = {**work.environment, "SSL_CERT_FILE": work.environment["AWS_CA_BUNDLE"]}
        if gogc is not None:
            variables["GOGC"] = str(gogc)
        return Program("bento", [program, "-c", file], work.directory / "bento.log", variables)

    name = "Bento" if gogc is None else f"Bento, GOGC={gogc}"
    return Peer(name, f"{VERSION}, batches of 500, 64 calls under way", start)


def _config(work: Work) -> dict[str, object]:
    source = {
        "seed_brokers": [work.bootstrap],
        "topics": [work.topic],
        "consumer_group": work.group,
        "start_from_oldest": True,
        # Messages of a partition under way; the default of 1,024 would allow two batches.
        "checkpoint_limit": 65_536,
        "batching": {"count": 500, "period": "100ms"},
    }
    sink = {
        "stream": "bench",
        "partition_key": '${! meta("kafka_key") }',
        "max_in_flight": 64,
        "region": work.environment["AWS_REGION"],
        "endpoint": work.environment["AWS_ENDPOINT_URL"],
    }
    return {
        "http": {"address": f"127.0.0.1:{free_port()}"},
        "input": {"kafka_franz": source},
        "output": {"aws_kinesis": sink},
        "logger": {"level": "WARN"},
    }


def _built(cache: Path) -> Path:
    program = cache / f"bento-{VERSION}" / "bento"
    if program.exists():
        return program
    if shutil.which("go") is None:
        raise PeerMissing("Go is not on this machine")
    folder = program.parent
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "main.go").write_text(_MAIN)
    (folder / "go.mod").write_text(_MOD)
    # Not `go mod tidy`: it would also ask for what Bento's own tests import.
    built = subprocess.run(
        ["go", "build", "-mod=mod", "-trimpath", "-o", "bento.part", "."],
        cwd=folder,
        env={**os.environ, "GOFLAGS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode:
        raise PeerMissing(f"go build failed: {built.stderr.strip()[-400:]}")
    (folder / "bento.part").replace(program)
    return program
