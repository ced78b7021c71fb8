"""The image's recipe, followed without Docker: the same instructions, into a folder that stands for its root."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest

IMAGE = Path(__file__).parents[2] / "connector_image"
WHEELS = Path(sys.prefix) / "wheels"
"""What `make setup` fetched of the image's packages; nothing is fetched here."""
OURS = "streamops-connector"
SERVICES = {"firehose", "kafka", "kinesis", "s3", "signin", "ssm", "sso", "sso-oidc", "sts"}


class Instruction(NamedTuple):
    name: str
    text: str


def instructions() -> list[Instruction]:
    lines = [line for line in (IMAGE / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [Instruction(*line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]


def stages() -> list[list[Instruction]]:
    found: list[list[Instruction]] = []
    for each in instructions():
        if each.name == "FROM":
            found.append([])
        if found:
            found[-1].append(each)
    return found


def context() -> set[str]:
    """What the build may see: `.dockerignore` leaves everything out and lets some in."""
    rules = (IMAGE / ".dockerignore").read_text().split()
    assert rules[0] == "*"
    return {rule[1:] for rule in rules if rule.startswith("!")}


@dataclass
class Build:
    """A build stage on this machine; absolute paths of the recipe lie below `root`."""

    root: Path
    workdir: Path = Path("/")
    environment: dict[str, str] = field(default_factory=dict)

    def follow(self, instruction: Instruction) -> None:
        match instruction.name:
            case "FROM" | "LABEL":
                pass
            case "ENV":
                self.environment |= dict(part.split("=", 1) for part in shlex.split(instruction.text))
            case "WORKDIR":
                self.workdir = self._below(instruction.text)
                self.workdir.mkdir(parents=True)
            case "COPY":
                self._copy(*instruction.text.split())
            case "RUN":
                self._run(instruction.text)
            case _:
                pytest.fail(f"the test does not know how to follow {instruction}")

    def _below(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def _copy(self, *words: str) -> None:
        *sources, destination = words
        for source in sources:
            assert source in context()
            target = self.workdir / destination / (source if destination == "./" else "")
            if (IMAGE / source).is_dir():
                shutil.copytree(IMAGE / source, target, ignore=lambda _, names: fnmatch.filter(names, "__pycache__"))
            else:
                shutil.copy(IMAGE / source, target)

    def _run(self, text: str) -> None:
        command = re.sub(r"(?<=\s)/opt/", f"{self.root}/opt/", text)
        variables = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))}
        offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(WHEELS), "TMPDIR": str(self.root)}
        path = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        done = subprocess.run(
            ["/bin/sh", "-ec", command],
            cwd=self.workdir, env={**variables, **self.environment, **offline, **path},
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not WHEELS.is_dir():
        pytest.fail(f"{WHEELS} is missing; `make setup` fetches what the image installs")
    build = Build(tmp_path_factory.mktemp("image"))
    for instruction in stages()[0]:
        build.follow(instruction)
    shutil.rmtree(build.workdir)  # the build stage is left behind
    return build.root / "opt" / "connector"


def run(root: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Start it as the image's last stage says, with no variable of this machine."""
    environment = {"PATH": f"{root}/bin:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
    return subprocess.run(
        arguments, env={**environment, **variables}, cwd="/", capture_output=True, text=True, timeout=120, check=False
    )


def final(name: str) -> str:
    (found,) = [each.text for each in stages()[-1] if each.name == name]
    return found


def entry_point() -> list[str]:
    found: list[str] = json.loads(final("ENTRYPOINT"))
    return found


def files(root: Path) -> Iterator[tuple[str, int]]:
    for path in sorted(root.rglob("*")):
        if path.is_file():
            yield str(path), path.stat().st_mtime_ns


CONFIG = json.dumps(
    {
        "route": "r",
        "source": {"kind": "kafka", "bootstrap": "127.0.0.1:1", "topic": "t", "group": "g"},
        "sink": {"kind": "kinesis", "stream": "s", "region": "eu-west-1", "endpoint": "http://127.0.0.1:1"},
    }
)


def test_it_holds_exactly_the_locked_versions_and_the_connector(root: Path):
    # Peers: kinesis-kafka-connector #4, #10, #18, amazon-kinesis-client-python #84, #90.
    code = "import importlib.metadata as m; print('\\n'.join(f'{d.name}=={d.version}' for d in m.distributions()))"
    done = run(root, "python", "-c", code)
    assert done.returncode == 0, done.stderr
    held = {re.sub(r"[-_.]+", "-", line).lower() for line in done.stdout.splitlines()}
    wanted = {re.sub(r"[-_.]+", "-", line).lower() for line in (IMAGE / "requirements.lock").read_text().split()}
    assert {each for each in held if not each.startswith(OURS)} == wanted
    assert len(held) == len(wanted) + 1


def test_it_imports_nothing_of_this_machine(root: Path):
    done = run(root, "python", "-c", "import connector, botocore; print(connector.__file__, botocore.__file__)")
    assert all(path.startswith(str(root)) for path in done.stdout.split())


def test_every_module_of_the_connector_can_be_imported(root: Path):
    code = (
        "import importlib, pkgutil, connector\n"
        "for module in pkgutil.walk_packages(connector.__path__, 'connector.'):\n"
        "    if not module.name.endswith('__main__'): importlib.import_module(module.name)"
    )
    done = run(root, "python", "-W", "error", "-c", code)
    assert done.returncode == 0, done.stderr


def test_the_entry_point_plans_and_checks_and_writes_nothing(root: Path):
    before = list(files(root))
    assert before
    done = run(root, *entry_point(), "plan", CONNECTOR_CONFIG=CONFIG)
    assert done.returncode == 0, done.stderr
    assert "WHAT FOLLOWS" in done.stdout
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_EC2_METADATA_DISABLED": "true"}
    done = run(root, *entry_point(), "check", CONNECTOR_CONFIG=CONFIG, **keys)
    assert done.returncode == 1
    assert "FAILED  topic: Kafka at 127.0.0.1:1: no broker answers" in done.stdout
    assert list(files(root)) == before


def test_it_has_the_services_that_are_called_and_no_other(root: Path):
    code = (
        "import botocore.session as b; session = b.get_session()\n"
        "found = sorted(session.get_available_services())\n"
        "[session.create_client(name, region_name='eu-west-1', aws_access_key_id='a', aws_secret_access_key='b')"
        " for name in found]\n"
        "print(*found)"
    )
    done = run(root, "python", "-c", code)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == SERVICES


def test_every_service_that_the_code_names_is_there():
    named = {
        name
        for path in (IMAGE / "connector").rglob("*.py")
        for name in re.findall(r"""(?:client|_client)\((?:config, )?"([a-z0-9-]+)\"""", path.read_text())
    }
    assert {"kinesis", "firehose", "ssm", "s3"} <= named
    assert named <= SERVICES


def test_what_is_started_is_no_root_and_hears_sigterm():
    assert final("USER") == "1000:1000"
    assert final("STOPSIGNAL") == "SIGTERM"
    assert entry_point() == ["python", "-m", "connector"]
    assert json.loads(final("CMD")) == ["run"]


def test_both_stages_begin_with_one_exact_version():
    (base,) = [each.text for each in instructions() if each.name == "ARG"]
    assert re.fullmatch(r"PYTHON=python:3\.\d+\.\d+-slim-\w+", base)
    assert [stage[0].text.split()[0] for stage in stages()] == ["${PYTHON}", "${PYTHON}"]


def test_what_builds_it_is_pinned_as_in_the_project():
    (backend,) = re.findall(r'requires = \["(.*)"\]', (IMAGE / "pyproject.toml").read_text())
    assert backend in (IMAGE.parent / "requirements.lock").read_text().split()
