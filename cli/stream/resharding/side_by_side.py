"""Several streams at once, each with one operation at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue

from cli import interruption
from cli.plan import Operation

AT_ONCE = 10
"""Kinesis refuses operations on too many streams at a time, without saying how many are (SplitShard, API Reference)."""


class _Worker(threading.Thread):
    """Does the operations of one stream, puts each into the results, and itself at the end."""

    def __init__(self, operations: Iterator[Operation], results: SimpleQueue[Operation | _Worker]) -> None:
        super().__init__(daemon=True)
        self.operations, self.results = operations, results
        self.stopped = False
        self.failure: BaseException | None = None

    def start_in(self, places: threading.Semaphore) -> None:
        self.places = places
        self.start()

    def run(self) -> None:
        try:
            with self.places:
                while not self.stopped and not interruption.requested():
                    self.results.put(next(self.operations))
        except StopIteration:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again where the results are taken
            self.failure = error
        self.results.put(self)


def _next(results: SimpleQueue[Operation | _Worker]) -> Operation | _Worker:
    """The next result; by short waits, since a signal that comes just before a long one is seen only at its end."""
    while True:
        with suppress(Empty):
            return results.get(timeout=interruption.SLICE_SECONDS)


def _stop(workers: Sequence[_Worker], *, patient: bool) -> None:
    """Let each begin nothing more, and wait for the operation that it is at if there is patience for it."""
    for worker in workers:
        worker.stopped = True
    for worker in workers if patient else ():
        worker.join()


def side_by_side(streams: Sequence[Iterator[Operation]]) -> Iterator[Operation]:
    """The operations of all streams as they are done; one stream that fails leaves the others going.

    Interrupted or closed early, it waits for the operations under way, which end anyway; the second Ctrl-C waits for
    nothing.

    Raises:
        KeyboardInterrupt: it was asked for.
        Exception: that of the first stream that failed, once the others have ended.
    """
    if len(streams) == 1:
        yield from streams[0]
        return
    results: SimpleQueue[Operation | _Worker] = SimpleQueue()
    workers = [_Worker(operations, results) for operations in streams]
    places = threading.Semaphore(AT_ONCE)
    for worker in workers:
        worker.start_in(places)
    ended: list[_Worker] = []
    try:
        while len(ended) < len(workers):
            result = _next(results)
            if isinstance(result, _Worker):
                ended.append(result)
            else:
                yield result
    except (GeneratorExit, KeyboardInterrupt) as end:
        _stop(workers, patient=isinstance(end, GeneratorExit))
        raise
    if interruption.requested():
        raise KeyboardInterrupt
    for worker in ended:
        if worker.failure:
            raise worker.failure
