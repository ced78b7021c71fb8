"""How everything is changed: plan, show, ask, apply, verify.

A kind of change (creating topics, and whatever else a command changes) says what its plan is, how an
operation is carried out, and how to tell that it worked; what happens between the user and the plan stands here once.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import typer

from cli.errors import (
    CliError,
    DeclinedError,
    ExitCode,
    IncompleteError,
    InterruptError,
    RefusedError,
    RolloutFailedError,
    StalePlanError,
    explain,
)
from cli.interruption import deferred
from cli.output import Answer, note
from cli.plan import Operation, Plan, Risk
from cli.plan_view import print_plan
from cli.saved_plan import SavedPlan
from cli.write_back import Edit, pending, write_back
from environments import Environment

log = logging.getLogger(__name__)


class Change(Protocol):
    """One change of one environment, as a command line asks for it."""

    @property
    def command(self) -> str:
        """The command that asks for it, such as ``topic sync``."""

    @property
    def arguments(self) -> Mapping[str, Any]:
        """What the command was given, in JSON types: enough to ask for the same change again."""

    @property
    def environment(self) -> Environment:
        """Where."""

    def plan(self) -> Plan:
        """Read the live state and plan from it."""

    def carry_out(self, plan: Plan, *, wait: bool) -> Iterator[Operation]:
        """Do the operations of ``plan`` in order, giving each back once it is done.

        ``wait`` is whether to wait until what was done has come into effect. Ends early by an exception; what was
        given back before stays done.
        """

    def verify(self, plan: Plan) -> Sequence[str]:
        """Read the live state again: what is not as the plan wanted it."""

    def declaration(self, plan: Plan) -> Sequence[Edit]:
        """What the environment file has to say once ``plan`` is carried out; nothing where it says so anyway."""


@dataclass(frozen=True)
class Consent:
    """What the command line allows."""

    dry_run: bool = False
    save: Path | None = None
    yes: bool = False
    confirm: str | None = None
    wait: bool = True
    write_back: bool | None = None
    """Whether the environment file shall say what is live afterwards; None: ask."""


def run(change: Change, consent: Consent, answer: Answer, reference: str) -> None:
    """Plan a change, show it, ask, apply it and verify.

    1. Read the live state and plan.
    2. Nothing to do: say so (exit 0).
    3. A guard refuses: show the plan and why (exit 7).
    4. ``--dry-run`` or ``--save``: show the plan and stop (exit 3).
    5. Ask, unless the command line has allowed this risk; a no is exit 1.
    6. Apply and verify, see ``apply``.
    7. Where the environment file says otherwise, offer to write back what is live now.

    Args:
        change: what is asked for.
        consent: what the command line allows.
        answer: takes the result.
        reference: the environment as the user named it.
    """
    plan = change.plan()
    if consent.save:
        SavedPlan.of(change.command, change.arguments, reference, change.environment, plan).write(consent.save)
        note(f"plan saved; carry it out with: streamops apply {consent.save}")
    if plan.refusals:
        _refuse(answer, plan)
        return
    if consent.dry_run or consent.save:
        _give(answer, plan, plan.status)
        if plan.status == "changes" and not answer.errors:
            raise typer.Exit(ExitCode.CHANGES)
        return
    if not plan.operations:
        _give(answer, plan, plan.status, declaration=_declare(change, plan, consent, reference))
        return
    ask(plan, consent, answer)
    apply(change, plan, consent, answer, reference)


def run_saved(change: Change, saved: SavedPlan, consent: Consent, answer: Answer) -> None:
    """Carry out a saved plan, if the live resource is still what the plan was made for.

    Nothing is asked: saving the plan and naming it was the answer. Severe risk needs ``--confirm`` all the same.

    Raises:
        StalePlanError: the live resource has changed, or the environment points elsewhere.
    """
    saved.check_target(change.environment)
    if change.plan().fingerprint != saved.plan.fingerprint:
        raise StalePlanError(
            f"{saved.plan.resource} has changed since the plan was made ({saved.created:%Y-%m-%d %H:%M} UTC)",
            f"make a new plan: streamops {_command_line(change)} -e {saved.environment} --save FILE",
        )
    if saved.plan.refusals:
        _refuse(answer, saved.plan)
        return
    if not saved.plan.operations:
        _give(answer, saved.plan, saved.plan.status)
        return
    if answer.for_people:
        print_plan(saved.plan)
    if saved.plan.risk is Risk.SEVERE:
        _require_confirmation(saved.plan, consent)
    apply(change, saved.plan, consent, answer, saved.environment)


def ask(plan: Plan, consent: Consent, answer: Answer) -> None:
    """Show the plan and get a yes, from the command line or from the user.

    Raises:
        DeclinedError: the user said no, or there is no terminal to ask on.
        RefusedError: severe risk, and ``--confirm`` does not name the resource.
    """
    print_plan(plan, error_stream=not answer.for_people)
    if plan.risk is Risk.SEVERE and (consent.confirm or not interactive()):
        _require_confirmation(plan, consent)
        return
    if plan.risk is Risk.SEVERE:
        if answer_to(f"The risk is severe. Type {plan.confirmation} to go on: ") != plan.confirmation:
            raise DeclinedError("nothing was changed: the name was not typed")
        return
    if consent.yes:
        return
    if not interactive():
        raise DeclinedError(
            "nothing was changed: there is no terminal to ask on", "add --yes, or --dry-run to see the plan only"
        )
    if answer_to("Apply this plan? [y/N] ").lower() not in ("y", "yes"):
        raise DeclinedError("nothing was changed")


def interactive() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty()


def answer_to(question: str) -> str:
    """Ask on stderr; the end of the input is an empty answer, and Ctrl-C stays Ctrl-C (click makes both an abort)."""
    typer.echo(question, err=True, nl=False)
    line = ""
    try:
        line = sys.stdin.readline()
    finally:
        if not line:
            note("")  # what is said next shall not stand behind the question
    return line.strip()


def apply(change: Change, plan: Plan, consent: Consent, answer: Answer, reference: str) -> None:
    """Carry out the operations one by one, tell each, verify the result, and answer.

    What went wrong after something was done is an error of the answer: IncompleteError where an operation failed or the
    result could not be read, RolloutFailedError where a rollout failed, InterruptError for Ctrl-C (after the second one
    the operation under way may have happened: planning again tells), CliError where the result is not as planned.

    Raises:
        Exception: the first operation failed, so that nothing was changed.
    """
    done: list[Operation] = []
    again = f"go on with: streamops {_command_line(change)} -e {change.environment.name}"
    ends_by_itself = getattr(change, "ends_by_itself", False)  # where several operations are under way at a time
    try:
        with deferred() as interruption:
            for operation in change.carry_out(plan, wait=consent.wait):
                done.append(operation)
                note(f"done {len(done)}/{len(plan.operations)}: {operation.kind} {operation.resource}")
                if interruption.requested and len(done) < len(plan.operations) and not ends_by_itself:
                    raise KeyboardInterrupt  # noqa: TRY301 - the same end as that of a wait that is interrupted
        unmet = change.verify(plan) if consent.wait else []
    except KeyboardInterrupt:
        answer.errors.append(InterruptError(f"interrupted: {_progress(plan, done)}", again))
        _give(answer, plan, "partial", done)
        return
    except RolloutFailedError as error:  # which says itself what runs now: there is nothing to go on with
        answer.errors.append(error)
        _give(answer, plan, "error", done)
        return
    except Exception as error:
        if not done:
            raise
        log.info("after %s", _progress(plan, done), exc_info=True)  # what --debug shows
        answer.errors.append(IncompleteError(f"{_progress(plan, done)}: {_reason(error)}", again))
        _give(answer, plan, "partial", done)
        return
    answer.errors.extend(CliError(f"applied, but {problem}", again) for problem in unmet)
    if unmet:
        _give(answer, plan, "error", done)
        return
    note("applied and verified" if consent.wait else "applied")
    _give(answer, plan, "applied", done, declaration=_declare(change, plan, consent, reference))


def _declare(change: Change, plan: Plan, consent: Consent, reference: str) -> list[dict[str, object]]:
    """Offer to write what is live now into the environment file; what was or could be written, for the answer."""
    edits = pending(reference, change.declaration(plan))
    if not edits:
        return []
    told = ", ".join(map(str, edits))
    wanted = consent.write_back
    if wanted is None and interactive():
        wanted = answer_to(f"Write {told} into the environment file? [Y/n] ").lower() in ("", "y", "yes")
    if wanted:
        note(f"written into {write_back(reference, edits)}: {told}")
    else:
        note(f"the environment file still says otherwise; write it with --write-back, or by hand: {told}")
    return [{**edit.as_json(), "written": bool(wanted)} for edit in edits]


def _command_line(change: Change) -> str:
    """The command with what it was given, from changes that tell it; others are asked for by their command alone."""
    line: str = getattr(change, "command_line", change.command)
    return line


def _reason(error: Exception) -> str:
    explained = explain(error)
    return explained.message if explained else f"unexpected {type(error).__name__}: {error}"


def _progress(plan: Plan, done: Sequence[Operation]) -> str:
    unverified = ", the result is not verified" if len(done) == len(plan.operations) else ""
    return f"{len(done)} of {len(plan.operations)} operations done{unverified}"


def _require_confirmation(plan: Plan, consent: Consent) -> None:
    if consent.confirm != plan.confirmation:
        severe = [operation.reason for operation in plan.operations if operation.risk is Risk.SEVERE]
        said = f"--confirm {consent.confirm} names something else, and " if consent.confirm else ""
        raise RefusedError(
            f"{said}the risk is severe: {'; '.join(dict.fromkeys(severe))}",
            f"if it is meant, add: --confirm {plan.confirmation}",
        )


def _refuse(answer: Answer, plan: Plan) -> None:
    answer.errors.extend(RefusedError(refusal.reason, refusal.way_out) for refusal in plan.refusals)
    _give(answer, plan, plan.status)


def _give(
    answer: Answer,
    plan: Plan,
    status: str,
    done: Sequence[Operation] | None = None,
    *,
    declaration: Sequence[object] = (),
) -> None:
    """Answer with the plan; people have seen it already where something was done."""
    content: dict[str, Any] = {"status": status, "plan": plan.as_json()}
    if declaration:
        content["write_back"] = list(declaration)
    if done is None:
        answer.give(content, lambda: print_plan(plan))
    else:
        content["plan"]["done"] = len(done)
        answer.give(content, lambda: None)
