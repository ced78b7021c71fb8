"""The grammar of every change: plan, show, ask, apply, verify; with the exit code of each way it can end."""

from __future__ import annotations

import io
import json
import os
import signal
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import typer

from cli.change import Consent, run, run_saved
from cli.errors import CliError, DeclinedError, RefusedError, StalePlanError
from cli.output import Answer, Format
from cli.plan import Operation, Plan, Refusal, Risk
from cli.saved_plan import SavedPlan
from cli.write_back import Edit
from environments import Environment, ProvisionedStream, load_environment


@dataclass
class Counting:
    """A change that sets a number, one step an operation."""

    environment: Environment
    value: int = 0
    wanted: int = 3
    risk: Risk = Risk.MILD
    refusals: tuple[Refusal, ...] = ()
    fails_at: int | None = None
    failure: BaseException = field(default_factory=lambda: CliError("the disk is full"))
    forgets: bool = False
    verification: BaseException | None = None
    command: str = "count set"
    declared: bool = False
    signals: Mapping[int, int] = field(default_factory=dict)
    """How often Ctrl-C is pressed during an operation."""

    @property
    def arguments(self) -> Mapping[str, Any]:
        return {"to": self.wanted}

    def plan(self) -> Plan:
        steps = range(self.value, self.wanted)
        return Plan(
            resource="count/orders",
            fingerprint=str(self.value),
            operations=tuple(Operation("add-one", "count/orders", self.risk, "too low", {"at": at}) for at in steps),
            refusals=self.refusals,
        )

    def carry_out(self, plan: Plan, *, wait: bool) -> Iterator[Operation]:  # noqa: ARG002 - the protocol's
        for operation in plan.operations:
            if operation.details["at"] == self.fails_at:
                raise self.failure
            for _ in range(self.signals.get(operation.details["at"], 0)):
                os.kill(os.getpid(), signal.SIGINT)
            self.value += 1
            yield operation

    def verify(self, plan: Plan) -> Sequence[str]:  # noqa: ARG002 - the protocol's
        if self.verification:
            raise self.verification
        return [f"the count is {self.value} again"] if self.forgets else []

    def declaration(self, plan: Plan) -> Sequence[Edit]:  # noqa: ARG002 - the protocol's
        return [Edit(("streams", "orders", "shards"), self.wanted)] if self.declared else []


@pytest.fixture
def change(project) -> Counting:
    return Counting(load_environment(project.write("dev")))


@pytest.fixture
def somebody(monkeypatch):
    """A user at a terminal who types what the test says."""

    def types(text: str) -> None:
        monkeypatch.setattr("cli.change.interactive", lambda: True)
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{text}\n"))

    return types


def attempt(change: Counting, *, query: str | None = None, **consent: Any) -> int:
    """Run the change as a command would; gives the exit code that no error decided."""
    answer = Answer("count set", format=Format.JSON, query=query)
    try:
        run(change, Consent(**consent), answer, "dev")
    except typer.Exit as end:
        return end.exit_code
    return answer.errors[0].exit_code if answer.errors else 0


def test_a_yes_applies_all_operations(change, somebody):
    somebody("y")
    assert attempt(change) == 0
    assert change.value == 3


def test_a_no_is_an_error_and_changes_nothing(change, somebody):
    somebody("n")
    with pytest.raises(DeclinedError):
        attempt(change)
    assert change.value == 0
    assert DeclinedError.exit_code == 1


def test_the_end_of_the_input_is_no_yes(change, monkeypatch):
    monkeypatch.setattr("cli.change.interactive", lambda: True)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(DeclinedError):
        attempt(change)
    assert change.value == 0


def test_without_a_terminal_nothing_is_taken_for_a_yes(change):
    with pytest.raises(DeclinedError, match="no terminal"):
        attempt(change)
    assert change.value == 0


@pytest.mark.parametrize("risk", [Risk.MILD, Risk.MODERATE])
def test_yes_covers_mild_and_moderate_risk(change, risk):
    change.risk = risk
    assert attempt(change, yes=True) == 0
    assert change.value == 3


@pytest.mark.parametrize("confirm", [None, "clicks"])
def test_severe_risk_needs_the_name_of_the_resource(change, confirm):
    change.risk = Risk.SEVERE
    with pytest.raises(RefusedError) as refused:
        attempt(change, yes=True, confirm=confirm)
    assert refused.value.exit_code == 7
    assert "--confirm orders" in str(refused.value)
    assert change.value == 0


def test_severe_risk_goes_on_with_the_name(change):
    change.risk = Risk.SEVERE
    assert attempt(change, confirm="orders") == 0
    assert change.value == 3


@pytest.mark.parametrize(("typed", "value"), [("orders", 3), ("y", 0), ("", 0)])
def test_severe_risk_is_confirmed_by_typing_the_name(change, somebody, typed, value):
    change.risk = Risk.SEVERE
    somebody(typed)
    if value:
        assert attempt(change, yes=True) == 0
    else:
        with pytest.raises(DeclinedError):
            attempt(change, yes=True)
    assert change.value == value


@pytest.mark.parametrize(("wanted", "code"), [(3, 3), (0, 0)])
def test_a_dry_run_changes_nothing_and_tells_by_its_exit_code_whether_something_would(change, wanted, code):
    change.wanted = wanted
    assert attempt(change, dry_run=True, yes=True) == code
    assert change.value == 0


@pytest.mark.parametrize("consent", [{"yes": True}, {"dry_run": True}, {"confirm": "orders"}])
def test_a_guard_refuses_whatever_was_agreed_to(change, consent):
    change.refusals = (Refusal("3 of 2 shards are left in the quota"),)
    assert attempt(change, **consent) == 7
    assert change.value == 0


def test_a_failure_of_the_first_operation_is_an_error_and_nothing_was_done(change):
    change.fails_at = 0
    with pytest.raises(CliError, match="the disk is full") as failed:
        attempt(change, yes=True)
    assert failed.value.exit_code == 1


def test_a_failure_after_the_first_operation_is_partial_and_says_how_to_go_on(change, capsys):
    change.fails_at = 2
    assert attempt(change, yes=True) == 6
    assert change.value == 2
    shown = capsys.readouterr()
    assert '"status": "partial"' in shown.out
    assert '"done": 2' in shown.out
    assert "streamops count set -e dev" in shown.err


def test_an_interrupted_change_can_be_gone_on_with(change):
    change.fails_at, change.failure = 1, KeyboardInterrupt()
    assert attempt(change, yes=True) == 130
    assert change.value == 1
    change.fails_at = None
    assert attempt(change, yes=True) == 0
    assert change.value == 3


def test_the_first_ctrl_c_lets_the_operation_under_way_end(change, capsys):
    change.signals = {1: 1}
    assert attempt(change, yes=True) == 130
    assert change.value == 2
    captured = capsys.readouterr()
    assert json.loads(captured.out)["plan"]["done"] == 2
    assert "Ctrl-C again stops at once" in captured.err


def test_the_second_ctrl_c_stops_at_once(change):
    change.signals = {1: 2}
    assert attempt(change, yes=True) == 130
    assert change.value == 1


def test_ctrl_c_during_the_last_operation_changes_nothing(change):
    change.signals = {2: 1}
    assert attempt(change, yes=True) == 0
    assert change.value == 3


def test_after_a_change_ctrl_c_is_as_before(change):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    attempt(change, yes=True)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


STREAMS = {"orders": {"mode": "provisioned", "shards": 1}}


def declared_shards() -> int:
    declared = load_environment("dev").streams["orders"]
    assert isinstance(declared, ProvisionedStream)
    return declared.shards


@pytest.mark.parametrize(("typed", "written"), [("y\n\n", 3), ("y\ny\n", 3), ("y\nn\n", 1)])
def test_what_is_live_now_is_offered_for_the_file(change, project, somebody, typed, written):
    project.write("dev", streams=STREAMS)
    change.declared = True
    somebody(typed)
    assert attempt(change) == 0
    assert declared_shards() == written


@pytest.mark.parametrize(("asked", "written"), [(True, 3), (False, 1), (None, 1)])
def test_without_a_terminal_the_file_changes_only_where_that_was_asked_for(change, project, capsys, asked, written):
    project.write("dev", streams=STREAMS)
    change.declared = True
    assert attempt(change, yes=True, write_back=asked) == 0
    assert declared_shards() == written
    entry = {"path": "streams.orders.shards", "value": 3, "written": written == 3}
    assert json.loads(capsys.readouterr().out)["write_back"] == [entry]


def test_the_file_is_brought_up_to_what_was_changed_before(change, project):
    """The command was interrupted, or said no to the offer: running it again with --write-back is enough."""
    project.write("dev", streams=STREAMS)
    change.declared, change.value = True, 3
    assert attempt(change, write_back=True) == 0
    assert declared_shards() == 3


def test_a_dry_run_offers_nothing(change, project):
    project.write("dev", streams=STREAMS)
    change.declared, change.value = True, 3
    assert attempt(change, dry_run=True, write_back=True) == 0
    assert declared_shards() == 1


def test_what_was_applied_and_is_not_there_afterwards_is_an_error(change):
    change.forgets = True
    assert attempt(change, yes=True) == 1


@pytest.mark.parametrize(
    ("failure", "code"),
    [(CliError("the line is dead"), 6), (ZeroDivisionError("the line is dead"), 6), (KeyboardInterrupt(), 130)],
)
def test_a_verification_that_breaks_off_still_tells_what_was_done(change, capsys, failure, code):
    change.verification = failure
    assert attempt(change, yes=True) == code
    shown = capsys.readouterr()
    answer = json.loads(shown.out)
    assert (answer["status"], answer["plan"]["done"], len(answer["plan"]["operations"])) == ("partial", 3, 3)
    (error,) = answer["errors"]
    assert "3 of 3 operations done, the result is not verified" in error["message"]
    assert ("the line is dead" in error["message"]) == (code == 6)
    assert "applied and verified" not in shown.err


@pytest.mark.parametrize("failure", [CliError("the disk is full"), ZeroDivisionError("the disk is full")])
def test_whatever_fails_after_the_first_operation_is_told_with_what_was_done(change, capsys, failure):
    change.fails_at, change.failure = 1, failure
    assert attempt(change, yes=True) == 6
    assert "1 of 3 operations done: " in capsys.readouterr().err


def test_a_query_that_does_not_fit_hides_neither_what_was_done_nor_how_it_ended(change, capsys):
    query = "sum(plan.operations[].kind)"
    assert attempt(change, query=query, yes=True) == 2
    assert change.value == 3
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "applied and verified" in shown.err
    change.value, change.fails_at = 0, 2
    assert attempt(change, query=query, yes=True) == 6
    change.value = 0
    assert attempt(change, query=query, dry_run=True) == 2


def test_no_wait_leaves_out_the_verification(change):
    change.forgets = True
    assert attempt(change, yes=True, wait=False) == 0


def test_saving_a_plan_changes_nothing_and_the_file_is_private(change, tmp_path):
    file = tmp_path / "plan.json"
    assert attempt(change, save=file) == 3
    assert change.value == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_saved_plan_is_private_where_the_file_was_there_and_open_to_all(change, tmp_path):
    file = tmp_path / "plan.json"
    file.touch(mode=0o644)
    file.chmod(0o644)
    assert attempt(change, save=file) == 3
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_saved_plan_is_carried_out_without_a_question(change, tmp_path):
    attempt(change, save=tmp_path / "plan.json")
    run_saved(change, SavedPlan.read(tmp_path / "plan.json"), Consent(), Answer("apply"))
    assert change.value == 3


def test_a_saved_plan_is_refused_when_the_live_resource_has_changed(change, tmp_path):
    attempt(change, save=tmp_path / "plan.json")
    change.value = 1
    with pytest.raises(StalePlanError, match="has changed"):
        run_saved(change, SavedPlan.read(tmp_path / "plan.json"), Consent(), Answer("apply"))
    assert change.value == 1


def test_a_saved_plan_is_refused_when_the_environment_points_elsewhere(change, tmp_path):
    attempt(change, save=tmp_path / "plan.json")
    change.environment = change.environment.model_copy(update={"region": "us-east-1"})
    with pytest.raises(StalePlanError, match="us-east-1"):
        run_saved(change, SavedPlan.read(tmp_path / "plan.json"), Consent(), Answer("apply"))
    assert change.value == 0


def test_a_saved_plan_of_severe_risk_still_needs_the_name(change, tmp_path):
    change.risk = Risk.SEVERE
    attempt(change, save=tmp_path / "plan.json")
    saved = SavedPlan.read(tmp_path / "plan.json")
    with pytest.raises(RefusedError):
        run_saved(change, saved, Consent(yes=True), Answer("apply"))
    run_saved(change, saved, Consent(confirm="orders"), Answer("apply"))
    assert change.value == 3


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 99}', '{"format": 1, "command": "count set"}'])
def test_a_file_that_is_no_plan_is_told_in_one_message(project, tmp_path, text):
    file = tmp_path / "plan.json"
    file.write_text(text)
    outcome = project.run("apply", str(file))
    assert outcome.exit_code == 1
    assert "plan.json" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_a_json_answer_to_a_change_tells_the_plan_and_how_far_it_came(change, capsys):
    attempt(change, yes=True)
    shown = capsys.readouterr()
    answer = json.loads(shown.out)
    assert (answer["status"], answer["plan"]["done"]) == ("applied", 3)
    assert [operation["at"] for operation in answer["plan"]["operations"]] == [0, 1, 2]
    assert "add-one" in shown.err
