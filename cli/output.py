"""What a command says: data on stdout in one envelope, everything else on stderr.

    {"_command": "stream list", "_version": 1, "environment": "dev", "status": "none", "items": [...], "errors": []}

``-o table`` shows the same data for people, ``--query`` picks from the envelope with JMESPath. Away from a terminal a
table is as wide as its content, so that nothing is wrapped or cut and ``grep`` finds whole names.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from io import StringIO
from typing import Any, Literal, TextIO

import typer

from cli.errors import CliError, WrongUsageError

ENVELOPE_VERSION = 1
WIDE = 100_000
"""Columns off a terminal: more than any table has, so that rich never wraps."""

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
Item = Mapping[str, Any]
"""A row of data: JSON types only."""


class Format(StrEnum):
    """Of the answer on stdout."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


@dataclass(frozen=True)
class Column:
    """One column of a table: its heading and the text of an item's cell."""

    heading: str
    cell: str | Callable[[Item], object]
    """The key of the item, or what makes the text from it."""
    right: bool = False
    fold: bool = False
    """Prose, which a narrow terminal may break into lines; names and numbers stay in one piece."""

    def text(self, item: Item) -> str:
        """The cell of one item; ``-`` where there is nothing to show."""
        value = self.cell(item) if callable(self.cell) else item.get(self.cell)
        if value is None or value == "":
            return "-"
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, int) and self.right:
            return f"{value:,}"
        return str(value)


@dataclass
class Answer:
    """What one run of a command has to say; given out once, at its end."""

    command: str
    format: Format = Format.TABLE
    query: str | None = None
    environment: str | None = None
    errors: list[CliError] = field(default_factory=list)
    given: bool = False

    @classmethod
    def begin(cls, ctx: typer.Context, output: Format, query: str | None = None) -> Answer:
        """Start the answer of the running command and tell the error boundary about it."""
        answer = cls(
            command=ctx.command_path.removeprefix(f"{ctx.find_root().command_path} "), format=output, query=query
        )
        ctx.meta["streamops.answer"] = answer
        return answer

    @property
    def for_people(self) -> bool:
        """Whether stdout is a table rather than a document."""
        return self.format is Format.TABLE and self.query is None

    def items(self, items: Sequence[Item], columns: Sequence[Column], *, empty: str) -> None:
        """Answer with rows.

        Args:
            items: the data.
            columns: how ``-o table`` shows them.
            empty: said on stderr when there are none.
        """
        if not items and self.format is Format.TABLE:
            note(empty)
        self.give(
            {"status": "error" if self.errors else "none", "items": list(items)},
            lambda: print_table(items, columns) if items else None,
        )

    def give(self, content: Mapping[str, Any], show: Callable[[], None]) -> None:
        """Answer with ``content`` inside the envelope; ``show`` prints the same for people.

        A query that does not fit the data leaves stdout empty and is one more of the errors.
        """
        self.given = True
        if self.for_people:
            show()
            for error in self.errors:
                complain(error)
            return
        envelope = {
            "_command": self.command,
            "_version": ENVELOPE_VERSION,
            "environment": self.environment,
            **content,
            "errors": [error.as_json() for error in self.errors],
        }
        try:
            self._write(envelope)
        except QueryError as misfit:
            # Last, so that it does not hide with its exit code what else happened.
            self.errors.append(misfit)
        for error in self.errors:
            complain(error)

    def fail(self, error: CliError) -> None:
        """Answer that the command failed: always on stderr, and in the envelope where one was asked for."""
        if self.given:
            complain(error)
            return
        self.errors.append(error)
        if self.format is Format.TABLE:
            self.given = True
            complain(error)
        else:
            self.give({"status": "error", "items": []}, lambda: None)

    def _write(self, envelope: Mapping[str, Any]) -> None:
        data: Any = envelope if self.query is None else _found(self.query, envelope)
        if self.format is Format.YAML:
            from ruamel.yaml import YAML

            yaml = YAML()
            yaml.width = WIDE
            yaml.dump(data, sys.stdout)
        elif self.format is Format.JSON:
            print_json(data)
        else:
            print_found(data)


class QueryError(WrongUsageError):
    """An expression that can be read, and cannot be worked out on this answer."""


def _found(query: str, envelope: Mapping[str, Any]) -> object:
    import jmespath

    try:
        data = jmespath.search(query, envelope)
        json.dumps(data)
    except (ValueError, TypeError) as error:  # JMESPath's own are ValueErrors; TypeError: `&name`, which is no data
        raise QueryError(
            f"--query {query!r} does not fit this answer: {error}", "see all of it with: -o json"
        ) from error
    return data


def print_json(data: object) -> None:
    """Write a document to stdout."""
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def print_found(data: object) -> None:
    """Write what a query found as plain lines where it is plain, so that a shell can loop over it."""
    if isinstance(data, list):
        for entry in data:
            print_found(entry)
    elif isinstance(data, str):
        sys.stdout.write(data + "\n")
    elif data is not None:
        sys.stdout.write(json.dumps(data, ensure_ascii=False) + "\n")


def print_table(items: Sequence[Item], columns: Sequence[Column], *, out: TextIO | None = None) -> None:
    """Write a table to stdout (or ``out``); prose folds on a narrow terminal, and nothing is ever cut."""
    stream = out or sys.stdout
    texts = [[column.text(item) for column in columns] for item in items]
    if not stream.isatty() and not any("\n" in text for row in texts for text in row):
        stream.writelines(_lines(texts, columns))
        return
    from rich.console import Console
    from rich.measure import Measurement
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        justify: Literal["left", "right"] = "right" if column.right else "left"
        table.add_column(column.heading, justify=justify, overflow="fold", no_wrap=not column.fold)
    for row in texts:
        table.add_row(*(Text(text, style=STYLES.get(text, "")) for text in row))
    if stream.isatty():
        console = Console(file=stream, highlight=False)
        # Where even the folded table is too wide, the terminal shall wrap it: rich would cut names.
        needed = Measurement.get(console, console.options.update_width(WIDE), table).minimum
        console.width = max(console.width, needed)
        console.print(table)
    else:
        lines = StringIO()
        Console(file=lines, width=WIDE, highlight=False).print(table)
        stream.writelines(f"{line.rstrip()}\n" for line in lines.getvalue().splitlines())


def _lines(texts: Sequence[Sequence[str]], columns: Sequence[Column]) -> Iterator[str]:
    """The same as rich makes it where nothing has to fold, in a hundredth of its time."""
    from rich.cells import cell_len

    rows = [[column.heading for column in columns], *texts]
    lengths = [[cell_len(text) for text in row] for row in rows]
    widths = [max(column) for column in zip(*lengths, strict=True)]
    for row, length in zip(rows, lengths, strict=True):
        cells = (
            " " * (width - own) + text if column.right else text + " " * (width - own)
            for text, own, width, column in zip(row, length, widths, columns, strict=True)
        )
        yield f"{'  '.join(cells).rstrip()}\n"


STYLES = {
    "ok": "green",
    "warn": "yellow",
    "bad": "bold red",
    "mild": "green",
    "moderate": "yellow",
    "severe": "bold red",
}
"""Words that carry a colour wherever they stand alone in a cell."""


def show(text: str = "") -> None:
    """A line of data for people, on stdout."""
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """A line that is no data: progress, advice, what was done."""
    typer.echo(text, err=True)


def complain(error: CliError) -> None:
    """The error as people read it: the problem, then the way out."""
    first, *rest = error.message.splitlines() or [""]
    typer.secho("error: ", fg="red", bold=True, nl=False, err=True)
    typer.echo(first, err=True)
    for line in rest:
        typer.echo(line, err=True)
    if error.way_out:
        typer.echo(f"  → {error.way_out}", err=True)
