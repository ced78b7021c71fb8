"""The root of ``streamops``: its groups, its own options, and the boundary where exceptions become exit codes."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from typing import Annotated, Any

import typer

from cli.deferred import DeferredGroup, Member, deferred_app
from cli.errors import CliError, ExitCode, InterruptError, explain
from cli.output import Answer, complain, show

HELP = """Operate Apache Kafka and Amazon Kinesis side by side.

Example: streamops status -e dev

Commands that change something show their plan and ask before they touch anything. \
Data goes to stdout, everything else to stderr.

Exit codes: 0 done or nothing to do, 1 error or declined, 2 wrong usage, 3 changes pending, \
4 not authenticated, 5 rollout failed, 6 partly done, 7 refused by a guard, 130 interrupted.
"""

MEMBERS = {
    "status": Member("cli.status", "Kafka, Kinesis and the connectors in one table.", "streamops status -e dev"),
    "env": Member("cli.env", "The environments: list, show, validate, schema, preflight, init."),
    "stream": Member(
        "cli.stream", "Kinesis streams: list, describe, reshard, retention, mode, hot-shards, hot-keys, consumers."
    ),
    "connector": Member(
        "cli.connector",
        "Connectors: list, status, verify, logs, deploy, history, rollback, restart, scale, pause, resume, import.",
    ),
    "topic": Member(
        "cli.topic", "Kafka topics: list, describe, sync, retention, config, partitions, reassign, import, delete."
    ),
    "group": Member("cli.group", "Consumer groups: list, describe, seek, delete."),
    "acl": Member("cli.acl", "ACLs on Kafka: sync."),
    "user": Member("cli.user", "SCRAM users of Kafka: sync."),
    "apply": Member("cli.apply", "Carry out a saved plan.", "streamops apply plan.json"),
    "sandbox": Member("cli.sandbox", "A whole deployment on this machine: up, down, status, logs, run."),
}


class Root(DeferredGroup):
    """The error boundary: whatever a command raises leaves as one message and one documented exit code."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - click's context and result
        """Run the command.

        A command that gave its answer together with errors (one of several parts failed) ends with the exit code of
        the first of them.
        """
        try:
            result = super().invoke(ctx)
        except (typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except (Exception, KeyboardInterrupt) as error:
            if _is_usage_error(error):
                raise
            raise typer.Exit(_report(ctx, error)) from error
        answer: Answer | None = ctx.meta.get("streamops.answer")
        if answer and answer.errors:
            raise typer.Exit(answer.errors[0].exit_code)
        return result


def _show_version(*, asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        show(f"streamops {version('streamops')}")
        raise typer.Exit


app = deferred_app(MEMBERS, help=HELP, base=Root, completion=True)


@app.callback(help=HELP)
def root(
    ctx: typer.Context,
    *,
    version: Annotated[  # noqa: ARG001 - its callback has answered
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_show_version)
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", envvar="STREAMOPS_DEBUG", help="Show the traceback of an error.")
    ] = False,
) -> None:
    """Take the options that stand before the group."""
    ctx.meta["streamops.debug"] = debug
    if debug:
        logging.basicConfig(level=logging.INFO)
    elif not logging.getLogger().handlers:
        # A library that logs its retries would talk between our lines; without any handler Python prints warnings.
        logging.getLogger().addHandler(logging.NullHandler())


def _is_usage_error(error: BaseException) -> bool:
    # Typer shows these itself, with the usage line of the command. It exports their base under no public name.
    return hasattr(error, "format_message") and hasattr(error, "exit_code")


def _report(ctx: typer.Context, error: BaseException) -> int:
    debug = ctx.meta.get("streamops.debug", False)
    if debug:
        traceback.print_exception(error)
    explained = explain(error) or CliError(
        f"unexpected {type(error).__name__}: {error}",
        "" if debug else "this is a bug in streamops; the traceback: streamops --debug …",
    )
    answer: Answer | None = ctx.meta.get("streamops.answer")
    if answer is None:
        complain(explained)
    else:
        answer.fail(explained)
    return explained.exit_code


def main() -> None:
    """The command ``streamops``."""
    try:
        app()
    except KeyboardInterrupt:
        complain(InterruptError("interrupted"))
        sys.exit(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # The reader went away (`| head`). Python would complain once more when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(ExitCode.ERROR)


if __name__ == "__main__":
    main()
