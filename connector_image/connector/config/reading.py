"""Reads a configuration from text. Every problem is reported together, with its path, value, rule and way out."""

import json
import warnings
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from connector.config.combinations import broken_rules
from connector.config.connector import ConnectorConfig
from connector.problems import DuplicateKeyError, Problem, describe, duplicate_free
from connector.redaction import before_quotation, kind_of

if TYPE_CHECKING:
    from ruamel.yaml.error import YAMLError


class ConfigError(Exception):
    """A configuration that cannot be used. Its text is the complete report."""

    def __init__(self, source_name: str, problems: list[Problem]) -> None:
        self.source_name = source_name
        self.problems = problems
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines = "".join(f"\n  {problem}" for problem in problems)
        super().__init__(f"{source_name}: {count}{lines}")

    @classmethod
    def of(
        cls, source_name: str, rule: str, way_out: str, value: str = "", path: str = "(whole text)"
    ) -> "ConfigError":
        """Make the error of a single problem."""
        return cls(source_name, [Problem(path, value, rule, way_out)])


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
        given = "" if data is None else f"({kind_of(data)})"
        raise ConfigError.of(source_name, rule, "see the example in the README", given)
    try:
        return ConnectorConfig.model_validate(data)
    except ValidationError as error:
        combined = [Problem(each.path, "", each.rule, each.way_out) for each in broken_rules(ConnectorConfig, data)]
        raise ConfigError(source_name, [*describe(error, ConnectorConfig, data), *combined]) from None


def _parse(text: str, source_name: str) -> Any:  # noqa: ANN401 - what a text holds is only known after validation
    try:
        return json.loads(text, object_pairs_hook=duplicate_free)
    except json.JSONDecodeError:
        pass
    except DuplicateKeyError as error:
        raise ConfigError.of(source_name, str(error), "keep one of them") from None
    except RecursionError:
        raise _too_deep(source_name) from None
    except ValueError:
        raise ConfigError.of(source_name, "holds a number of more digits than are read", "correct it") from None
    # Deployed configurations are JSON: only a person's YAML pays for the import of the parser.
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        # Warnings quote the text as well.
        with warnings.catch_warnings(action="ignore"):
            return YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise _unreadable(error, source_name) from None
    except RecursionError:
        raise _too_deep(source_name) from None
    # The parser lets through what Python says of a date that does not exist, or of a text with the tag of a number.
    except Exception:  # noqa: BLE001 - whatever it is, its text may repeat the value
        rule = "holds a value that is not of the kind that it looks like, or is tagged as, a date for instance"
        raise ConfigError.of(source_name, rule, "correct it, or put it in quotes") from None


def _unreadable(error: "YAMLError", source_name: str) -> ConfigError:
    """Tell what is wrong with a YAML text and where, and repeat nothing of it; the parser itself quotes the line."""
    from ruamel.yaml.constructor import DuplicateKeyError as DuplicateYamlKeyError
    from ruamel.yaml.error import MarkedYAMLError
    from ruamel.yaml.reader import ReaderError

    rule, path, way_out = "is no YAML", "(whole text)", "correct the YAML (or JSON) at that place"
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        path = f"line {mark.line + 1}, column {mark.column + 1}" if mark else path
        rule = ", ".join(filter(None, [error.context, error.problem]))
    elif isinstance(error, ReaderError):
        rule = f"holds the character #x{error.character:04x}, which YAML does not allow"
    if isinstance(error, DuplicateYamlKeyError):
        # It quotes both values.
        rule, way_out = "a key stands there twice", "keep one of them"
    return ConfigError.of(source_name, before_quotation(rule), way_out, path=path)


def _too_deep(source_name: str) -> ConfigError:
    return ConfigError.of(source_name, "is nested too deeply", "write fewer brackets, no section lies deeper than four")
