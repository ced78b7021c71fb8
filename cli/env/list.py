"""``streamops env list``."""

from __future__ import annotations

import typer

from cli.options import Output, Query
from cli.output import Answer, Column, Format, Item
from environments import EnvironmentFileError, find_environments, load_environment

COLUMNS = (
    Column("NAME", "name"),
    Column("ACCOUNT", "account"),
    Column("REGION", "region"),
    Column("KAFKA", "kafka"),
    Column("TOPICS", "topics", right=True),
    Column("STREAMS", "streams", right=True),
    Column("ROUTES", "routes", right=True),
    Column("VALID", "valid"),
)


def command(ctx: typer.Context, output: Output = Format.TABLE, query: Query = None) -> None:
    """List the environments of this project.

    A file with errors is listed too; ``streamops env validate`` tells what is wrong with it.
    """
    answer = Answer.begin(ctx, output, query)
    items = [{**_row(name), "file": str(path)} for name, path in find_environments().items()]
    answer.items(items, COLUMNS, empty="there are no environments yet; make one with: streamops env init NAME")


def _row(name: str) -> Item:
    try:
        environment = load_environment(name)
    except EnvironmentFileError as error:
        return {"name": name, "valid": False, "problems": str(error).splitlines()}
    return {
        "name": name,
        "valid": True,
        "account": environment.account,
        "region": environment.region,
        "kafka": environment.kafka.kind,
        "sandbox": environment.sandbox,
        "production": environment.production,
        "topics": len(environment.topics),
        "streams": len(environment.streams),
        "routes": len(environment.routes),
    }
