"""What surrounds a route at work: who is told how it is, and who may end it.

A process that works alone answers HTTP, writes metrics for CloudWatch and hears signals. One of several is asked and
ended by its supervisor (`connector.worker`). A route is the same in both.
"""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, NoReturn, Protocol

from prometheus_client import CollectorRegistry

from connector.config import ConnectorConfig
from connector.health import Answers, Health, HealthServer
from connector.metrics import Metrics
from connector.metrics.emf import EmfWriter
from connector.metrics.snapshot import Snapshot

INTERRUPTED: Final = 130


class Readable(Protocol):
    """Metrics of one process or of several."""

    registry: CollectorRegistry

    def snapshot(self) -> Snapshot:
        """Copy all values."""


@dataclass(frozen=True, slots=True)
class Running:
    """A route that is about to work, as its surroundings see it. `stop` is safe in a signal handler."""

    health: Health
    metrics: Metrics
    stop: Callable[[], None]


Host = Callable[[Running], AbstractContextManager[Mapping[str, object]]]
"""Surrounds a route while it works, and tells what the log shall say of that when the route starts."""


def standalone(config: ConnectorConfig) -> Host:
    """Let a route work alone in this process.

    SIGTERM and SIGINT stop it; a second signal ends the process at once with code 130.
    """

    @contextlib.contextmanager
    def host(running: Running) -> Iterator[Mapping[str, object]]:
        with serving(config, running.health, running.metrics) as port:
            on_signals(running.stop, _leave)
            yield {"http_port": port}

    return host


@contextlib.contextmanager
def serving(config: ConnectorConfig, health: Answers, metrics: Readable) -> Iterator[int]:
    """Answer HTTP and write metrics for CloudWatch, as configured; give the port.

    Raises:
        ConnectorError: the port cannot be had.
    """
    server = HealthServer(config.http.host, config.http.port, health, metrics.registry)
    emf = EmfWriter(config.emf, config.route, metrics.snapshot) if config.emf else None
    server.start()
    if emf:
        emf.start()
    try:
        yield server.port
    finally:
        if emf:
            emf.close()
        server.close()


def on_signals(stop: Callable[[], None], leave: Callable[[], NoReturn]) -> None:
    """Stop on the first SIGTERM or SIGINT, leave on the second."""

    def first(*_: object) -> None:
        # Nothing is logged here: the signal may have come in the middle of a line, and stderr is not reentrant.
        stop()
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda *_: leave())

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, first)


def _leave() -> NoReturn:
    # The interpreter's own way out would wait for the client libraries' threads.
    os._exit(INTERRUPTED)
