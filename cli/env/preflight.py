"""``streamops env preflight``: what a deploy would change of what is live, and whether the guards let it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from cli.aws import Aws
from cli.cluster import open_cluster
from cli.cluster_checks import cluster_checks, node_checks
from cli.delivery_checks import delivery_checks
from cli.deployed import read_stack
from cli.environment import open_environment
from cli.errors import CliError, RefusedError, explain
from cli.msk import storage_of
from cli.options import EnvironmentName, Output, Query
from cli.output import Answer, Column, Format, note, print_table
from cli.preflight import (
    STACKS,
    STREAM,
    Check,
    Verdict,
    allow,
    foundation_checks,
    removal_checks,
    stream_checks,
    topic_checks,
)
from cli.stream.live import read_streams
from environments import Environment, ExternalKafka, naming

COLUMNS = (
    Column("RESOURCE", "resource"),
    Column("PROPERTY", "property"),
    Column("LIVE", "live"),
    Column("DECLARED", "declared"),
    Column("VERDICT", "verdict"),
    Column("REASON", "reason", fold=True),
)

Allow = Annotated[
    list[str] | None,
    typer.Option(
        "--allow",
        metavar="PROPERTY:RESOURCE",
        help="Let one finding pass, such as retention:stream/orders. May be given several times.",
    ),
]
Topics = Annotated[
    bool,
    typer.Option(
        "--topics/--no-topics", help="Ask the Kafka cluster, which a runner outside of its network cannot reach."
    ),
]


def command(
    ctx: typer.Context,
    environment: EnvironmentName = None,
    *,
    allowed: Allow = None,
    topics: Topics = True,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Hold an environment against its live state before it is deployed.

    What would lose data, or pass by the guards of the other commands, is held back with exit code 7: a lowered
    retention, a changed number of shards or mode, a stream, delivery or key that is declared no more, a changed name.
    """
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    aws = Aws(opened)
    aws.check_account()
    checks = allow([*_aws_checks(opened, aws, answer), *_topic_checks(opened, answer, asked=topics)], allowed or ())
    blocked = [check for check in checks if check.verdict is Verdict.BLOCKED]
    answer.errors.extend(
        RefusedError(f"{check.resource}: {check.reason}", f"{check.way_out}; to let it pass: --allow {check.key}")
        for check in blocked
    )
    for name in sorted(set(allowed or ()) - {check.key for check in checks if check.verdict is Verdict.ALLOWED}):
        note(f"note: --allow {name} lets nothing pass: there is no such finding")
    items = [check.as_json() for check in checks]
    answer.give(
        {"status": _status(checks, answer), "items": items},
        lambda: (
            print_table(items, COLUMNS) if items else note(f"environment {opened.name} declares nothing to look at")
        ),
    )


def _aws_checks(environment: Environment, aws: Aws, answer: Answer) -> Iterator[Check]:
    deployed = {stack: read_stack(aws, stack) for stack in ("security", *(stack for stack, _ in STACKS.values()))}
    as_deployed = {each.physical_id: each for each in deployed["streams"] if each.type == STREAM}
    for name, live in read_streams(aws, environment.streams).items():
        if isinstance(live, Exception):
            answer.errors.append(explain(live) or CliError(f"{type(live).__name__}: {live}"))
        else:
            yield from stream_checks(environment, name, live, as_deployed.get(live.name) if live else None)
    for kind, (stack, _) in STACKS.items():
        yield from removal_checks(environment, kind, deployed[stack])
    yield from delivery_checks(environment, deployed["deliveries"])
    yield from foundation_checks(environment, (*deployed["security"], *deployed["kafka"]))
    yield from cluster_checks(environment, deployed["kafka"], lambda cluster: storage_of(aws, cluster))
    yield from node_checks(environment, deployed["kafka"])


def _topic_checks(environment: Environment, answer: Answer, *, asked: bool) -> Iterator[Check]:
    if not asked or not environment.topics:
        return
    try:
        with open_cluster(environment) as cluster:
            live = cluster.topics([naming.topic_name(environment, name) for name in environment.topics])
    except Exception as error:
        explained = explain(error)
        if explained is None:
            raise
        if not isinstance(environment.kafka, ExternalKafka):
            note(f"note: topics were not looked at: {explained.message.splitlines()[0]}")
            return
        answer.errors.append(CliError(explained.message, f"{explained.way_out}; or look at the rest with --no-topics"))
        return
    for name in environment.topics:
        yield from topic_checks(environment, name, live.get(naming.topic_name(environment, name)))


def _status(checks: list[Check], answer: Answer) -> str:
    verdicts = {check.verdict for check in checks}
    if Verdict.BLOCKED in verdicts:
        return "blocked"
    if answer.errors:
        return "error"
    return "none" if verdicts <= {Verdict.SAME} else "changes"
