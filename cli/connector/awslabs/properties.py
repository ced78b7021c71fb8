"""Java properties files, read as Kafka Connect reads them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import javaproperties

from cli.errors import CliError

CONNECTOR_CLASS = "connector.class"
HIDDEN = "(hidden)"
_SECRETS = ("password", "secret", "jaas", "credential", "ssl.key", "token")
_ADDRESSES = ("bootstrap.servers", "kinesisEndpoint")


def read_properties(files: Sequence[Path]) -> tuple[dict[str, str], dict[str, Path]]:
    """All keys of some files, the connector's and the worker's where they are given too, and the file of each key.

    What stands in the connector's file, the one that names its class, wins over the worker's, unless it is empty.
    Within a file the last of several equal keys wins, as in Java. Bytes are read as Latin-1, as Java and so Connect
    read them.

    Raises:
        CliError: a file holds an escape that Java refuses too, or half of a character.
    """
    read = [(file, _read(file)) for file in files]
    merged: dict[str, str] = {}
    places: dict[str, Path] = {}
    for file, values in sorted(read, key=lambda each: CONNECTOR_CLASS in each[1]):
        taken = {key: value for key, value in values.items() if key not in merged or not is_empty(value)}
        merged |= taken
        places |= dict.fromkeys(taken, file)
    return merged, places


def is_empty(value: str) -> bool:
    """Whether a key has no value, as in a template that nobody filled in; it then means as much as its absence."""
    return not value.strip()


def shown(key: str, value: str) -> str:
    """A value as it may be printed: no password, and no address that has one before its host."""
    secret = any(part in key.lower() for part in _SECRETS) or (key.endswith(_ADDRESSES) and "@" in value)
    return HIDDEN if secret else value


def _read(file: Path) -> dict[str, str]:
    try:
        values = dict(javaproperties.loads(file.read_bytes()))
    except javaproperties.InvalidUEscapeError as error:
        raise CliError(
            f"{file}: holds {error.escape!r}, which is no \\uXXXX escape",
            "write four hexadecimal digits after \\u, or double the backslash",
        ) from error
    for key, value in values.items():
        try:
            f"{key}{value}".encode()
        except UnicodeEncodeError as error:
            half = f"\\u{ord(error.object[error.start]):04x}"
            raise CliError(
                f"{file}: {key!a} holds {half}, which is half of a character",
                "write both of its halves, or the character that is meant",
            ) from None
    return values
