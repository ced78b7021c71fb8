"""``streamops env show``."""

from __future__ import annotations

import sys
from typing import Any

import typer

from cli.environment import open_environment
from cli.options import EnvironmentName, Output, Query
from cli.output import Answer, Format
from environments import Environment, naming


def command(
    ctx: typer.Context, environment: EnvironmentName = None, output: Output = Format.TABLE, query: Query = None
) -> None:
    """Show an environment as streamops understands it.

    Defaults are written out, and under ``names`` stands what each short name is called in AWS and on the cluster.
    """
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    document = {**opened.to_document(), "names": physical_names(opened)}

    def as_yaml() -> None:
        from ruamel.yaml import YAML

        yaml = YAML()
        yaml.dump(document, sys.stdout)

    answer.give({"status": "none", "items": [{"name": opened.name, **document}]}, as_yaml)


def physical_names(environment: Environment) -> dict[str, Any]:
    """What the short names of an environment are called outside of it."""
    return {
        "streams": {name: naming.stream_name(environment, name) for name in environment.streams},
        "deliveries": {name: naming.delivery_name(environment, name) for name in environment.deliveries},
        "topics": {name: naming.topic_name(environment, name) for name in environment.topics},
        "consumer_groups": {name: naming.consumer_group(environment, name) for name in environment.routes},
        "ecs_cluster": naming.ecs_cluster_name(environment),
        "ecs_services": {name: naming.ecs_service_name(environment, name) for name in environment.routes},
    }
