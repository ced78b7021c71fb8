"""The rolling-update rule of ECS, as the runner follows it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sandbox.runner.reconcile import Changes, DesiredService, ObservedTask, reconcile

OLD, NEW = "family:1", "family:2"


def service(desired: int, minimum: int = 100, maximum: int = 200) -> DesiredService:
    return DesiredService("flights", NEW, desired, minimum, maximum)


def tasks(old: int = 0, new: int = 0, *, healthy: bool = True) -> list[ObservedTask]:
    return [
        *(ObservedTask(f"old{n}", OLD, healthy=True) for n in range(old)),
        *(ObservedTask(f"new{n}", NEW, healthy) for n in range(new)),
    ]


def test_missing_tasks_are_started():
    assert reconcile(service(2), []) == Changes(start=2)


def test_a_service_as_desired_is_left_alone():
    assert reconcile(service(2), tasks(new=2)) == Changes()


def test_tasks_beyond_the_desired_count_are_stopped():
    assert reconcile(service(1), tasks(new=3)) == Changes(stop=("new1", "new2"))
    assert reconcile(service(0), tasks(new=1)) == Changes(stop=("new0",))


def test_new_tasks_come_up_before_old_ones_go():
    assert reconcile(service(2), tasks(old=2)) == Changes(start=2)


def test_old_tasks_stay_while_new_ones_are_not_healthy():
    assert reconcile(service(2), tasks(old=2, new=2, healthy=False)) == Changes()


def test_old_tasks_go_once_new_ones_are_healthy():
    assert reconcile(service(2), tasks(old=2, new=2)) == Changes(stop=("old0", "old1"))


def test_a_service_that_may_not_exceed_its_count_stops_first():
    assert reconcile(service(2, minimum=0, maximum=100), tasks(old=2)) == Changes(stop=("old0", "old1"))


@given(
    st.integers(0, 4),
    st.integers(0, 4),
    st.sampled_from([(0, 100), (50, 150), (100, 200), (100, 100)]),
    st.integers(0, 4),
)
def test_every_update_ends_with_the_desired_tasks_and_keeps_its_bounds(desired, old, percents, new):
    minimum, maximum = percents
    wanted = service(desired, minimum, maximum)
    running = tasks(old=old, new=new)
    started = 0
    for _ in range(50):
        changes = reconcile(wanted, running)
        if changes == Changes():
            break
        before = len(running)
        running = [task for task in running if task.id not in changes.stop]
        for _ in range(changes.start):
            started += 1
            running.append(ObservedTask(f"started{started}", NEW, healthy=True))
        if changes.start:
            assert before + changes.start <= max(desired * maximum // 100, 1)
    assert sorted(task.task_definition for task in running) == [NEW] * desired
