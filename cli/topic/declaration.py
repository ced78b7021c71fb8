"""What the environment file says of a topic after a change of it. No I/O."""

from __future__ import annotations

from collections.abc import Mapping

from cli.topic.settings import readable
from cli.write_back import Edit, Scalar
from environments import Environment
from environments.rules.topic_settings import read_setting

RETENTION = "retention.ms"


def setting_edits(environment: Environment, name: str, settings: Mapping[str, str | None]) -> list[Edit]:
    """The edits that declare settings.

    Args:
        environment: as the file declares it now.
        name: the topic's short name.
        settings: new values as Kafka spells them; None for what is no longer declared.
    """
    path = ("topics", name)
    edits = []
    if RETENTION in settings:
        kept = settings[RETENTION]
        edits.append(Edit((*path, "retention"), None if kept is None else readable(RETENTION, kept)))
    config = environment.topics[name].config
    others = {key: _scalar(key, value) for key, value in settings.items() if key != RETENTION}
    left = {key for key in config if others.get(key, "") is not None} | {k for k, v in others.items() if v is not None}
    if not config and left:
        return [*edits, Edit((*path, "config"), {key: value for key, value in others.items() if value is not None})]
    if config and not left:
        return [*edits, Edit((*path, "config"), None)]
    return [*edits, *(Edit((*path, "config", key), value) for key, value in others.items())]


def _scalar(key: str, value: str | None) -> Scalar | None:
    return None if value is None else read_setting(key, value)
