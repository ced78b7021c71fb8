"""``streamops topic reassign``: move replicas between brokers."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.change import Consent, run
from cli.environment import declared, open_environment
from cli.errors import WrongUsageError
from cli.options import Confirm, DryRun, EnvironmentName, Output, Query, Save, TopicNames, Wait, WriteBack, Yes
from cli.output import Answer, Format
from cli.reassignment.change import Reassignment
from cli.reassignment.request import BATCH, Request
from cli.reassignment.throttle import parse_rate

All = Annotated[bool, typer.Option("--all", help="Every topic of the cluster, undeclared ones and Kafka's own too.")]
Replication = Annotated[int | None, typer.Option(min=1, metavar="N", help="Replicas of each partition.")]
Off = Annotated[list[int] | None, typer.Option(metavar="BROKER", help="Leave this broker; may be given again.")]
Balance = Annotated[bool, typer.Option("--balance", help="Even brokers out, those that hold nothing yet included.")]
Throttle = Annotated[
    str | None, typer.Option(metavar="RATE", help="Copy at most this much for each broker, such as 50MiB/s.")
]
Batch = Annotated[int, typer.Option(min=1, metavar="N", help="Partitions that move at the same time.")]
AllowUnhealthy = Annotated[
    bool, typer.Option("--allow-unhealthy", help="Move though partitions of the cluster lack replicas or leaders.")
]


def command(  # noqa: PLR0913 - one parameter is one option
    ctx: typer.Context,
    names: TopicNames = None,
    environment: EnvironmentName = None,
    *,
    all_topics: All = False,
    replication: Replication = None,
    off: Off = None,
    balance: Balance = False,
    throttle: Throttle = None,
    batch: Batch = BATCH,
    allow_unhealthy: AllowUnhealthy = False,
    dry_run: DryRun = False,
    save: Save = None,
    yes: Yes = False,
    confirm: Confirm = None,
    wait: Wait = True,
    write_back: WriteBack = None,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Move replicas between brokers, with as little copied as possible.

    Racks are kept apart and leaders spread. Kafka adds replicas before it takes any away. Interrupted, what is under
    way goes on; run it again, and it does the rest and takes the throttle away. Without --replication, --off and
    --balance it only finishes and cleans up what was left.
    """
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    if all_topics and names:
        raise WrongUsageError("--all and names of topics exclude each other", "leave out one of them")
    if all_topics and replication:
        raise WrongUsageError("--replication with --all would change Kafka's own topics too", "name the topics")
    for name in names or ():
        declared(opened, "topics", name)
    if throttle and not wait:
        raise WrongUsageError(
            "--throttle has to be taken away when all is moved, and --no-wait does not wait for it", "leave out one"
        )
    request = Request(
        names=tuple(dict.fromkeys(names or ())),
        all_topics=all_topics,
        replication=replication,
        off=tuple(sorted(set(off or ()))),
        balance=balance,
        throttle=parse_rate(throttle) if throttle else None,
        batch=batch,
        allow_unhealthy=allow_unhealthy,
    )
    consent = Consent(dry_run=dry_run, save=save, yes=yes, confirm=confirm, wait=wait, write_back=write_back)
    run(Reassignment(opened, request), consent, answer, environment or opened.name)
