"""``streamops sandbox run``."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer

from cli.errors import CliError, WrongUsageError
from cli.options import Output, Query
from cli.output import Answer, Format, note, show
from cli.sandbox.environment import SANDBOX_ENVIRONMENT, SandboxEnvironment, prefix
from environments import load_environment
from sandbox.demos import archive, flights
from sandbox.demos.crossing import Options
from sandbox.demos.sabotage import Sabotage
from sandbox.report import Reporter
from sandbox.state import running_sandbox


class Demo(StrEnum):
    """The demonstrations there are."""

    FLIGHTS = "flights"
    ARCHIVE = "archive"


PLAYS = {Demo.FLIGHTS: flights.play, Demo.ARCHIVE: archive.play}
LANDINGS = {Demo.FLIGHTS: "the stream", Demo.ARCHIVE: "the bucket"}

DemoName = Annotated[
    Demo,
    typer.Argument(
        metavar="DEMO",
        help="flights: topic, connector, Kinesis stream, verdict. archive: topic, connector, Firehose, S3, verdict.",
    ),
]
Records = Annotated[int | None, typer.Option(min=1, max=336_776, help="Only the first N flights.")]
Kill = Annotated[bool, typer.Option("--kill", help="Kill the connector (SIGKILL) in mid-run; it is started again.")]
SabotageOption = Annotated[
    Sabotage | None, typer.Option(help="Break it on purpose, and see the verdict fail with exit code 1.")
]


def command(
    ctx: typer.Context,
    demo: DemoName,
    *,
    env: SandboxEnvironment = SANDBOX_ENVIRONMENT,
    records: Records = None,
    kill: Kill = False,
    sabotage: SabotageOption = None,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Play a demonstration in a running sandbox. Exit code 0 when the verdict is a pass, 1 when it is not."""
    answer = Answer.begin(ctx, output, query)
    answer.environment = env
    if kill and sabotage:
        raise WrongUsageError(
            f"--kill and --sabotage {sabotage} cannot be had together: the one shows a pass, the other a failure",
            "run the demonstration once with each",
        )
    options = Options(records=records, sabotage=sabotage, kill=kill)
    verdict = PLAYS[demo](load_environment(env), running_sandbox(env), options, Reporter())
    item = verdict.to_dict()
    if not verdict.passed:
        way_out = "this is what --sabotage is for" if sabotage else f"streamops sandbox logs -e {env} PART"
        answer.errors.append(CliError(f"the verdict: failed: {'; '.join(verdict.failures)}", way_out))
    answer.give(
        {"status": "none" if verdict.passed else "error", "items": [item]},
        lambda: _show(item, LANDINGS[demo]),
    )
    if verdict.passed:
        note(f"\nlook around:   {prefix()}streamops status -e {env}")
        note(f"take it down:  {prefix()}streamops sandbox down -e {env}")


def _show(item: Mapping[str, Any], landing: str) -> None:
    mark = {True: "✓", False: "✗"}
    show(f"\nverdict: {item['verdict'].upper()}\n")
    show(f"  {mark[item['missing'] == 0]} sent          {item['sent']:>9,}   of {item['keys']:,} keys")
    show(f"  {mark[item['unknown'] == 0]} arrived       {item['arrived']:>9,}   read back from {landing}")
    show(f"  {mark[item['missing'] == 0]} missing       {item['missing']:>9,}")
    show(f"  {mark[item['unknown'] == 0]} unknown       {item['unknown']:>9,}   never sent, or altered on the way")
    duplicates_as_expected = bool(item["duplicates"]) == item["duplicates_expected"]
    expected = "sent again after the kill" if item["duplicates_expected"] else ""
    show(f"  {mark[duplicates_as_expected]} duplicates    {item['duplicates']:>9,}   {expected}".rstrip())
    show(f"  {mark[item['out_of_order'] == 0]} out of order  {item['out_of_order']:>9,}   within a key")
    same = item["digest_sent"] == item["digest_arrived"]
    show(f"  {mark[same]} digest        {item['digest_sent'] if same else item['digest_sent'] + ' sent'}")
    if not same:
        show(f"                  {item['digest_arrived']} arrived")
    for example in item["examples"]:
        show(f"      {example}")
    seconds = item["seconds"]
    parts = ", ".join(f"{part} {took:.1f} s" for part, took in seconds.items() if part != "total")
    show(f"\n  {seconds['total']:.1f} s: {parts}")
