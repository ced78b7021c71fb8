"""Sections of an environment file as they are pasted into one."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any


def print_yaml(document: Mapping[str, Any]) -> None:
    """Write what was made to stdout."""
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap

    def laid_out(value: object) -> object:
        """Sections without sections in them stand on one line."""
        if not isinstance(value, Mapping):
            return value
        section = CommentedMap({key: laid_out(inner) for key, inner in value.items()})
        if not any(isinstance(inner, Mapping) for inner in value.values()) and len(value) <= 2:  # noqa: PLR2004
            section.fa.set_flow_style()
        return section

    yaml = YAML()
    yaml.width = 120
    yaml.dump(laid_out(document), sys.stdout)
