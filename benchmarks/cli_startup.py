"""How long ``streamops --help`` takes, against a bare Typer app with two commands.

    .venv/bin/python benchmarks/cli_startup.py [ROUNDS]

The two run in turns, so that a busy machine slows both alike. The ratio of the medians must be at most 2: a command
line that is slow to answer is not used, and shell completion pays the same price on every key.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BARE_APP = '''
import typer

app = typer.Typer()


@app.command()
def one(name: str) -> None:
    """One command."""


@app.command()
def two(name: str) -> None:
    """Another command."""


app()
'''
WARM_UP = 2
LIMIT = 2.0


def seconds(*command: str) -> float:
    """Wall-clock time of one run of a command."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main(rounds: int) -> int:
    """Measure, print, and give 1 where the ratio is above the limit."""
    with tempfile.TemporaryDirectory() as folder:
        bare_app = Path(folder) / "bare.py"
        bare_app.write_text(BARE_APP)
        bare_command = (sys.executable, str(bare_app), "--help")
        our_command = (sys.executable, "-m", "cli.main", "--help")
        for _ in range(WARM_UP):
            seconds(*bare_command)
            seconds(*our_command)
        pairs = [(seconds(*bare_command), seconds(*our_command)) for _ in range(rounds)]
    bare, ours = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(f"bare Typer app    {bare * 1000:6.0f} ms")
    print(f"streamops --help  {ours * 1000:6.0f} ms")
    print(f"ratio             {ours / bare:6.2f}   (at most {LIMIT:g})")
    return int(ours / bare > LIMIT)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 15))
