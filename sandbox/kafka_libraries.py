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

FETCH = f"make setup in a checkout, or {Path(sys.executable).name} -m sandbox.kafka_libraries"


def fetch_libraries() -> Path:
    """Resolve the artifacts into :data:`LIBRARIES`, unless they are there already.

    Raises:
        SandboxError: they cannot be resolved; nothing is left half-done.
    """
    if LIBRARIES.is_dir():
        return LIBRARIES
    try:
        import jgo
    except ImportError as error:
        raise SandboxError("jgo, which resolves Maven artifacts, is missing", INSTALL) from error
    LIBRARIES.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=LIBRARIES.parent) as cache:
        try:
            resolved = jgo.build(ARTIFACTS, cache_dir=Path(cache))
        except Exception as error:  # jgo has no exception of its own for a repository that cannot be reached
            raise SandboxError(
                f"Kafka {KAFKA_VERSION} cannot be fetched: {error}", "check the way to the Maven repository, then again"
            ) from error
        partial = Path(cache) / "libraries"
        partial.mkdir()
        for jar in resolved.all_jars:
            shutil.copy(jar, partial)
        partial.replace(LIBRARIES)
    return LIBRARIES


if __name__ == "__main__":
    try:
        fetch_libraries()
    except SandboxError as problem:
        sys.exit(f"error: {problem}")
