"""A file of what a group has committed: written before it is moved, and read to move it back."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cli.cluster import Place
from cli.errors import CliError

FORMAT = "streamops group offsets"
VERSION = 1


@dataclass(frozen=True)
class OffsetsFile:
    """Offsets of a group in some partitions."""

    group: str
    cluster_id: str
    offsets: Mapping[Place, int | None]
    """None: it had committed nothing."""

    def write(self, folder: Path) -> Path:
        """Write a new file into ``folder`` that nobody else can read; its path.

        Raises:
            OSError: it cannot be written.
        """
        name = re.sub(r"[^A-Za-z0-9._-]", "_", self.group)
        file = folder / f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}.offsets.json"
        document = {
            "format": FORMAT,
            "version": VERSION,
            "cluster_id": self.cluster_id,
            "group": self.group,
            "offsets": [
                {"topic": topic, "partition": partition, "offset": offset}
                for (topic, partition), offset in sorted(self.offsets.items())
            ],
        }
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as written:
            json.dump(document, written, indent=2)
            written.write("\n")
            written.flush()
            os.fsync(written.fileno())
        return file

    @classmethod
    def read(cls, file: Path) -> OffsetsFile:
        """Read a file that ``write`` wrote, by hand or by program.

        Raises:
            CliError: it is none.
        """
        try:
            document = json.loads(file.read_text("utf-8"))
            _expect(document["format"], FORMAT)
            _expect(document["version"], VERSION)
            offsets = {
                (str(entry["topic"]), _whole(entry["partition"])): entry["offset"] for entry in document["offsets"]
            }
            for offset in offsets.values():
                _whole(0 if offset is None else offset)
            return cls(str(document["group"]), str(document["cluster_id"]), offsets)
        except (ValueError, KeyError, TypeError) as error:
            raise CliError(
                f"{file} is no file of offsets: {type(error).__name__} {error}",
                "give one that streamops group seek wrote",
            ) from error


def _whole(number: object) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise ValueError(f"{number!r} is no whole number from 0 up")
    return number


def _expect(found: object, wanted: object) -> None:
    if found != wanted:
        raise ValueError(f"{found!r} where {wanted!r} was expected")
