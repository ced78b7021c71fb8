"""The CDK's own command line, on a machine that knows nothing of AWS and nobody lives on."""

import os
import signal
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


class Synthesis:
    """A run of `cdk synth` over environment files as `make synth` does, all checks on, beside what goes on here."""

    def __init__(self, files: Iterable[Path], folder: Path) -> None:
        self._assembly, self._told = folder / "out", folder / "told"
        command = [str(CDK), "synth", "--quiet", "--strict", "--no-lookups", "--output", str(self._assembly)]
        with self._told.open("w") as told:
            self._process = subprocess.Popen(
                [*command, "--context", f"env={','.join(map(str, files))}"],
                cwd=PROJECT,
                env=surroundings(folder),
                stdout=told,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # so that its app ends with it
            )

    def assembly(self) -> Path:
        """Wait for the end; return where the templates lie."""
        assert self._process.wait(timeout=240) == 0, self._told.read_text("utf-8")
        return self._assembly

    def stop(self) -> None:
        """End it and its app, where nobody has waited for it."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
