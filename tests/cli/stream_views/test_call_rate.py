"""No more calls a second than a service allows."""

from __future__ import annotations

from cli.call_rate import CallRate


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def times(calls: int, idle_seconds: float = 0) -> list[float]:
    clock = Clock()
    rate = CallRate(20, burst=20, clock=lambda: clock.now, sleep=clock.sleep)
    began = []
    for number in range(calls):
        if number == calls // 2:
            clock.sleep(idle_seconds)
        rate.wait()
        began.append(clock.now)
    return began


def test_a_burst_begins_at_once_and_the_rest_as_often_as_allowed():
    began = times(500)
    assert began[19] == began[0]
    assert 23.9 < began[-1] - began[0] <= 24.1


def test_no_second_sees_more_than_burst_and_rate_allow():
    for began in (times(200), times(200, idle_seconds=60)):
        for start in began:
            assert sum(start <= moment < start + 1 for moment in began) <= 40


def test_after_a_pause_there_is_a_burst_again():
    began = times(100, idle_seconds=60)
    assert began[50] == began[69]
