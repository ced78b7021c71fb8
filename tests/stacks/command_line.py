"""The CDK's own command line, on a machine that knows nothing of AWS and nobody lives on."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.stacks.synthesis import PROJECT

CDK = PROJECT / "node_modules" / ".bin" / "cdk"

DESCRIBED = sorted([*PROJECT.glob("environments/*.yaml"), *PROJECT.glob("examples/*.yaml")])
"""Every environment that the project comes with, and every example."""


def surroundings(folder: Path, **variables: str) -> dict[str, str]:
    """The variables of a machine without a home, without AWS and without a network."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "CDK_", "JSII_"))}
    nobody_listens = "http://127.0.0.1:9"
    return {
        **kept,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), kept["PATH"]]),
        "HOME": str(folder / "nobody"),
        "CDK_HOME": str(folder),
        # Only what jsii has unpacked already is taken from the real home: it costs seconds each time.
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(Path.home() / ".cache" / "aws" / "jsii" / "package-cache"),
        "AWS_CONFIG_FILE": str(folder / "no-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "no-credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), nobody_listens),
        **variables,
    }


def synthesize(files: Iterable[Path], folder: Path) -> Path:
    """Run `cdk synth` over environment files as `make synth` does, all checks on; return the assembly."""
    selected = ",".join(map(str, files))
    done = subprocess.run(
        [
            CDK,
            "synth",
            "--quiet",
            "--strict",
            "--no-lookups",
            "--output",
            folder / "out",
            "--context",
            f"env={selected}",
        ],
        cwd=PROJECT,
        env=surroundings(folder),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "out"
