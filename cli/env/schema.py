"""``streamops env schema``."""

from __future__ import annotations

from cli.output import print_json
from environments import json_schema


def command() -> None:
    """Print the JSON Schema of environment files.

    Editors complete and check a file that begins with ``# yaml-language-server: $schema=environment.schema.json``.
    """
    print_json(json_schema())
