"""A worker process as its supervisor sees it."""

import json
import subprocess
import sys
import threading
import time
from multiprocessing.connection import Pipe
from typing import Any

from connector.config import ConnectorConfig
from connector.errors import ConnectorError
from connector.metrics.snapshot import Snapshot, from_rows

Report = dict[str, Any]


class Child:
    """One worker: started, asked, stopped.

    What it reports comes through a pair of sockets rather than through files (prometheus_client's way for several
    processes), since the root file system of the image is read-only, and rather than through a port, which others could
    ask as well.
    """

    def __init__(self, number: int, config: ConnectorConfig) -> None:
        """Start the process with a configuration of its own.

        Raises:
            ConnectorError: the system gives no more processes.
        """
        self.number = number
        self.failure: str | None = None
        """Why it ended, in its own words."""
        self._report: Report = {}
        self._asked = False
        self._ended = False
        self._lock = threading.Lock()
        self._connection, theirs = Pipe(duplex=True)
        with theirs:
            try:
                self.process = subprocess.Popen(
                    [sys.executable, "-m", "connector.worker", str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                )
            except OSError as error:
                raise ConnectorError(
                    f"process {number}: cannot be started ({error}); lower processes, or raise the system's limit"
                ) from None
        orders = {"config": config.to_json(), "number": number}
        self._connection.send_bytes(json.dumps(orders).encode())

    def ask(self) -> None:
        """Ask for a report, unless an earlier question is unanswered: what a stuck one never reads must not pile up."""
        with self._lock:
            if self._asked or self._ended:
                return
            try:
                self._connection.send_bytes(b"")
                self._asked = True
            except OSError:
                self._ended = True

    def report(self, deadline: float) -> Report | None:
        """Return the answer; None when there is none by the deadline of the monotonic clock."""
        with self._lock:
            self._receive(max(0.0, deadline - time.monotonic()))
            return None if self._asked or self._ended else self._report

    def snapshot(self) -> Snapshot:
        """Return the metrics as they were reported last: counters of a process that is stuck or gone do not go back."""
        return from_rows(self._report.get("metrics", {}))

    def stop(self) -> None:
        """Let it drain and end."""
        self.process.terminate()

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()

    def wait(self) -> int:
        """Wait for its end, read its last words and return the exit code as a shell would."""
        code = self.process.wait()
        with self._lock:
            while not self._ended:
                self._receive(0.0)
        return code if code >= 0 else 128 - code

    def _receive(self, seconds: float) -> None:
        """Take in everything it said; wait for an answer if one is due."""
        try:
            while not self._ended and self._connection.poll(seconds if self._asked else 0.0):
                content = json.loads(self._connection.recv_bytes())
                self.failure = content.get("failure", self.failure)
                if "metrics" in content:
                    self._report, self._asked = content, False
        except (EOFError, OSError):
            self._ended = True
