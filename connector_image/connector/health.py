"""/healthz: the process lives and its loops turn. /readyz: it moves records. /metrics: how many."""

import contextlib
import json
import socket
import sys
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Protocol

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from connector.circuit import Circuit
from connector.errors import ConnectorError
from connector.log import RateLimited

# Longer than any wait inside the loops: reading committed offsets, fetching a token, handing partitions over.
STALE_SECONDS: Final = 60.0
# Whoever reaches the port may open connections and say nothing. Probes and scrapes take milliseconds.
_SILENCE: Final = 5.0
_CONNECTIONS: Final = 32

log = RateLimited(__name__)

State = dict[str, object]


class Answers(Protocol):
    """Tells of one process or of several how they are."""

    def alive(self) -> tuple[bool, State]:
        """Tell whether every loop turned lately, with what that says."""

    def ready(self) -> tuple[bool, State]:
        """Tell whether records flow, and if not why."""


class Health:
    """Answers whether the connector lives and whether it works."""

    def __init__(
        self,
        beats: Callable[[], dict[str, float]],
        joined: Callable[[], bool],
        circuit: Circuit,
        stopped: Callable[[], dict[str, str]],
        dead_letters_fail: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._beats = beats
        self._joined = joined
        self._circuit = circuit
        self._stopped = stopped
        self._dead_letters_fail = dead_letters_fail

    def alive(self) -> tuple[bool, State]:
        """Tell whether every loop turned lately, and for each how many seconds ago."""
        now = time.monotonic()
        ages = {name: round(now - beat, 1) for name, beat in self._beats().items()}
        return all(age < STALE_SECONDS for age in ages.values()), {"loops_turned_seconds_ago": ages}

    def ready(self) -> tuple[bool, State]:
        """Tell whether records flow, and if not why."""
        state: State = {"group_joined": self._joined(), "circuit": self._circuit.state}
        if self._circuit.reason is not None:
            state["reason"] = self._circuit.reason
        stopped = self._stopped()
        if stopped:
            state["stopped_partitions"] = stopped
        failing = self._dead_letters_fail()
        if failing is not None:
            state["dead_letters"] = failing
        flows = state["group_joined"] and state["circuit"] == "closed" and not stopped and failing is None
        return bool(flows), state


class HealthServer:
    """Serves the three paths on a thread of its own."""

    def __init__(self, host: str, port: int, health: Answers, registry: CollectorRegistry) -> None:
        """Listen.

        Raises:
            ConnectorError: the address cannot be had.
        """

        class Handler(_Handler):
            pages = {  # noqa: RUF012 - the class exists for this one server
                "/healthz": lambda: _report(health.alive()),
                "/readyz": lambda: _report(health.ready()),
                "/metrics": lambda: (HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest(registry)),
            }

        try:
            self._server = _Server((host, port), Handler)
        except (OSError, OverflowError) as error:
            raise ConnectorError(
                f"http {host}:{port}: cannot listen there ({error});"
                " set http.port or CONNECTOR_HTTP_PORT to a free port"
            ) from None
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="http", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()


Page = tuple[HTTPStatus, str, bytes]


class _Server(ThreadingHTTPServer):
    """Has so many connections open at a time. For a new one the oldest goes: a probe must always get through."""

    request_queue_size = _CONNECTIONS

    def __init__(self, *args: Any) -> None:  # noqa: ANN401 - the base class's own
        self._open: dict[socket.socket, None] = {}  # the oldest first
        self._lock = threading.Lock()
        super().__init__(*args)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base class's own
        with self._lock:
            while len(self._open) >= _CONNECTIONS:
                oldest = next(iter(self._open))
                del self._open[oldest]
                with contextlib.suppress(OSError):  # it has gone by itself
                    oldest.shutdown(socket.SHUT_RDWR)
            self._open[request] = None
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - the base class's own
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401, ARG002 - the base class's own
        """Log what went wrong, unless it is that the client has gone."""
        error = sys.exception()
        if not isinstance(error, OSError):
            log.error("a request was not answered", code=type(error).__name__, reason=str(error))


class _Handler(BaseHTTPRequestHandler):
    timeout = _SILENCE
    pages: dict[str, Callable[[], Page]]

    def do_GET(self) -> None:
        page = self.pages.get(self.path.partition("?")[0])
        missing = (HTTPStatus.NOT_FOUND, "text/plain", b"/healthz, /readyz and /metrics are served\n")
        status, content_type, body = page() if page else missing
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Probes come every few seconds; they are no news."""


def _report(answer: tuple[bool, State]) -> Page:
    good, state = answer
    status = HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE
    return status, "application/json", json.dumps({"ok": good, **state}).encode() + b"\n"
