"""A stand-in for the AWS services that the connector calls rarely: it answers as the test says and notes the calls."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, unquote

Content = dict[str, Any]


class RefusedError(Exception):
    """An answer that is an error, with the service's code."""


@dataclass
class Call:
    """One request: its operation, what it asked, and who signed it."""

    operation: str
    content: Content
    access_key: str


@dataclass
class AwsStub:
    """JSON services by their target, STS by its action, and the endpoint of an ECS container's credentials."""

    answers: dict[str, Callable[[Content], Any]] = field(default_factory=dict)
    """What each operation answers: content, or the bytes of a body."""
    calls: list[Call] = field(default_factory=list)
    lifetime: timedelta = timedelta(hours=1)
    """How long the credentials are valid that it gives."""

    def __enter__(self) -> Self:
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
                key = self.headers.get("Authorization", "").partition("Credential=")[2].partition("/")[0]
                if operation:
                    content = json.loads(body)
                else:
                    content = dict(parse_qsl(body.decode()))
                    operation = content.pop("Action")
                stub.calls.append(Call(operation, content, key))
                try:
                    answer = stub.answers[operation](content) if operation in stub.answers else stub.role()
                except RefusedError as refused:
                    self.answer(400, json.dumps({"__type": str(refused), "message": "on demand"}).encode())
                else:
                    self.answer(200, json.dumps(answer).encode() if isinstance(answer, dict) else answer)

            def do_GET(self) -> None:
                if self.path.endswith("/bootstrap-brokers"):
                    self.answer(*stub.brokers(self.path, self.headers.get("Authorization", "")))
                    return
                stub.calls.append(Call("ContainerCredentials", {}, ""))
                self.answer(200, json.dumps(stub.container()).encode())

            def answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def of(self, operation: str) -> list[Call]:
        return [call for call in self.calls if call.operation == operation]

    def _expiration(self) -> str:
        return (datetime.now(UTC) + self.lifetime).strftime("%Y-%m-%dT%H:%M:%SZ")

    def role(self) -> bytes:
        """Answer AssumeRole and its kin as STS does; every session has a key of its own."""
        number = len(self.calls)
        given = {"AccessKeyId": f"ASIAROLE{number}", "SecretAccessKey": "s", "SessionToken": "t"}
        parts = {**given, "Expiration": self._expiration()}
        credentials = "".join(f"<{name}>{value}</{name}>" for name, value in parts.items())
        result = f"<AssumeRoleResult><Credentials>{credentials}</Credentials></AssumeRoleResult>"
        return f"<AssumeRoleResponse>{result}</AssumeRoleResponse>".encode()

    def brokers(self, path: str, authorization: str) -> tuple[int, bytes]:
        """Answer as MSK does, which is REST, and whose words begin in small letters."""
        key = authorization.partition("Credential=")[2].partition("/")[0]
        self.calls.append(Call("GetBootstrapBrokers", {"ClusterArn": unquote(path.split("/")[-2])}, key))
        try:
            answer = self.answers["GetBootstrapBrokers"](self.calls[-1].content)
        except RefusedError as refused:
            return 404, json.dumps({"__type": str(refused), "message": "on demand"}).encode()
        return 200, json.dumps({name[0].lower() + name[1:]: value for name, value in answer.items()}).encode()

    def container(self) -> Content:
        number = len(self.of("ContainerCredentials"))
        return {
            "AccessKeyId": f"ASIATASK{number}",
            "SecretAccessKey": "s",
            "Token": "t",
            "Expiration": self._expiration(),
        }
