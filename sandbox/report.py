"""What a person sees while the sandbox works: one line per thing done, and progress at all times.

On a terminal the work in hand is shown live; elsewhere it becomes plain lines every few seconds. All of it goes to
stderr: stdout is for data.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

LINE_EVERY_SECONDS = 5.0


def shown(path: Path | str) -> str:
    """A path as a person reads it best: relative where it lies below the working directory."""
    path = Path(path)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


class Bar:
    """The progress of one piece of work, counted in its own units."""

    def __init__(self, report: Reporter, what: str, total: int, progress: Progress | None) -> None:
        self._report = report
        self._what = what
        self._total = total
        self._progress = progress
        self._task = progress.add_task(what, total=total) if progress else None
        self._last_line = time.monotonic()

    def update(self, completed: int) -> None:
        """Show that ``completed`` units are done."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=completed)
        elif time.monotonic() - self._last_line >= LINE_EVERY_SECONDS:
            self._last_line = time.monotonic()
            self._report.say(f"  {self._what}: {completed:,} of {self._total:,}")


class Reporter:
    """Tells a person what the sandbox is doing."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, soft_wrap=True, highlight=False)

    def say(self, line: str) -> None:
        """One plain line."""
        self._console.print(line, markup=False)

    def done(self, part: str, where: str, *, seconds: float | None = None) -> None:
        """One line for a part that is as it should be: what it is and where."""
        took = f"  ({seconds:.1f} s)" if seconds is not None else ""
        self._console.print(f"[green]✓[/] {part:<12} ", end="")
        self._console.print(f"{where}{took}", markup=False)

    @contextmanager
    def working(self, part: str, what: str) -> Iterator[None]:
        """Show that ``what`` is under way while the block runs."""
        if self._console.is_terminal:
            with self._console.status(f"{part}: {what}"):
                yield
        else:
            self.say(f"… {part:<12} {what}")
            yield

    @contextmanager
    def bar(self, what: str, total: int) -> Iterator[Bar]:
        """A progress bar while the block runs."""
        if not self._console.is_terminal:
            yield Bar(self, what, total, None)
            return
        columns = (
            TextColumn("  {task.description:<12}"),
            BarColumn(bar_width=40),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console) as progress:
            yield Bar(self, what, total, progress)
