"""Kinesis' two encodings, in front of moto.

The service speaks JSON (the data in Base64) and CBOR (the data as bytes, timestamps as tagged epoch
milliseconds); the AWS SDK for Java has sent CBOR since 2016 and still does by default
(https://github.com/aws/aws-sdk-java-v2/issues/3498). moto knows JSON only. This WSGI middleware answers
the calls that carry records itself and translates every other CBOR call to JSON and its answer back,
led by the service's model, which says what is a blob and what a timestamp.
"""

from __future__ import annotations

import io
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import cbor2
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape
from moto.core.exceptions import JsonRESTError
from moto.kinesis.models import kinesis_backends

from sandbox.aws.authorization.denial import Denied
from sandbox.aws.authorization.gate import authorize
from sandbox.aws.kinesis_data import CALLS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

JSON = "application/x-amz-json-1.1"
CBOR = "application/x-amz-cbor-1.1"
TARGET = "Kinesis_20131202."
EPOCH_TAG = 1
# Above this a number of seconds would lie 3,000 years ahead: it counts milliseconds.
FIRST_MILLISECONDS = 10**11


class KinesisWire:
    """Answers Kinesis' record calls and every call in CBOR; hands everything else on."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if not target.startswith(TARGET):
            return self._application(environ, start_response)
        action = target.removeprefix(TARGET)
        in_cbor = environ.get("CONTENT_TYPE", "").startswith(CBOR)
        if action in CALLS:
            return _serve_data(action, environ, start_response, in_cbor=in_cbor)
        if in_cbor:
            return self._translate(action, environ, start_response)
        return self._application(environ, start_response)

    def _translate(self, action: str, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        model = _service().operation_model(action)
        body = json.dumps(to_json(_decode_cbor(_body(environ)), model.input_shape)).encode()
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        environ["CONTENT_TYPE"] = JSON
        given: list[Any] = []

        def keep(status: str, headers: list[tuple[str, str]], _: Any = None) -> Any:
            given[:] = [status, headers]
            return lambda _: None

        answer = b"".join(self._application(environ, keep))
        status, headers = given
        kept = [(name, value) for name, value in headers if name.lower() not in ("content-type", "content-length")]
        shape = model.output_shape if status.startswith("200") else None
        encoded = cbor2.dumps(from_json(json.loads(answer), shape)) if answer else b""
        start_response(
            status,
            [*kept, ("Content-Type", CBOR), ("Content-Length", str(len(encoded)))],
        )
        return [encoded]


def _serve_data(
    action: str, environ: WSGIEnvironment, start_response: StartResponse, *, in_cbor: bool
) -> Iterable[bytes]:
    backend = kinesis_backends[_account(environ)][_region(environ)]
    body = _body(environ)
    headers = [("x-amzn-RequestId", str(uuid4())), ("Content-Type", CBOR if in_cbor else JSON)]
    try:
        request = _decode_cbor(body) if in_cbor else _decode_json(action, body)
        if "Timestamp" in request:
            request["Timestamp"] = _seconds(request["Timestamp"])
        authorize(environ, action, request)
        answer = CALLS[action](backend, request)
        status = "200 OK"
    except (KeyError, TypeError, ValueError, cbor2.CBORDecodeError) as problem:
        answer = {"__type": "SerializationException", "message": f"{type(problem).__name__}: {problem}"}
        status = "400 Bad Request"
    except Denied as denied:
        answer = {"__type": denied.code, "message": str(denied)}
        status = "400 Bad Request"
    except JsonRESTError as problem:
        answer = {"__type": problem.error_type, "message": problem.message}
        status = "400 Bad Request"
    if status[0] != "2":
        headers.append(("x-amzn-ErrorType", answer["__type"]))
    encoded = _encode_cbor(answer) if in_cbor else _encode_json(answer)
    start_response(status, [*headers, ("Content-Length", str(len(encoded)))])
    return [encoded]


def _body(environ: WSGIEnvironment) -> bytes:
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return body


def _region(environ: WSGIEnvironment) -> str:
    """The region of the request's signature: `Credential=KEY/DATE/REGION/kinesis/aws4_request`."""
    scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].split("/")
    return scope[2] if len(scope) > 2 else os.environ.get("AWS_DEFAULT_REGION", "us-east-1")  # noqa: PLR2004


def _account(_: WSGIEnvironment) -> str:
    return os.environ.get("MOTO_ACCOUNT_ID", "123456789012")


def _decode_json(action: str, body: bytes) -> dict[str, Any]:
    request: dict[str, Any] = json.loads(body)
    records = request["Records"] if action == "PutRecords" else [request] if action == "PutRecord" else []
    for record in records:
        record["Data"] = b64decode(record["Data"])
    return request


def _encode_json(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer, default=lambda data: b64encode(data).decode(), separators=(",", ":")).encode()


def _decode_cbor(body: bytes) -> Any:
    # The tag's number is kept as it is: cbor2 would read it as seconds.
    return cbor2.loads(body, semantic_decoders={EPOCH_TAG: lambda number, _: number}) if body else {}


def _encode_cbor(answer: dict[str, Any]) -> bytes:
    for record in answer.get("Records", ()):
        if "ApproximateArrivalTimestamp" in record:
            record["ApproximateArrivalTimestamp"] = _tagged(record["ApproximateArrivalTimestamp"])
    encoded: bytes = cbor2.dumps(answer)
    return encoded


def _tagged(seconds: float) -> Any:
    return cbor2.CBORTag(EPOCH_TAG, round(seconds * 1000))


def _seconds(timestamp: float | str) -> float:
    """A timestamp of any client: seconds, milliseconds, or text as JSON allows."""
    if isinstance(timestamp, str):
        try:
            return datetime.fromisoformat(timestamp).timestamp()
        except ValueError:
            timestamp = float(timestamp)
    return timestamp / 1000 if timestamp >= FIRST_MILLISECONDS else float(timestamp)


@cache
def _service() -> ServiceModel:
    return ServiceModel(Loader().load_service_model("kinesis", "service-2"), "kinesis")


def to_json(value: Any, shape: Shape | None) -> Any:
    """Return a decoded CBOR value as JSON has it."""
    return _walk(value, shape, lambda data: b64encode(data).decode(), _seconds)


def from_json(value: Any, shape: Shape | None) -> Any:
    """Return a decoded JSON value as CBOR has it."""
    return _walk(value, shape, b64decode, lambda seconds: _tagged(_seconds(seconds)))


def _walk(value: Any, shape: Any, blob: Any, timestamp: Any) -> Any:
    kind = None if value is None or shape is None else shape.type_name
    if kind == "structure":
        return {name: _walk(item, shape.members.get(name), blob, timestamp) for name, item in value.items()}
    if kind == "list":
        return [_walk(item, shape.member, blob, timestamp) for item in value]
    if kind == "map":
        return {name: _walk(item, shape.value, blob, timestamp) for name, item in value.items()}
    convert = {"blob": blob, "timestamp": timestamp}.get(str(kind))
    return convert(value) if convert else value
