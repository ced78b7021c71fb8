"""Whether the image takes what was written for it: its own model is asked before anything is given out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cli.connector.awslabs.draft import Draft, Remark
from connector.config import ConfigError, load_config

_KEYS = {
    "route": "name",
    "source.topic": "topics",
    "source.bootstrap": "bootstrap.servers",
    "source.group": "group.id",
    "source.instance": "group.instance.id",
    "sink.stream": "streamName",
    "sink.delivery_stream": "deliveryStream",
    "sink.endpoint": "kinesisEndpoint",
    "sink.role.arn": "roleARN",
    "sink.role.external_id": "roleExternalID",
    "sink.role.session": "roleSessionName",
    "dead_letters.topic": "errors.deadletterqueue.topic.name",
    "emf.namespace": "metricsNameSpace",
}
"""Which key of the connector became which of the image."""


def refused_by_image(draft: Draft, document: Mapping[str, Any]) -> Iterator[Remark]:
    """What the image would refuse, as remarks on the keys that it comes from.

    A rule about several keys of the image is told of the one that it names first.
    """
    try:
        load_config(json.dumps(document), "what is written")
    except ConfigError as error:
        for problem in error.problems:
            named = f"{problem.path} {problem.rule}"
            path = min((path for path in _KEYS if path in named), key=named.index, default="")
            # A group that nobody names is called as the connector, and so is the route.
            key = draft.origin(_KEYS.get(path, "")) or "name"
            what = f"becomes {problem.path}: {problem.rule}" if problem.path in _KEYS else problem.rule
            yield Remark(key, draft.properties[key], "refused", f"{what}; {problem.way_out}")
