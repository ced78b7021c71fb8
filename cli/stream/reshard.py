"""``streamops stream reshard``: another number of shards, or other cuts between them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer

from cli import completion
from cli.change import Consent, run
from cli.environment import declared, open_environment
from cli.errors import CliError, ExitCode, WrongUsageError
from cli.options import Confirm, DryRun, EnvironmentName, Output, Query, Save, Wait, WriteBack, Yes
from cli.output import Answer, Format
from cli.plan import Plan, fingerprint
from cli.plan_view import print_plan
from cli.prices import prices_of
from cli.stream.resharding.change import Reshard
from cli.stream.resharding.guards import Guard
from cli.stream.resharding.order import Order
from cli.stream.resharding.prepared import Prepared
from cli.stream.resharding.request import Request
from cli.stream.resharding.shard_map import ShardMap
from cli.stream.resharding.shards_file import read_shards_file
from cli.stream.resharding.strategy import Strategy
from cli.stream.resharding.targets import LOAD_TOLERANCE
from environments.stream_autoscale import MOST_SHARDS


def _factor(text: str) -> Fraction:
    return _number(text.removesuffix("x"), "a factor such as 1.5 or 3/2")


def _percent(text: str) -> Fraction:
    return _number(text.removesuffix("%"), "a percentage such as +50% or -25%")


def _number(text: str, wanted: str) -> Fraction:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise typer.BadParameter(f"{text!r} is not {wanted}") from None


StreamNames = Annotated[
    list[str], typer.Argument(metavar="NAME", help="Streams in the YAML.", autocompletion=completion.streams)
]
To = Annotated[int | None, typer.Option("--to", metavar="N", min=1, max=MOST_SHARDS, help="That many shards.")]
Factor = Annotated[
    Fraction | None,
    typer.Option(metavar="X", parser=_factor, help="So many times as many shards as now, rounded up."),
]
By = Annotated[
    Fraction | None,
    typer.Option(metavar="±P%", parser=_percent, help="So many percent more or fewer shards than now, rounded up."),
]
Even = Annotated[bool, typer.Option("--even", help="As many shards as now, equally wide.")]
Hot = Annotated[bool, typer.Option("--hot", help="Cut by load, so that all shards take about the same.")]
Sample = Annotated[
    bool,
    typer.Option("--sample", help="With --hot: read a minute of records rather than metrics, which know no keys."),
]
Auto = Annotated[
    bool, typer.Option("--auto", help="Let the load decide, by autoscale: of the stream in the YAML; for a scheduler.")
]
Minimum = Annotated[int | None, typer.Option("--min", metavar="N", min=1, max=MOST_SHARDS, help="Never fewer.")]
Maximum = Annotated[int | None, typer.Option("--max", metavar="N", min=1, max=MOST_SHARDS, help="Never more.")]
ByStrategy = Annotated[Strategy, typer.Option("--strategy", help="By which calls.")]
InOrder = Annotated[
    Order,
    typer.Option(
        "--order",
        help="Of splits and merges: sweep keeps few shards open in between, capacity-first splits all first.",
    ),
]
Tolerance = Annotated[
    Fraction | None,
    typer.Option(
        metavar="P%",
        parser=_percent,
        help="How far the width of a shard may be off, for fewer operations: 0%. With --hot its load: 25%.",
    ),
]
Allow = Annotated[list[Guard] | None, typer.Option("--allow", help="Let a guard pass. May be given several times.")]
ShardsFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="Plan for the shards in this file, the output of aws kinesis list-shards, without any access to AWS.",
    ),
]
Region = Annotated[
    str | None, typer.Option(metavar="REGION", help="With --shards-file: whose prices the cost is worked out with.")
]


def command(  # noqa: PLR0913 - one parameter is one option
    ctx: typer.Context,
    names: StreamNames,
    environment: EnvironmentName = None,
    *,
    to: To = None,
    factor: Factor = None,
    by: By = None,
    even: Even = False,
    hot: Hot = False,
    sample: Sample = False,
    auto: Auto = False,
    minimum: Minimum = None,
    maximum: Maximum = None,
    strategy: ByStrategy = Strategy.AUTO,
    order: InOrder = Order.SWEEP,
    tolerance: Tolerance = None,
    allow: Allow = None,
    shards_file: ShardsFile = None,
    region: Region = None,
    dry_run: DryRun = False,
    save: Save = None,
    yes: Yes = False,
    confirm: Confirm = None,
    wait: Wait = True,
    write_back: WriteBack = None,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Split and merge shards, or have Kinesis do so, until there are as many as asked for.

    The plan names each call, how long all of them take, how many shards are open at most, and what that costs. What is
    refused: more shards than the account may have, an eleventh UpdateShardCount of a day, a stream that is on-demand or
    changing, one that something else scales (a scalable target, an alarm that calls a function or a scaling policy),
    and merges while readers are behind.

    --auto looks once at the load and decides: nothing, more or fewer shards. Run it every few minutes with --yes, or
    with --dry-run, where exit code 3 says that there is something to do.

    Ctrl-C ends after the operation under way and says how to go on: the rest is planned from the live shards.
    """
    answer = Answer.begin(ctx, output, query)
    request = Request(
        to=to,
        factor=factor,
        by=by,
        hot=hot,
        sample=sample,
        auto=auto,
        minimum=minimum,
        maximum=maximum,
        strategy=strategy,
        order=order,
        tolerance=(LOAD_TOLERANCE if hot else Fraction(0)) if tolerance is None else tolerance / 100,
        allowed=frozenset(allow or ()),
    )
    _check(request, even=even)
    _check_auto(request, even=even, offline=shards_file is not None)
    if shards_file:
        if not dry_run or save or len(names) > 1:
            raise WrongUsageError(
                "shards in a file can be planned for, not changed", "add --dry-run, give one NAME and leave --save out"
            )
        _give_offline(answer, names[0], request, shards_file, region)
        return
    opened = open_environment(answer, environment)
    for name in names:
        declared(opened, "streams", name)
    consent = Consent(dry_run=dry_run, save=save, yes=yes, confirm=confirm, wait=wait, write_back=write_back)
    chosen = tuple(dict.fromkeys(names))
    run(Reshard(opened, chosen, request, patient=wait), consent, answer, environment or opened.name)


def _check(request: Request, *, even: bool) -> None:
    counts = [name for name in ("to", "factor", "by") if getattr(request, name) is not None]
    if len(counts) > 1:
        raise WrongUsageError(f"--{' and --'.join(counts)} each say how many shards there shall be", "give one of them")
    if even and request.hot:
        raise WrongUsageError("--even cuts by width and --hot by load", "give one of them")
    if request.sample and not request.hot:
        raise WrongUsageError("--sample says how --hot measures the load", "add --hot")
    if not (counts or even or request.hot or request.auto or request.minimum or request.maximum):
        raise WrongUsageError(
            "nothing says which shards there shall be", "add --to N, --factor X, --by ±P%, --even, --hot or --auto"
        )
    if request.minimum and request.maximum and request.minimum > request.maximum:
        raise WrongUsageError(f"--min {request.minimum} is above --max {request.maximum}", "correct one of them")
    if request.factor is not None and request.factor <= 0:
        raise WrongUsageError(f"--factor {request.factor} leaves no shards", "give a factor above 0")
    if request.by is not None and request.by <= -100:  # noqa: PLR2004 - all of them
        raise WrongUsageError(f"--by {request.by}% leaves no shards", "give more than -100%")
    if not 0 <= request.tolerance < 1:
        raise WrongUsageError(f"--tolerance {float(request.tolerance * 100):g}% is not from 0% to below 100%")


def _check_auto(request: Request, *, even: bool, offline: bool) -> None:
    """``--auto`` takes all that says how many shards there shall be from the YAML."""
    if not request.auto:
        return
    others = [f"--{name}" for name in ("to", "factor", "by") if getattr(request, name) is not None]
    others += ["--even"] if even else []
    others += ["--hot"] if request.hot else []
    others += [f"--{name[:3]}" for name in ("minimum", "maximum") if getattr(request, name) is not None]
    others += ["--shards-file"] if offline else []
    if others:
        raise WrongUsageError(f"--auto and {others[0]} each say which shards there shall be", "give one of them")


def _give_offline(answer: Answer, name: str, request: Request, file: Path, region: str | None) -> None:
    """Answer with the plan for the shards of a file."""
    if request.hot:
        raise CliError("--hot needs the live stream: a list of shards does not tell their load", "leave --hot out")
    now = ShardMap.of(read_shards_file(file))
    prepared = Prepared(name, now, request.outcome(now, load=None, updates_left=None))
    prices = prices_of(region) if region else None
    summary = prepared.summary(prices)
    plan = Plan(
        resource=f"stream/{name}",
        fingerprint=fingerprint(list(map(str, now.cuts))),
        operations=tuple(prepared.operations()),
        summary=summary,
        warnings=tuple(prepared.told(summary, prices, region)),
    )
    answer.give({"status": plan.status, "plan": plan.as_json()}, lambda: print_plan(plan))
    if plan.operations and not answer.errors:
        raise typer.Exit(ExitCode.CHANGES)
