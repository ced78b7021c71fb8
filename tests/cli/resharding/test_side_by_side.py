"""Several streams at once: what an interruption waits for."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from cli.interruption import deferred, requested
from cli.plan import Operation, Risk
from cli.stream.resharding.side_by_side import side_by_side


def operation(name: str) -> Operation:
    return Operation("split-shard", f"stream/{name}", Risk.MILD, "as the test wants it")


class Stream:
    """Two operations, each under way until it is let go."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.under_way, self.let_go = threading.Event(), threading.Event()

    def operations(self) -> Iterator[Operation]:
        for _ in range(2):
            self.under_way.set()
            assert self.let_go.wait(20)
            yield operation(self.name)


@pytest.fixture
def streams() -> Iterator[list[Stream]]:
    streams = [Stream("orders"), Stream("clicks")]
    yield streams
    for stream in streams:
        stream.let_go.set()


def press(times: int, streams: list[Stream], *, then_let_go: bool) -> None:
    """Ctrl-C in the middle of the first operation of each."""

    def pressed() -> None:
        for stream in streams:
            stream.under_way.wait(20)
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGINT)
            while not requested():
                time.sleep(0.01)
        for stream in streams if then_let_go else ():
            stream.let_go.set()

    threading.Thread(target=pressed, daemon=True).start()


def test_the_first_ctrl_c_lets_the_operation_of_each_stream_end_and_tells_it(streams):
    done: list[str] = []
    press(1, streams, then_let_go=True)
    with pytest.raises(KeyboardInterrupt), deferred():
        done.extend(each.resource for each in side_by_side([stream.operations() for stream in streams]))
    assert sorted(done) == ["stream/clicks", "stream/orders"]


def test_the_second_ctrl_c_waits_for_nothing(streams):
    press(2, streams, then_let_go=False)
    with pytest.raises(KeyboardInterrupt), deferred():
        list(side_by_side([stream.operations() for stream in streams]))
    assert not any(stream.let_go.is_set() for stream in streams)
    for stream in streams:
        stream.under_way.clear()
        stream.let_go.set()
    assert not any(stream.under_way.wait(0.2) for stream in streams), "and nothing more is begun"
