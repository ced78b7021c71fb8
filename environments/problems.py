"""What is wrong with an environment file, each problem with its place, its rule and the way out."""

from __future__ import annotations

from dataclasses import dataclass

_LONGEST_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, written out by ``str()`` in the form compilers use: ``FILE:LINE: PATH: ...``."""

    file: str
    line: int | None
    path: str
    value: str
    rule: str
    remedy: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        told = f"{_short(self.value)} {self.rule}".lstrip()
        text = ": ".join(filter(None, [place, self.path, f"{told}; {self.remedy}"]))
        # Names in a wrong file may hold anything, line breaks and terminal sequences included.
        return "".join(letter if letter.isprintable() else " " for letter in text)


class EnvironmentFileError(Exception):
    """An environment cannot be loaded; ``str()`` is the complete report, one line for each problem."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


def _short(value: str) -> str:
    """A value on one line, cut where nobody reads on."""
    line = " ".join(value.split())
    return line if len(line) <= _LONGEST_SHOWN else f"{line[:_LONGEST_SHOWN]}..."
