"""How a live topic differs from its declaration. No I/O."""

from __future__ import annotations

from cli.cluster import LiveTopic, Setting
from cli.difference import Difference
from cli.topic.settings import canonical, declared_settings, readable
from environments import Topic


def differences(short_name: str, declared: Topic, live: LiveTopic) -> list[Difference]:
    """What the YAML declares otherwise than it is; settings that it does not mention are left alone."""
    resource = f"topic/{short_name}"
    found: list[Difference] = []
    if len(live.partitions) != declared.partitions:
        found.append(Difference(resource, "partitions", str(declared.partitions), str(len(live.partitions))))
    if live.replication != declared.replication:
        found.append(Difference(resource, "replication", str(declared.replication), str(live.replication)))
    for name, value in declared_settings(declared).items():
        setting = live.settings.get(name)
        if not same_setting(name, value, setting):
            found.append(
                Difference(resource, name, readable(name, value), readable(name, setting.value if setting else None))
            )
    return found


def same_setting(name: str, declared: str, setting: Setting | None) -> bool:
    """Whether a setting means what is declared, set on the topic or inherited."""
    if setting is None or setting.value is None:
        return False
    return canonical(name, declared, setting.type) == canonical(name, setting.value, setting.type)
