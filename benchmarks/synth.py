"""How long the synthesis of ``environments/prod.yaml`` takes, against that of a minimal app with the same imports.

    .venv/bin/python benchmarks/synth.py [ROUNDS]

Each run is a process of its own, as ``cdk synth`` starts one: all stacks of the environment, validation off. The
minimal app imports the same modules and has one stack with one stream. The two run in turns, so that a busy machine
slows both alike. The ratio of the medians must be at most 1.5.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).parent.parent
MINIMAL = """
import sys

import stacks.app
import aws_cdk as cdk
from aws_cdk import aws_kinesis as kinesis

app = cdk.App(outdir=sys.argv[1], analytics_reporting=False)
kinesis.Stream(cdk.Stack(app, "minimal"), "stream")
app.synth()
"""
OURS = """
import sys

import aws_cdk as cdk

from environments import load_environment
from stacks.app import add_stages

app = cdk.App(outdir=sys.argv[1], analytics_reporting=False, stack_traces=False)
add_stages(app, [load_environment("environments/prod.yaml")])
app.synth()
"""
WARM_UP = 1
LIMIT = 1.5


def seconds(program: str, folder: Path) -> float:
    """Wall-clock time of one run of an app."""
    context = json.loads((PROJECT / "cdk.json").read_text("utf-8"))["context"]
    variables = {
        **os.environ,
        "CDK_CONTEXT_JSON": json.dumps(context),
        "CDK_VALIDATION": "false",
        "PYTHONPATH": str(PROJECT),
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
    }
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", program, str(folder)], cwd=PROJECT, env=variables, check=True)
    return time.perf_counter() - began


def main(rounds: int) -> int:
    """Measure, print, and give 1 where the ratio is above the limit."""
    with tempfile.TemporaryDirectory() as folder:
        outputs = Path(folder)
        pairs = [
            (seconds(MINIMAL, outputs / f"minimal-{number}"), seconds(OURS, outputs / f"ours-{number}"))
            for number in range(WARM_UP + rounds)
        ][WARM_UP:]
    minimal, ours = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(f"minimal app       {minimal * 1000:6.0f} ms")
    print(f"prod.yaml         {ours * 1000:6.0f} ms")
    print(f"ratio             {ours / minimal:6.2f}   (at most {LIMIT:g})")
    return int(ours / minimal > LIMIT)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 7))
