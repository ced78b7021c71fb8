"""One of several processes of a route: `python -m connector.worker DESCRIPTOR`, started by the supervisor only.

The descriptor is one end of a pair of sockets. The supervisor writes the configuration into it and later, for every
report it wants, an empty message. When the socket ends, the supervisor is gone, and so is this process soon: nobody
would stop or watch it. That holds for every way a supervisor can die, and on every system.
"""

import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from multiprocessing.connection import Connection
from typing import Final

from connector.config import ConnectorConfig, load_config
from connector.errors import ConnectorError
from connector.hosting import Running
from connector.log import Log, configure, log_crashes
from connector.metrics.snapshot import to_rows

# What a stop may take beyond its time-out: the last commits and the goodbye, which silent brokers may hold up for 8 s
# (`connector.kafka.source`), and closing connections.
GRACE_SECONDS: Final = 10.0

log = Log(__name__)


class Worker:
    """Reports to the supervisor, on a thread of its own, and outlives it only to drain."""

    def __init__(self, connection: Connection, stop_timeout: float) -> None:
        self._connection = connection
        self._stop_timeout = stop_timeout
        self._sending = threading.Lock()
        self._running: Running | None = None

    def listen(self) -> None:
        """Begin to answer, and to hear signals.

        SIGINT from a terminal goes to all processes of a group, SIGTERM from some service managers as well; the
        supervisor, which hears them too, decides. So the one is ignored here and the other may come twice.
        """
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: self._stop())
        threading.Thread(target=self._listen, name="worker", daemon=True).start()

    @contextlib.contextmanager
    def host(self, running: Running) -> Iterator[Mapping[str, object]]:
        """Surround a route while it works."""
        self._running = running
        try:
            yield {}
        finally:
            self._report()

    def failed(self, error: ConnectorError) -> None:
        """Tell the supervisor why this process ends."""
        self._send({"failure": str(error)})

    def _listen(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                self._connection.recv_bytes()
                self._report()
        log.error("the supervisor is gone, stopping")
        self._stop()
        time.sleep(self._stop_timeout + GRACE_SECONDS)
        os._exit(1)

    def _stop(self) -> None:
        if self._running is None:
            os._exit(0)  # nothing has been read yet
        self._running.stop()

    def _report(self) -> None:
        running = self._running
        if running is None:
            starting = (False, {"starting": True})
            self._send({"alive": starting, "ready": starting, "metrics": {}})
            return
        self._send(
            {
                "alive": running.health.alive(),
                "ready": running.health.ready(),
                "metrics": to_rows(running.metrics.snapshot()),
            }
        )

    def _send(self, content: Mapping[str, object]) -> None:
        # Without a supervisor there is nobody to tell.
        with self._sending, contextlib.suppress(OSError):
            self._connection.send_bytes(json.dumps(content).encode())


def main() -> int:
    """Work as the supervisor says and return the exit code."""
    configure("info")
    log_crashes()
    connection = Connection(int(sys.argv[1]))
    # Without orders the supervisor is gone already.
    orders = json.loads(connection.recv_bytes())
    config: ConnectorConfig = load_config(orders["config"], "the supervisor's configuration")
    configure(config.log, process=orders["number"])
    worker = Worker(connection, config.stop_timeout.total_seconds())
    worker.listen()
    # The client libraries take longer to load than a supervisor may take to end.
    from connector.route import run

    try:
        run(config, worker.host)
    except ConnectorError as error:
        worker.failed(error)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
