"""The HTTP server around moto's applications: threaded, quiet, with failures in its log."""

from __future__ import annotations

import errno
import logging
import socket
import sys
import traceback
from collections.abc import Callable, Iterable
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

from sandbox.aws.authorization.gate import Gate
from sandbox.aws.kinesis_wire import KinesisWire
from sandbox.aws.mends import mend

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from flask import Flask
    from werkzeug.serving import BaseWSGIServer

BACKLOG = 512
INNERMOST_CALLS = -8
BODILESS = (204, 304)


class PortInUseError(OSError):
    """The port asked for is taken; its text says which and what to do."""


class Handler(MotoRequestHandler):
    """Moto's request handler on connections that stay open, without a line per request.

    werkzeug's own closes every connection, after waiting 10 ms for a body that nobody has read. Here the body is
    read whole before the request is served, so the next request begins where it should.
    """

    def run_wsgi(self) -> None:
        """Serve one request and leave the connection open for the next, unless the client wants otherwise."""
        environ = self.make_environ()
        body = environ["wsgi.input"]
        length = -1 if environ.get("wsgi.input_terminated") else int(environ.get("CONTENT_LENGTH") or 0)
        environ["wsgi.input"] = BytesIO(body.read(length))
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: object = None) -> Callable[[bytes], object]:
            started[:] = [status, headers]
            return lambda _: None

        answer = self.server.app(environ, start_response)
        try:
            content = b"".join(answer)
        finally:
            getattr(answer, "close", lambda: None)()
        status, headers = started
        code, _, text = status.partition(" ")
        self.send_response_only(int(code), text)
        for name, value in headers:
            self.send_header(name, value)
        if "content-length" not in {name.lower() for name, _ in headers} and int(code) not in BODILESS:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.wfile.flush()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: the log is for what went wrong."""

    def setup(self) -> None:
        """Answer at once: Nagle's algorithm adds 40 ms to each small answer on a kept connection."""
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class Failures:
    """WSGI middleware that turns an exception into a plain 500 and leaves its traceback in the log."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request; AWS names such an answer InternalFailure and clients retry it."""
        try:
            return self._application(environ, start_response)
        except Exception as problem:  # noqa: BLE001 - whatever moto raises must reach client and log
            target = environ.get("HTTP_X_AMZ_TARGET") or environ.get("PATH_INFO", "")
            print(f"500 {environ.get('REQUEST_METHOD')} {target}", file=sys.stderr)  # noqa: T201 - the log
            traceback.print_exc(limit=INNERMOST_CALLS)
            body = f"{type(problem).__name__}: {problem}".encode()
            headers = [
                ("Content-Type", "text/plain; charset=utf-8"),
                ("Content-Length", str(len(body))),
                ("x-amzn-ErrorType", "InternalFailure"),
            ]
            start_response("500 Internal Server Error", headers)
            return [body]


def _backend(service: Any) -> Flask:
    """Make moto's application of one service; in debug mode it re-raises instead of hiding a failure."""
    return create_backend_app(service)


@cache
def application() -> WSGIApplication:
    """Return the whole stand-in as one WSGI application."""
    return Failures(KinesisWire(Gate(DomainDispatcherApplication(_backend))))


def make(host: str, port: int) -> BaseWSGIServer:
    """Bind the stand-in to an address; port 0 takes a free one (see `.port`).

    Raises:
        PortInUseError: Something else listens there.
    """
    mend()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as problem:
            if problem.errno != errno.EADDRINUSE:
                raise
            text = f"port {port} on {host} is in use: stop what listens there, or choose another --port"
            raise PortInUseError(text) from None
        listener.listen(BACKLOG)
        # Given a descriptor werkzeug copies it; without one it would print its own advice and exit.
        return make_server(
            host,
            port,
            application(),
            threaded=True,
            request_handler=Handler,
            fd=listener.fileno(),
        )


def serve(host: str, port: int) -> None:
    """Serve until the process is told to stop, after one line that says where."""
    server = make(host, port)
    print(f"AWS stand-in serves on http://localhost:{server.port}", flush=True)  # noqa: T201
    try:
        server.serve_forever()
    finally:
        server.server_close()
