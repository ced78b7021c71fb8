"""The configuration that tasks start with: there, and one that the connector takes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from cli.connector.checks.check import Check, failed, ok, unknown
from cli.connector.checks.subject import Subject
from cli.errors import CliError, NotFoundError
from connector.config import ConfigError, ConnectorConfig, load_config
from environments import naming

LABEL = "streamops.config-sha256"
"""Docker label of a task definition: the fingerprint of the configuration that it was made with."""


def configuration_checks(subject: Subject) -> Iterator[Check]:
    """The text behind ``CONNECTOR_CONFIG``, which ECS reads anew for every task that starts."""
    name = naming.config_parameter_name(subject.environment, subject.route)
    try:
        text = _text(subject)
        load_config(text, name)
    except NotFoundError:
        yield failed("configuration", f"parameter {name} does not exist: no task would start", subject.deploy)
        return
    except ConfigError as error:
        yield failed("configuration", f"the connector would not take {error}", subject.deploy)
        return
    made_with = ((subject.connector or {}).get("dockerLabels") or {}).get(LABEL)
    if made_with in (None, hashlib.sha256(text.encode()).hexdigest()):
        yield ok("configuration", name)
        return
    yield unknown(
        "configuration",
        f"{name} has changed since the task definition was made: tasks that start take the new one, others run on with "
        "the old one",
        f"roll it out: streamops connector deploy {subject.route} --config",
    )


def running_configuration(subject: Subject) -> ConnectorConfig:
    """What a task that starts now would run with.

    Raises:
        CliError: there is none, or none that the connector takes.
    """
    name = naming.config_parameter_name(subject.environment, subject.route)
    try:
        return load_config(_text(subject), name)
    except ConfigError as error:
        raise CliError(f"the connector would not take {error}", subject.deploy) from error


def _text(subject: Subject) -> str:
    name = naming.config_parameter_name(subject.environment, subject.route)
    ssm = subject.aws.ssm
    try:
        return ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound as error:
        raise NotFoundError(f"parameter {name} does not exist", subject.deploy) from error
