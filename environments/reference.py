"""The reference of all keys in ``docs/environments.md``, written out of the model.

``python -m environments.reference docs/environments.md`` writes it anew between its two markers.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from environments.partition_keys import HASH_KEY_PATTERN
from environments.quantities import DURATION_PATTERN, SIZE_PATTERN
from environments.schema import json_schema

BEGIN = "<!-- keys: written by python -m environments.reference -->\n"
END = "<!-- end of keys -->\n"

_SECTIONS = {
    "The file": "",
    "`network`: a new VPC": "NewNetwork",
    "`network`: a VPC that exists": "GivenNetwork",
    "`security`": "Security",
    "`kafka` with `kind: external`": "ExternalKafka",
    "`kafka.oauth`": "OAuth",
    "`kafka` with `kind: msk`": "MskKafka",
    "`kafka.storage_autoscaling`": "StorageAutoscaling",
    "`kafka` with `kind: msk-express`": "MskExpressKafka",
    "`kafka` with `kind: msk-serverless`": "MskServerlessKafka",
    "`kafka` with `kind: ec2`": "Ec2Kafka",
    "`kafka.distribution` and `kafka.exporter`": "Artifact",
    "`topics.NAME`": "Topic",
    "`streams.NAME` with `mode: provisioned`": "ProvisionedStream",
    "`streams.NAME` with `mode: on-demand`": "OnDemandStream",
    "`streams.NAME.autoscale`": "StreamAutoscale",
    "`streams.NAME.autoscale.up`": "ScaleUp",
    "`streams.NAME.autoscale.down`": "ScaleDown",
    "`streams.NAME.consumers.NAME`": "StreamConsumer",
    "`deliveries.NAME` with `to: s3`": "S3Delivery",
    "`deliveries.NAME` with `to: redshift`": "RedshiftDelivery",
    "`deliveries.NAME` with `to: opensearch`": "OpenSearchDelivery",
    "`deliveries.NAME.buffer`": "Buffer",
    "`deliveries.NAME.source` with a topic": "TopicSource",
    "`deliveries.NAME.transform`": "Transformation",
    "`deliveries.NAME.convert`": "Conversion",
    "`deliveries.NAME.new_domain`": "NewDomain",
    "`routes.NAME`": "Route",
    "`routes.NAME.tasks`": "Tasks",
    "`routes.NAME.dead_letters` with a bucket": "DeadLetterBucket",
    "`connectors`": "ConnectorSettings",
    "`connectors.prometheus`": "Prometheus",
    "`connectors.autoscaler`": "Autoscaler",
    "`applications.NAME`": "Application",
    "`alarms`": "Alarms",
    "`alarms.critical` and `alarms.warning`": "AlarmReceiver",
    "`alarms.streams.NAME`": "StreamThresholds",
    "`alarms.deliveries.NAME`": "DeliveryThresholds",
    "`alarms.routes.NAME`": "RouteThresholds",
}
_SECTION = "section"
_WORDS = {
    DURATION_PATTERN: "duration",
    SIZE_PATTERN: "size",
    HASH_KEY_PATTERN: "whole number",
    "date-time": "time",
    "boolean": "`true`, `false`",
    "array": "list",
    "string": "text",
    "object": "names with values",
}
_ONE_KEY = {"TopicEnd", "StreamEnd", "DeliveryEnd", "FromHeader", "FromField"}
"""Too small for a section of their own: their descriptions stand with the keys that hold them."""


def keys_reference() -> str:
    """Markdown: a table of keys for every section of an environment file."""
    schema = json_schema()
    return "\n".join(line for title, name in _SECTIONS.items() for line in _section(title, name, schema))


def undocumented() -> set[str]:
    """Sections of the model that the reference leaves out; empty, or the reference is out of date."""
    return set(json_schema()["$defs"]) - set(_SECTIONS.values()) - _ONE_KEY


def with_reference(text: str) -> str:
    """A text with the reference between its markers written anew."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{keys_reference()}\n{END}{rest.split(END)[1]}"


def _section(title: str, name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    described = schema["$defs"][name] if name else schema
    required = described.get("required", [])
    yield f"### {title}\n"
    yield described["description"].splitlines()[0].replace("``", "`") + "\n"
    yield "| key | written as | default | meaning |"
    yield "|---|---|---|---|"
    for key, value in described["properties"].items():
        form = _form(value)
        default = "required" if key in required else _code(value["default"]) if "default" in value else ""
        meaning = " ".join(value["description"].split())
        yield f"| `{key}` | {form} | {'' if form == _SECTION and key not in required else default} | {meaning} |"
    yield ""


def _form(value: Mapping[str, Any]) -> str:
    """How a value is written: the few forms there are in environment files."""
    options = value.get("anyOf") or value.get("oneOf") or [value]
    plain = [option for option in options if option.get("type") != "null"]
    if len(plain) > 1:
        return " or ".join(dict.fromkeys(map(_form, plain)))
    if plain != [value]:
        return _form(plain[0])
    form = value
    if "enum" in form or "const" in form:
        return ", ".join(map(_code, form.get("enum") or [form["const"]]))
    if form.get("type") == "integer":
        return f"{form['minimum']} to {form['maximum']}" if "maximum" in form else f"{form['minimum']} or more"
    told = form.get("pattern"), form.get("format"), form.get("type")
    return next((_WORDS[each] for each in told if each in _WORDS), _SECTION)


def _code(value: object) -> str:
    return f"`{value}`" if isinstance(value, str) and value else f"`{json.dumps(value)}`"


if __name__ == "__main__":
    document = Path(sys.argv[1])
    document.write_text(with_reference(document.read_text("utf-8")), "utf-8")
