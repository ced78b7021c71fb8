"""Apache Kafka as its published Maven artifacts: ``python -m sandbox.kafka_libraries`` fetches them, once.

They lie beside the interpreter that runs the sandbox: the jars belong to the virtual environment, like any dependency.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from sandbox.errors import INSTALL, SandboxError

KAFKA_VERSION = "4.1.1"
# slf4j-simple writes to the process's own stderr, which is the log here. (A Log4j binding would bring a BOM that
# silently replaces Kafka's own client library by an older one.)
ARTIFACTS = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}+org.slf4j:slf4j-simple:1.7.36"
LIBRARIES = Path(sys.prefix) / "share" / f"kafka-{KAFKA_VERSION}"

TOOLS = f"kafka-tools-{KAFKA_VERSION}.jar"
"""Kafka's command line tools, which nodes of our own ask about their cluster. What only other tools need stays away."""

FETCH = f"make setup in a checkout, or {Path(sys.executable).name} -m sandbox.kafka_libraries"


def fetch_libraries() -> Path:
    """Resolve the artifacts into :data:`LIBRARIES`, unless they are there already.

    Raises:
        SandboxError: they cannot be resolved; nothing is left half-done.
    """
    if (LIBRARIES / TOOLS).is_file():
        return LIBRARIES
    LIBRARIES.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=LIBRARIES.parent) as cache:
        partial = Path(cache) / "libraries"
        partial.mkdir()
        for jar in _resolved(ARTIFACTS, Path(cache)):
            shutil.copy(jar, partial)
        tools = _resolved(f"org.apache.kafka:kafka-tools:{KAFKA_VERSION}", Path(cache))
        shutil.copy(next(jar for jar in tools if jar.name == TOOLS), partial)
        if LIBRARIES.is_dir():  # from before the tools were among them
            LIBRARIES.replace(Path(cache) / "before")
        partial.replace(LIBRARIES)
    return LIBRARIES


def _resolved(artifacts: str, cache: Path) -> list[Path]:
    try:
        import jgo
    except ImportError as error:
        raise SandboxError("jgo, which resolves Maven artifacts, is missing", INSTALL) from error
    try:
        return [Path(jar) for jar in jgo.build(artifacts, cache_dir=cache).all_jars]
    except Exception as error:  # jgo has no exception of its own for a repository that cannot be reached
        raise SandboxError(
            f"Kafka {KAFKA_VERSION} cannot be fetched: {error}", "check the way to the Maven repository, then again"
        ) from error


if __name__ == "__main__":
    try:
        fetch_libraries()
    except SandboxError as problem:
        sys.exit(f"error: {problem}")
