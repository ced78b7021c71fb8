"""Server properties that a user may add to those that streamops writes for each node."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, StrictStr, WithJsonSchema

from environments.rules.bounds import Shape
from environments.rules.findings import Finding, refusal, refuse

OWN_PREFIXES = (
    "listener.name.",
    "ssl.",
    "sasl.",
    "listeners",
    "advertised.",
    "controller.",
    "authorizer.",
    "metadata.",
)
OWN = frozenset(
    {
        "process.roles",
        "node.id",
        "broker.id",
        "broker.rack",
        "log.dir",
        "log.dirs",
        "listener.security.protocol.map",
        "inter.broker.listener.name",
        "super.users",
        "allow.everyone.if.no.acl.found",
        "principal.builder.class",
    }
)
"""What follows from the rest of the file: who a node is, whom it listens to, whom it believes."""


def _as_text(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _one_line(value: str) -> str:
    if "\n" in value or "\r" in value:
        raise refuse("holds a line break, which would begin another property", "write one line")
    return value


def _not_ours(settings: dict[str, str]) -> dict[str, str]:
    found = [
        Finding("is set by streamops from the rest of the file", "take it out", (name,), settings[name])
        for name in settings
        if name in OWN or name.startswith(OWN_PREFIXES)
    ]
    if found:
        raise refusal(found)
    return settings


NodeSettings = Annotated[
    dict[
        Annotated[
            str,
            Shape(r"^[a-z][a-z0-9.]*[a-z0-9]$", "is not a server property", "write it as in num.io.threads"),
        ],
        Annotated[StrictStr, BeforeValidator(_as_text), AfterValidator(_one_line)],
    ],
    AfterValidator(_not_ours),
    WithJsonSchema({"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}),
]
"""Server properties by name, such as ``num.io.threads: 16``."""
