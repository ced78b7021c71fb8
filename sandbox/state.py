"""The directory of one sandbox and what is written down in it.

Everything of a sandbox lies in one directory, by default ``.sandbox/<environment>`` beside the ``environments``
folder; ``STREAMOPS_SANDBOX`` names another one, which is how two sandboxes run side by side. ``sandbox.json`` in it
tells every other process where the broker and the AWS stand-in are.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from environments import environments_folder
from sandbox.errors import SandboxError
from sandbox.process import ProcessRecord

STATE_FILE = "sandbox.json"
LOCK_FILE = "sandbox.lock"
"""Held by the command that works on the directory; that it is there at all marks the directory as a sandbox's."""
PLAIN_NAME = re.compile(r"[a-z][a-z0-9-]*")


def start_it(name: str) -> str:
    """The way out where a sandbox should run and does not."""
    return f"start it with: streamops sandbox up -e {name}"


@dataclass(frozen=True)
class SandboxState:
    """Where the parts of a running sandbox are. Written by ``up``, read by everything else."""

    name: str
    """The environment that is deployed in it."""
    directory: Path
    endpoint_url: str
    """Of the AWS stand-in. The host is spelled ``localhost``: moto takes a bucket from the path only then."""
    account: str
    region: str
    access_key_id: str
    secret_access_key: str
    bootstrap: str
    """``host:port`` of the Kafka broker."""
    processes: dict[str, ProcessRecord] = dataclasses.field(default_factory=dict)
    """The long-running parts by name: kafka, aws, runner."""

    @property
    def aws_endpoint(self) -> dict[str, str]:
        """The variables with which any AWS SDK reaches the stand-in, without credentials."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
        }

    @property
    def aws_credentials(self) -> dict[str, str]:
        """The variables that hold the credentials of the sandbox's administrator."""
        return {"AWS_ACCESS_KEY_ID": self.access_key_id, "AWS_SECRET_ACCESS_KEY": self.secret_access_key}

    def client(self, service: str, credentials: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - made at run time
        """A boto3 client of the stand-in's ``service``.

        Args:
            service: botocore's name of it.
            credentials: of a session, as STS gives them; the administrator's where there are none.
        """
        import boto3
        import botocore.session
        from botocore.config import Config

        # Whatever profile or proxy the shell names is meant for real accounts.
        core = botocore.session.Session(session_vars={"profile": (None, [], None, None)})
        session = credentials or {"AccessKeyId": self.access_key_id, "SecretAccessKey": self.secret_access_key}
        return boto3.Session(botocore_session=core).client(
            service,
            endpoint_url=self.endpoint_url,
            region_name=self.region,
            aws_access_key_id=session["AccessKeyId"],
            aws_secret_access_key=session["SecretAccessKey"],
            aws_session_token=session.get("SessionToken"),
            config=Config(connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 3}, proxies={}),
        )

    def with_process(self, record: ProcessRecord) -> SandboxState:
        """A copy in which the part ``record.name`` is the given process."""
        return dataclasses.replace(self, processes={**self.processes, record.name: record})

    def write(self) -> None:
        """Replace ``sandbox.json`` in one step, readable by its owner only."""
        document = dataclasses.asdict(self) | {"directory": str(self.directory)}
        write_json(self.directory / STATE_FILE, document)


def sandbox_directory(name: str) -> Path:
    """The directory of the sandbox of environment ``name``, whether it exists or not.

    Raises:
        SandboxError: the name is none that an environment file could have.
    """
    if not PLAIN_NAME.fullmatch(name):
        raise SandboxError(
            f"{name!r} is not the name of an environment", "name one of environments/, without path and ending"
        )
    chosen = os.environ.get("STREAMOPS_SANDBOX")
    directory = Path(chosen).expanduser() if chosen else environments_folder().parent / ".sandbox" / name
    return directory.resolve()


def read_state(name: str) -> SandboxState | None:
    """What ``up`` wrote, or None where there is no sandbox of this environment."""
    directory = sandbox_directory(name)
    try:
        document: dict[str, Any] = json.loads((directory / STATE_FILE).read_text())
        processes = {part: ProcessRecord(**record) for part, record in document.pop("processes").items()}
        state = SandboxState(**document | {"directory": directory, "processes": processes})
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SandboxError(
            f"{directory / STATE_FILE} cannot be read: {error}", f"streamops sandbox down -e {name}, then up again"
        ) from error
    if state.name != name:
        raise SandboxError(
            f"the sandbox in {directory} holds the environment {state.name!r}, not {name!r}",
            "set STREAMOPS_SANDBOX to another directory",
        )
    return state


def running_sandbox(name: str) -> SandboxState:
    """The sandbox of environment ``name`` with its broker and stand-in alive.

    Raises:
        SandboxError: there is none, or a part of it has stopped; with the tail of that part's log.
    """
    state = read_state(name)
    if state is None:
        raise SandboxError(f"the sandbox of environment {name!r} is not running", start_it(name))
    require_running(state, ("kafka", "aws"))
    return state


def require_running(state: SandboxState, parts: Sequence[str]) -> None:
    """Make sure that the given parts are alive.

    Raises:
        SandboxError: one has stopped; with the tail of its log.
    """
    for part in parts:
        record = state.processes.get(part)
        if record is None or not record.alive:
            tail = record.log_tail() if record else ""
            raise SandboxError(f"part {part} of the sandbox {state.name!r} has stopped{tail}", start_it(state.name))


def write_json(path: Path, document: object) -> None:
    """Replace ``path`` in one step with ``document``, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    partial.touch(mode=0o600)
    partial.write_text(json.dumps(document, indent=2) + "\n")
    partial.replace(path)
