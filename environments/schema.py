"""The JSON Schema of environment files, for editors."""

from __future__ import annotations

from typing import Any

from environments.environment import Environment


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of an environment file."""
    return Environment.model_json_schema(by_alias=True, mode="validation")
