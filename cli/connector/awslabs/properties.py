"""Java properties files, read as Kafka Connect reads them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import javaproperties

from cli.errors import CliError

CONNECTOR_CLASS = "connector.class"
HIDDEN = "(hidden)"
_SECRETS = ("password", "secret", "jaas", "credential", "ssl.key", "token")


def read_properties(files: Sequence[Path]) -> dict[str, str]:
    """All keys of some files: the connector's, and the worker's where they are given too.

    What stands in the connector's file, the one that names its class, wins over the worker's. Within a file the last of
    several equal keys wins, as in Java. Bytes are read as Latin-1, as Java and so Connect read them.

    Raises:
        CliError: a file holds an escape that Java refuses too.
    """
    read = [_read(file) for file in files]
    merged: dict[str, str] = {}
    for values in sorted(read, key=lambda values: CONNECTOR_CLASS in values):
        merged |= values
    return merged


def shown(key: str, value: str) -> str:
    """A value as it may be printed."""
    return HIDDEN if any(part in key.lower() for part in _SECRETS) else value


def _read(file: Path) -> dict[str, str]:
    try:
        return dict(javaproperties.loads(file.read_bytes()))
    except javaproperties.InvalidUEscapeError as error:
        raise CliError(
            f"{file}: holds {error.escape!r}, which is no \\uXXXX escape",
            "write four hexadecimal digits after \\u, or double the backslash",
        ) from error
