"""The credentials of task roles, handed to tasks as the ECS agent does: by a small server that they are told of.

Every AWS SDK asks the address in `AWS_CONTAINER_CREDENTIALS_FULL_URI` and asks again before what it got expires, so a
task that runs for weeks never holds old credentials. On ECS the address is a relative one of a link-local host; here
the server listens on the loopback interface, where any process could ask, so it wants a token that only the task has.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

PATH = "/v2/credentials/"

Assume = Callable[[str, str], Mapping[str, Any]]
"""Opens a session of a role under a name and gives the `Credentials` of STS' answer."""


@dataclass(frozen=True)
class _Holder:
    role: str
    token: str


class TaskCredentials:
    """The server, and which task may ask it for which role."""

    def __init__(self, assume: Assume) -> None:
        """Listen on a free port of the loopback interface.

        Args:
            assume: opens the sessions.
        """
        self._assume = assume
        self._holders: dict[str, _Holder] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, name="task-credentials", daemon=True).start()

    def variables(self, task: str, role: str) -> dict[str, str]:
        """What a task has to be started with so that its SDK asks here, and gets `role`."""
        holder = self._holders[task] = _Holder(role, secrets.token_urlsafe())
        return {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{self._server.server_port}{PATH}{task}",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": holder.token,
        }

    def forget(self, task: str) -> None:
        """Answer a task that has ended no longer."""
        self._holders.pop(task, None)

    def close(self) -> None:
        """Answer nobody any more."""
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, answer = endpoint._answer(self.path, self.headers.get("Authorization", ""))
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing: the runner's log is for tasks."""

        return Handler

    def _answer(self, path: str, token: str) -> tuple[HTTPStatus, dict[str, str]]:
        task = path.removeprefix(PATH)
        holder = self._holders.get(task)
        if holder is None or not secrets.compare_digest(holder.token.encode(), token.encode()):
            return HTTPStatus.FORBIDDEN, {"code": "AccessDenied", "message": "no task of that id has that token"}
        try:
            given = self._assume(holder.role, task)
        except (BotoCoreError, ClientError) as error:
            return HTTPStatus.INTERNAL_SERVER_ERROR, {"code": "InternalServerError", "message": str(error)}
        return HTTPStatus.OK, {
            "RoleArn": holder.role,
            "AccessKeyId": given["AccessKeyId"],
            "SecretAccessKey": given["SecretAccessKey"],
            "Token": given["SessionToken"],
            "Expiration": given["Expiration"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
