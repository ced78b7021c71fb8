"""Reads a configuration from text. Every problem is reported together, with its path, value, rule and way out."""

import json
from typing import Any

from pydantic import ValidationError

from connector.config.connector import ConnectorConfig
from connector.problems import Problem, describe, duplicate_free


class ConfigError(Exception):
    """A configuration that cannot be used. Its text is the complete report."""

    def __init__(self, source_name: str, problems: list[Problem]) -> None:
        self.source_name = source_name
        self.problems = problems
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines = "".join(f"\n  {problem}" for problem in problems)
        super().__init__(f"{source_name}: {count}{lines}")

    @classmethod
    def of(cls, place: str, rule: str, way_out: str, value: object = None) -> "ConfigError":
        """Make the error of a single problem."""
        return cls(place, [Problem("(whole text)", value, rule, way_out)])


def load_config(text: str, source_name: str) -> ConnectorConfig:
    """Read a configuration from YAML or JSON text.

    Args:
        text: The configuration itself.
        source_name: What the text is called in messages: a file's path or a variable's name.

    Raises:
        ConfigError: the text is unreadable or breaks rules; it names all of them.
    """
    data = _parse(text, source_name)
    if not isinstance(data, dict):
        rule = "must be a mapping with the keys route, source and sink"
        raise ConfigError.of(source_name, rule, "see the example in the README", data)
    try:
        return ConnectorConfig.model_validate(data)
    except ValidationError as error:
        raise ConfigError(source_name, describe(error, ConnectorConfig)) from None


def _parse(text: str, source_name: str) -> Any:  # noqa: ANN401 - what a text holds is only known after validation
    try:
        return json.loads(text, object_pairs_hook=duplicate_free)
    except json.JSONDecodeError:
        pass
    except ValueError as error:
        raise ConfigError.of(source_name, str(error), "keep one of them") from None
    # Deployed configurations are JSON: only a person's YAML pays for the import of the parser.
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).load(text)
    # A date that does not exist comes as a ValueError of the date itself.
    except (YAMLError, ValueError) as error:
        rule = " ".join(str(error).split())
        raise ConfigError.of(source_name, rule, "correct the YAML (or JSON) at that place") from None
