"""``streamops connector import``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from cli.connector.awslabs.properties import read_properties, shown
from cli.connector.awslabs.translation import Translation, translate
from cli.environment import open_environment
from cli.errors import CliError
from cli.options import EnvironmentName, Output, Query
from cli.output import Answer, Column, Format, note, print_table
from cli.section_yaml import print_yaml
from environments import Environment
from environments.rules.findings import Finding

COLUMNS = (
    Column("KEY", "key"),
    Column("VALUE", "value", fold=True),
    Column("FATE", "fate"),
    Column("WHAT", "what", fold=True),
)

Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE...",
        help="The connector's properties; the worker's too, if at hand.",
    ),
]
Standalone = Annotated[
    bool, typer.Option("--standalone", help="Write a configuration for the image alone, without an environment.")
]
Topic = Annotated[str, typer.Option("--topic", metavar="NAME", help="Only this one of several topics.")]


def command(
    ctx: typer.Context,
    files: Files,
    *,
    environment: EnvironmentName = None,
    standalone: Standalone = False,
    topic: Topic = "",
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Write a route out of a configuration of awslabs' Kafka-Kinesis-Connector.

    Reads the properties of AmazonKinesisSinkConnector and FirehoseSinkConnector. The route goes to stdout, for the
    ``routes:`` of an environment file; what became of each key goes to stderr. Nothing is written when a key is
    refused. With -e the names of that environment are used, and its rules are asked.
    """
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment) if environment and not standalone else None
    properties, places = read_properties(files)
    try:
        translation = translate(properties, standalone=standalone, environment=opened, topic=topic)
    except CliError as error:
        raise CliError(f"{', '.join(map(str, files))}: {error.message}", error.way_out) from None
    remarks = [each.as_json() for each in translation.remarks]
    if answer.for_people:
        print_table(remarks, COLUMNS, out=sys.stderr)
    if refused := translation.refused:
        told = [f"{places[each.key]}: {each.key}={shown(each.key, each.value)} {each.what}" for each in refused]
        raise CliError("\n".join(["nothing is written", *told]), "change or take out what is refused, and import again")
    if standalone and len(translation.documents) > 1:
        raise CliError(
            f"there are {len(translation.documents)} topics, and one connector reads one",
            "import them one by one with --topic NAME",
        )
    if opened is not None and not _undeclared(translation):
        _ask_rules(opened, translation)
    _give(answer, translation, remarks, standalone=standalone)


def _undeclared(translation: Translation) -> bool:
    return any(line.startswith("declare ") for line in translation.to_do)


def _ask_rules(environment: Environment, translation: Translation) -> None:
    document = environment.to_document()
    taken = document["routes"].keys() & translation.documents.keys()
    if taken:
        raise CliError(f"routes.{min(taken)} stands in {environment.name} already", "change the name of the connector")
    document["routes"] |= translation.documents
    try:
        Environment.model_validate({**document, "name": environment.name})
    except ValidationError as error:
        found: list[Finding] = [each for one in error.errors() for each in one.get("ctx", {}).get("findings", ())]
        told = [f"{'.'.join(map(str, each.path))}: {each}" for each in found]
        raise CliError("\n".join(told), f"change {environment.name} or the properties, and import again") from None


def _give(answer: Answer, translation: Translation, remarks: list[dict[str, str]], *, standalone: bool) -> None:
    kind = "configuration" if standalone else "route"
    items = [{"name": name, kind: document} for name, document in translation.documents.items()]

    def as_yaml() -> None:
        if standalone:
            (document,) = translation.documents.values()
            print_yaml(document)
        else:
            print_yaml({"routes": translation.documents})
        for line in translation.to_do:
            note(f"note: {line}")
        if standalone:
            note("note: check it with: python -m connector check --config FILE")

    answer.give({"status": "none", "items": items, "remarks": remarks, "notes": translation.to_do}, as_yaml)
