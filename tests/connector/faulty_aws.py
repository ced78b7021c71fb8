"""The AWS stand-in of the sandbox inside this process, with faults between it and the client."""

from __future__ import annotations

import io
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self

import boto3

from sandbox.aws.server import make

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

REGION = "eu-west-1"
Call = Literal["PutRecords", "PutObject"]


@dataclass(frozen=True)
class Fault:
    """How one call goes: refused as a whole, before it reaches the service or after, or record by record."""

    code: str = ""
    after: bool = False
    throttled: Callable[[int], bool] | None = None
    hold: threading.Event | None = None


FINE = Fault()


@dataclass
class FaultyAws:
    """Answers on a free port of the loopback; `plan` says by the number of a call how it goes."""

    plan: Callable[[int], Fault] = lambda _: FINE
    happened: Counter[str] = field(default_factory=Counter)
    paths: list[str] = field(default_factory=list)
    count: int = 0

    def __enter__(self) -> Self:
        self._server = make("127.0.0.1", 0)
        self._service: WSGIApplication = self._server.app
        self._server.app = self._serve
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://localhost:{self._server.port}"

    def client(self, service: str) -> Any:
        return boto3.client(
            service, endpoint_url=self.url, region_name=REGION, aws_access_key_id="t", aws_secret_access_key="t"
        )

    def _serve(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        call = _name(environ)
        if call is None:
            return self._service(environ, start_response)
        fault = self.plan(self.count)
        self.count += 1
        self.paths.append(environ["PATH_INFO"])
        if fault.hold is not None:
            self.happened["held"] += 1
            assert fault.hold.wait(30)
        if fault.throttled is not None:
            return self._some(fault.throttled, environ, start_response)
        if not fault.code:
            return self._service(environ, start_response)
        self.happened[fault.code] += 1
        if fault.after:
            b"".join(self._service(environ, lambda *_: lambda _: None))
        status = "500 -" if fault.code == "InternalError" else "400 -"
        if call == "PutObject":
            start_response(status, [("Content-Type", "application/xml")])
            return [f"<Error><Code>{fault.code}</Code><Message>on demand</Message></Error>".encode()]
        start_response(status, [("Content-Type", "application/x-amz-json-1.1")])
        return [json.dumps({"__type": fault.code, "message": "on demand"}).encode()]

    def _some(
        self, throttled: Callable[[int], bool], environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Let some records of a call through and answer for all."""
        content = json.loads(environ["wsgi.input"].read())
        refused = [throttled(index) for index in range(len(content["Records"]))]
        self.happened["throttled"] += sum(refused)
        passing = [record for record, no in zip(content["Records"], refused, strict=True) if not no]
        answers = iter(self._pass_on(environ, {**content, "Records": passing}) if passing else [])
        refusal = {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "on demand"}
        results = [refusal if no else next(answers) for no in refused]
        start_response("200 OK", [("Content-Type", "application/x-amz-json-1.1")])
        return [json.dumps({"FailedRecordCount": sum(refused), "Records": results}).encode()]

    def _pass_on(self, environ: WSGIEnvironment, content: dict[str, Any]) -> list[dict[str, str]]:
        body = json.dumps(content).encode()
        inner = {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        answer = b"".join(self._service(inner, lambda *_: lambda _: None))
        results: list[dict[str, str]] = json.loads(answer)["Records"]
        return results


def _name(environ: WSGIEnvironment) -> Call | None:
    if environ.get("HTTP_X_AMZ_TARGET", "").endswith(".PutRecords"):
        return "PutRecords"
    return "PutObject" if environ["REQUEST_METHOD"] == "PUT" and environ["PATH_INFO"].endswith(".jsonl") else None
