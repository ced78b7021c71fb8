"""``streamops topic import``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from cli.cluster import LiveTopic, open_cluster
from cli.environment import open_environment
from cli.errors import CliError, NotFoundError
from cli.options import EnvironmentName, Output, Query
from cli.output import Answer, Format, note
from cli.section_yaml import print_yaml
from cli.topic.as_section import Declaration, declaration, short_name
from environments import Environment, naming
from environments.rules.findings import Finding

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="NAME", help="Only these topics, by their names on the cluster."),
]


def command(
    ctx: typer.Context,
    names: Names = None,
    environment: EnvironmentName = None,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Write the YAML of topics that are on the cluster.

    Without names, of those that nobody has declared yet. The sections go to stdout, for the ``topics:`` of the
    environment file; they have been held against its rules, and topic sync finds nothing to do after they were pasted.
    What a section does not say goes to stderr. Kafka's own topics are left out.
    """
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    with open_cluster(opened) as cluster:
        there = cluster.topic_names()
        unknown = sorted(set(names or ()) - set(there))
        if unknown:
            raise NotFoundError(
                f"the cluster of environment {opened.name} has no topic {unknown[0]}",
                f"it has: {', '.join(there) or 'none'}",
            )
        live = cluster.topics(names or [name for name in there if name not in _declared(opened)])
    made = _declarations(opened, [live[name] for name in sorted(live)])
    _ask_rules(opened, made)
    items = [{"name": each.name, "topic": each.section, "remarks": list(each.remarks)} for each in made]
    answer.give({"status": "none", "items": items}, lambda: _show(opened, made))


def _declared(environment: Environment) -> dict[str, str]:
    """Short names by the names on the cluster."""
    return {naming.topic_name(environment, name): name for name in environment.topics}


def _declarations(environment: Environment, topics: Sequence[LiveTopic]) -> list[Declaration]:
    known = _declared(environment)
    taken = set(environment.topics)
    made = []
    for topic in topics:
        name = known.get(topic.name) or short_name(topic.name, taken)
        taken.add(name)
        made.append(declaration(name, topic))
    return made


def _ask_rules(environment: Environment, made: Sequence[Declaration]) -> None:
    """Whether the environment would be a good one with these topics.

    Raises:
        CliError: it would not; with every rule that is broken.
    """
    document = environment.to_document()
    topics: dict[str, Any] = {each.name: dict(each.section) for each in made}
    document["topics"] = {**document.get("topics", {}), **topics}
    try:
        Environment.model_validate({**document, "name": environment.name})
    except ValidationError as error:
        found: list[Finding] = [each for one in error.errors() for each in one.get("ctx", {}).get("findings", ())]
        places = [".".join(map(str, (*one["loc"], *_path(one)))) for one in error.errors()]
        told = [f"{place}: {each}" for place, each in zip(places, found, strict=False)] or [str(error)]
        raise CliError(
            "\n".join(["the environment would be wrong with these topics", *told]),
            "name the others: streamops topic import NAME...",
        ) from None


def _path(error: Any) -> Sequence[str | int]:  # noqa: ANN401 - pydantic's own
    findings = error.get("ctx", {}).get("findings", ())
    return findings[0].path if findings else ()


def _show(environment: Environment, made: Sequence[Declaration]) -> None:
    if not made:
        note(f"every topic on the cluster of {environment.name} is declared")
        return
    print_yaml({"topics": {each.name: each.section for each in made}})
    for each in made:
        for remark in each.remarks:
            note(f"note: topics.{each.name}: {remark}")
    note(f"then: streamops topic sync --dry-run -e {environment.name}")
