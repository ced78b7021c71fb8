"""A task definition with a change, and what differs between two. No I/O.

Values are never shown of what may be a secret.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cli.connector.deployments import CONTAINER
from cli.errors import CliError

CONFIG_LABEL = "streamops.config-sha256"
"""Docker label with the hash of the configuration that the tasks start with."""

TAKEN = (
    "family",
    "taskRoleArn",
    "executionRoleArn",
    "networkMode",
    "containerDefinitions",
    "volumes",
    "placementConstraints",
    "requiresCompatibilities",
    "cpu",
    "memory",
    "pidMode",
    "ipcMode",
    "proxyConfiguration",
    "inferenceAccelerators",
    "ephemeralStorage",
    "runtimePlatform",
    "enableFaultInjection",
)
"""What RegisterTaskDefinition takes of what DescribeTaskDefinition gives."""

SENSITIVE = re.compile(r"pass(word|phrase)?$|secret|token|credential|(api|access|private)_?key", re.IGNORECASE)
HIDDEN = "(not shown)"
RESERVED = "aws:"
"""Tags that begin so are AWS's own, and nobody else may set them."""


@dataclass(frozen=True)
class Wanted:
    """What shall be other than it is; None: as it is."""

    image: str | None = None
    """A tag, ``sha256:…``, or a whole reference."""
    cpu: int | None = None
    memory_mib: int | None = None
    config_sha256: str | None = None


def container_of(definition: Mapping[str, Any]) -> dict[str, Any]:
    """The connector's own container.

    Raises:
        CliError: there is none.
    """
    for container in definition["containerDefinitions"]:
        if container["name"] == CONTAINER:
            found: dict[str, Any] = container
            return found
    raise CliError(
        f"task definition {definition['family']}:{definition.get('revision', '?')} has no container {CONTAINER}",
        "it was not made by streamops: deploy the stack again with cdk deploy",
    )


def with_tag(image: str, wanted: str) -> str:
    """The image that is meant: ``wanted`` itself, or another tag or digest of ``image``."""
    if wanted.startswith("sha256:"):
        return f"{_repository(image)}@{wanted}"
    return wanted if "/" in wanted or ":" in wanted else f"{_repository(image)}:{wanted}"


def _repository(image: str) -> str:
    name = image.partition("@")[0]
    head, slash, tail = name.rpartition("/")
    return head + slash + tail.partition(":")[0]


def changed(definition: Mapping[str, Any], wanted: Wanted) -> dict[str, Any]:
    """What to register: all of the live definition, with the change."""
    request = {key: copy.deepcopy(definition[key]) for key in TAKEN if definition.get(key) not in (None, [], "")}
    container = container_of(request)
    if wanted.image is not None:
        container["image"] = with_tag(container["image"], wanted.image)
    if wanted.cpu is not None:
        request["cpu"] = str(wanted.cpu)
    if wanted.memory_mib is not None:
        request["memory"] = str(wanted.memory_mib)
    if wanted.config_sha256 is not None:
        container.setdefault("dockerLabels", {})[CONFIG_LABEL] = wanted.config_sha256
    return request


def config_sha256(definition: Mapping[str, Any]) -> str | None:
    """The hash of the configuration that tasks of this definition are meant to start with."""
    label: str | None = (container_of(definition).get("dockerLabels") or {}).get(CONFIG_LABEL)
    return label


def tags_to_keep(tags: Mapping[str, str]) -> dict[str, str]:
    """Those that somebody other than AWS has set."""
    return {key: value for key, value in tags.items() if not key.startswith(RESERVED)}


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """What differs between two definitions, property by property: ``{"connector.image": {"from": …, "to": …}}``."""
    return flat_differences(dict(_properties(before)), dict(_properties(after)))


def flat_differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """What differs between two flat mappings."""
    return {
        key: {"from": _shown(key, before.get(key)), "to": _shown(key, after.get(key))}
        for key in dict.fromkeys((*before, *after))
        if before.get(key) != after.get(key)
    }


def flat(document: Any, path: str = "") -> dict[str, Any]:  # noqa: ANN401 - JSON of any shape
    """The values of nested mappings by their paths: ``sink.partition_key``."""
    if not isinstance(document, Mapping):
        return {path: document}
    found: dict[str, Any] = {}
    for key, value in document.items():
        found |= flat(value, f"{path}.{key}" if path else str(key))
    return found


def _properties(definition: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key in TAKEN:
        if key != "containerDefinitions" and definition.get(key) not in (None, [], ""):
            yield from flat(definition[key], key).items()
    for container in definition["containerDefinitions"]:
        name = container["name"]
        for key, value in container.items():
            if key in ("environment", "secrets"):
                yield from (
                    (f"{name}.{key}.{each['name']}", each.get("value", each.get("valueFrom"))) for each in value
                )
            elif value not in (None, [], {}, "") and key != "name":
                yield from flat(value, f"{name}.{key}").items()


def _shown(key: str, value: object) -> str:
    if value is None:
        return "-"
    last = key.rpartition(".")[2]
    hidden = ".environment." in key or SENSITIVE.search(last)
    # What refers to a secret is none.
    return HIDDEN if hidden and ".secrets." not in key else str(value)
