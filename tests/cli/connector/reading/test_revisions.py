"""Which revisions may go: laws of the choice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cli.connector.deployments import OUTCOMES, Alarms, Breaker, Deployment, Revision
from cli.connector.revisions import References, TaskRevision, reasons, to_prune

FIRST = datetime(2026, 11, 1, tzinfo=UTC)
STATES = [*OUTCOMES, "PENDING", "IN_PROGRESS", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"]


def arn(number: int) -> str:
    return f"arn:aws:ecs:eu-west-1:1:task-definition/f:{number}"


def revision(number: int) -> TaskRevision:
    return TaskRevision(arn(number), f"image:{number}", FIRST, None)


def deployment(target: int | None, source: int | None, status: str = "SUCCESSFUL", day: int = 0) -> Deployment:
    ends = [None if n is None else Revision(f"revision/{n}", arn(n), {}, FIRST) for n in (target, source)]
    return Deployment(
        arn=f"deployment/{day}",
        status=status,
        stage=None,
        reason="",
        created=FIRST + timedelta(days=day),
        finished=None,
        target=ends[0],
        source=ends[1],
        requested=None,
        running=None,
        pending=None,
        breaker=Breaker("DISABLED", 0, 0),
        alarms=Alarms("DISABLED"),
    )


numbers = st.integers(1, 20)
histories = st.lists(
    st.builds(deployment, numbers | st.none(), numbers | st.none(), st.sampled_from(STATES)), max_size=6
).map(lambda some: [replace(each, arn=f"deployment/{place}") for place, each in enumerate(some)])
references = st.builds(
    References,
    services=st.lists(numbers.map(arn)),
    tasks=st.lists(numbers.map(arn)),
    deployments=histories,
    cloudformation=st.lists(numbers.map(arn)),
)


@given(st.sets(numbers), references, st.integers(1, 10))
def test_nothing_that_is_referred_to_goes_and_the_newest_stay(registered, found, keep):
    revisions = [revision(number) for number in registered]
    gone = {each.number for each in to_prune(revisions, reasons(found), keep)}
    referred = {*found.services, *found.tasks, *found.cloudformation}
    for each in found.deployments:
        if not each.terminal:
            referred |= {end.task_definition for end in (each.target, each.source) if end}
    newest = sorted(registered)[-keep:]
    assert not gone & set(newest)
    assert not {arn(number) for number in gone} & referred
    assert gone <= registered


@given(st.sets(numbers), references, st.integers(1, 10))
def test_all_else_goes_and_a_second_time_nothing(registered, found, keep):
    revisions = [revision(number) for number in registered]
    kept = reasons(found)
    gone = to_prune(revisions, kept, keep)
    left = [each for each in revisions if each not in gone]
    assert len(left) <= keep + len(kept)
    assert to_prune(left, kept, keep) == []


@given(histories, st.integers(1, 5))
def test_what_the_last_good_rollout_left_and_the_one_before_stay(deployments, keep):
    good: list[int] = []
    for each in deployments:
        end = each.target if each.status == "SUCCESSFUL" else each.source
        if each.status in ("SUCCESSFUL", "ROLLBACK_SUCCESSFUL") and end:
            number = int(end.task_definition.rpartition(":")[2])
            good += [number] if number not in good else []
    gone = to_prune([revision(n) for n in range(1, 21)], reasons(References(deployments=deployments)), keep)
    assert not {each.number for each in gone} & set(good[:2])


def test_each_reason_is_told_once():
    found = reasons(
        References(
            services=[arn(3), arn(3)],
            deployments=[deployment(3, 2), deployment(2, 1), deployment(1, None)],
            cloudformation=[arn(1)],
        )
    )
    assert found == {
        arn(3): ["live", "last successful"],
        arn(2): ["can be rolled back to"],
        arn(1): ["made by CloudFormation"],
    }
