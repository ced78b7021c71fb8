"""How a rule of the model says no: what the rule is, and the way out, at an exact place in its section."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic_core import PydanticCustomError

REFUSED = "refused"
HIDDEN = "(not shown)"
"""Stands for a value that may be a secret: reports end in logs."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule.

    ``path`` leads from the value or section whose rule it is to the place that is wrong. ``value`` is what stands
    there; empty where nothing is to be shown, or where the text of the file itself shall be.
    """

    rule: str
    remedy: str
    path: tuple[str | int, ...] = ()
    value: str = ""

    def __str__(self) -> str:
        return f"{self.value} {self.rule}; {self.remedy}".lstrip()


def refusal(findings: Iterable[Finding]) -> PydanticCustomError:
    """The error by which a validator hands one or more findings to pydantic, and through it to the report."""
    found = tuple(findings)
    text = " / ".join(".".join(map(str, finding.path)) + f" {finding}" for finding in found)
    return PydanticCustomError(REFUSED, "{text}", {"text": text.strip(), "findings": found})


def refuse(rule: str, remedy: str, *, hidden: bool = False) -> PydanticCustomError:
    """The refusal of one value; it is not shown if it may be a secret that stands where its place should be named."""
    return refusal([Finding(rule, remedy, value=HIDDEN if hidden else "")])


def meant(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, if one is near."""
    import difflib

    spelled = {each.lower().replace("_", "-"): each for each in known}
    near = difflib.get_close_matches(word.lower().replace("_", "-"), spelled, n=1, cutoff=0.6)
    return spelled[near[0]] if near else None


def choices(words: Sequence[str], last: str = "or") -> str:
    """Words as a sentence lists them: ``a, b or c``."""
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else ""
