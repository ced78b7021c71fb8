"""The configuration that the YAML declares for a route, as the CDK app renders it: the very text of the template.

The app is run as a process. It is hermetic: it asks neither AWS nor Docker, and writes into a folder of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import environments
from cli.errors import CliError
from environments import Environment, environment_file, naming

PROJECT = Path(environments.__file__).resolve().parents[1]
"""The checkout: ``app.py`` and ``cdk.json`` lie there."""
TIMEOUT_SECONDS = 300
PARAMETER = "AWS::SSM::Parameter"


def declared_configuration(environment: Environment, reference: str, route: str) -> str:
    """Synthesize the environment and take the configuration of a route out of its template.

    Args:
        environment: as it is now.
        reference: the environment as the user named it.
        route: by its short name.

    Raises:
        CliError: the app is not there, or refuses the environment.
    """
    if not (PROJECT / "app.py").is_file():
        raise CliError(
            f"--config needs the CDK app, which is not in {PROJECT}", "run streamops from a checkout of the project"
        )
    with tempfile.TemporaryDirectory(prefix="streamops-") as folder:
        _synthesize(environment_file(reference), Path(folder))
        name = naming.config_parameter_name(environment, route)
        for properties in _parameters(Path(folder)):
            if properties.get("Name") == name and isinstance(properties.get("Value"), str):
                return str(properties["Value"])
    raise CliError(f"the templates of {environment.name} have no configuration of {route}", "see: cdk synth")


def _synthesize(file: Path, folder: Path) -> None:
    context = json.loads((PROJECT / "cdk.json").read_text("utf-8")).get("context", {})
    variables = {
        **os.environ,
        "CDK_OUTDIR": str(folder),
        "CDK_CONTEXT_JSON": json.dumps({**context, "env": str(file.resolve())}),
    }
    try:
        done = subprocess.run(
            [sys.executable, "app.py"],
            cwd=PROJECT,
            env=variables,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CliError(f"the CDK app has not ended after {TIMEOUT_SECONDS}s", "see: cdk synth") from error
    if done.returncode:
        tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-10:])
        raise CliError(f"the CDK app refuses the environment:\n{tail}", "correct the environment file; see: cdk synth")


def _parameters(folder: Path) -> Iterator[Mapping[str, Any]]:
    for file in folder.rglob("*.template.json"):
        for resource in json.loads(file.read_text("utf-8")).get("Resources", {}).values():
            if resource.get("Type") == PARAMETER:
                yield resource.get("Properties", {})
