"""What a task prints, brought into its log stream as the ``awslogs`` driver does, and into the log of its service.

A slow or refusing CloudWatch Logs never holds a task back: lines that cannot be brought are lost there, as with the
driver's non-blocking mode, and stay in the file.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

EVENT_OVERHEAD = 26
"""Bytes that CloudWatch Logs counts for an event besides its text."""
LONGEST_EVENT = 256 * 1024 - EVENT_OVERHEAD
"""Bytes; the driver cuts a longer line into several events.

https://docs.docker.com/engine/logging/drivers/awslogs/
"""
EVENTS_AT_ONCE = 1000
BYTES_AT_ONCE = 1_000_000
"""PutLogEvents takes 1,048,576, with 26 for each event."""
READ_AT_ONCE = 4 << 20

Put = Callable[[Sequence[dict[str, Any]]], None]
"""Brings events into the log stream of the task."""


class TaskLog:
    """The output of one task on its way."""

    def __init__(self, printed: Path, service_log: Path, put: Put | None) -> None:
        """Follow a file.

        Args:
            printed: what the task's process prints.
            service_log: gets all lines, between those of the other tasks.
            put: takes them for CloudWatch; None where the container has no such log driver.
        """
        self._printed, self._service_log, self._put = printed, service_log, put
        self._offset = 0

    def forward(self, *, ended: bool = False) -> None:
        """Bring what is new: whole lines, and at the end of the task the rest and nothing left behind.

        Raises:
            ClientError, BotoCoreError: CloudWatch Logs does not take them; they are in the service's log.
        """
        lines: list[bytes] = []
        while found := self._whole_lines(ended=ended):
            lines += found
        if ended:
            self._printed.unlink(missing_ok=True)
        if not lines:
            return
        self._service_log.parent.mkdir(parents=True, exist_ok=True)
        with self._service_log.open("ab") as log:
            log.writelines(line + b"\n" for line in lines)
        if self._put is not None:
            for batch in batches(lines, int(time.time() * 1000)):
                self._put(batch)

    def _whole_lines(self, *, ended: bool) -> list[bytes]:
        try:
            with self._printed.open("rb") as printed:
                printed.seek(self._offset)
                new = printed.read(READ_AT_ONCE)
        except FileNotFoundError:
            return []
        # What follows the last line end is taken once the task has ended; and of a line that is longer than what is
        # read at once, a part.
        end = new.rfind(b"\n") + 1
        if not end and (ended or len(new) == READ_AT_ONCE):
            end = len(new)
        self._offset += end
        return new[:end].splitlines()


def batches(lines: Sequence[bytes], now: int) -> Iterator[list[dict[str, Any]]]:
    """Lines as events of ``now`` (milliseconds), as many a call as PutLogEvents takes; empty lines are none."""
    batch: list[dict[str, Any]] = []
    size = 0
    for line in lines:
        for first in range(0, len(line), LONGEST_EVENT):
            part = line[first : first + LONGEST_EVENT]
            if batch and (len(batch) == EVENTS_AT_ONCE or size + len(part) > BYTES_AT_ONCE):
                yield batch
                batch, size = [], 0
            batch.append({"timestamp": now, "message": part.decode(errors="replace")})
            size += len(part) + EVENT_OVERHEAD
    if batch:
        yield batch
