"""The rolling-update rule of ECS, as the runner follows it."""

from __future__ import annotations

import math

from hypothesis import assume, given
from hypothesis import strategies as st

from sandbox.runner.reconcile import Changes, DesiredService, ObservedTask, reconcile

OLD, NEW = "deployment-1", "deployment-2"


def service(desired: int, minimum: int = 100, maximum: int = 200) -> DesiredService:
    return DesiredService("flights", NEW, "family:2", desired, minimum, maximum)


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


def test_an_unhealthy_surplus_task_goes_before_a_healthy_one():
    sick = ObservedTask("sick", NEW, healthy=False)
    assert reconcile(service(1), [sick, *tasks(new=1)]) == Changes(stop=("sick",))


def test_new_tasks_come_up_before_old_ones_go():
    assert reconcile(service(2), tasks(old=2)) == Changes(start=2)


def test_old_tasks_stay_while_new_ones_are_not_healthy():
    assert reconcile(service(2), tasks(old=2, new=2, healthy=False)) == Changes()


def test_with_room_for_one_a_healthy_old_task_stays_until_the_new_one_is_healthy():
    assert reconcile(service(2, maximum=150), tasks(old=2, new=1, healthy=False)) == Changes()


def test_old_tasks_go_once_new_ones_are_healthy():
    assert reconcile(service(2), tasks(old=2, new=2)) == Changes(stop=("old0", "old1"))


def test_a_service_that_may_not_exceed_its_count_stops_first():
    assert reconcile(service(2, minimum=0, maximum=100), tasks(old=2)) == Changes(stop=("old0", "old1"))


def test_bounds_without_room_keep_the_old_tasks_as_in_ecs():
    assert reconcile(service(2, minimum=100, maximum=100), tasks(old=2)) == Changes()


@given(
    st.integers(0, 5),
    st.integers(0, 5),
    st.sampled_from([(0, 100), (50, 100), (50, 150), (100, 150), (100, 200)]),
    st.integers(0, 5),
    st.randoms(use_true_random=False),
)
def test_every_update_ends_with_the_desired_tasks_and_keeps_its_bounds(desired, old, percents, new, random):
    minimum, maximum = percents
    least, most = math.ceil(desired * minimum / 100), math.floor(desired * maximum / 100)
    assume(desired == 0 or most > least)
    wanted, running = service(desired, minimum, maximum), tasks(old=old, new=new)
    started = 0
    for _ in range(200):
        changes = reconcile(wanted, running)
        before = sum(task.healthy for task in running)
        running = [task for task in running if task.id not in changes.stop]
        assert sum(task.healthy for task in running) >= min(least, before)
        assert not changes.start or len(running) + len(changes.stop) + changes.start <= most
        for _ in range(changes.start):
            started += 1
            running.append(ObservedTask(f"started{started}", NEW, healthy=False))
        unready = [position for position, task in enumerate(running) if not task.healthy]
        if unready:  # tasks become healthy one at a time, in any order
            position = random.choice(unready)
            running[position] = ObservedTask(running[position].id, running[position].deployment, healthy=True)
        elif changes == Changes():
            break
    assert [task.deployment for task in running] == [NEW] * desired
