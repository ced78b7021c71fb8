"""The shards of a stream from a file: what ``aws kinesis list-shards`` prints."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cli.errors import CliError
from cli.stream.live import Shard, shard_of


def read_shards_file(path: Path) -> Sequence[Shard]:
    """All shards of the file, open and closed; a closed one is told by its last sequence number.

    Raises:
        CliError: it is no such file, or holds one page of several.
    """
    way_out = "write it with: aws kinesis list-shards --stream-name NAME"
    try:
        document: Any = json.loads(path.read_text("utf-8"))
        entries = document["Shards"] if isinstance(document, dict) else document
        shards = [shard_of(entry) for entry in entries]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CliError(f"{path} is no list of shards ({type(error).__name__}: {error})", way_out) from error
    if isinstance(document, dict) and document.get("NextToken"):
        raise CliError(f"{path} holds only the first {len(shards)} shards (there is a NextToken)", way_out)
    return shards
