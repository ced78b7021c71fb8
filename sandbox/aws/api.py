"""The stand-in's own API, called from inside: what CloudFormation does for a resource is call its service.

A type of resource that is made through the service's API cannot lose a property on the way that the API
keeps, and it refuses what the API refuses. The calls run through the same WSGI application that clients
reach, without a socket.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from io import BytesIO
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.model import Shape
from botocore.session import Session
from werkzeug.test import EnvironBuilder, run_wsgi_app

ENDPOINT = "http://localhost"


class Answer(BytesIO):
    """The body of an answer, with the one method that botocore asks of urllib3's."""

    def stream(self, *_: Any, **__: Any) -> Any:
        """Yield the body in one piece."""
        yield self.read()


def answer(request: Any, **_: Any) -> AWSResponse:
    """Serve a signed botocore request by the application; botocore takes what a handler returns for the answer."""
    from sandbox.aws.server import application

    headers = [(key, value.decode() if isinstance(value, bytes) else value) for key, value in request.headers.items()]
    body = request.body.read() if hasattr(request.body, "read") else request.body
    path, _mark, query = request.url.removeprefix(ENDPOINT).partition("?")
    environ = EnvironBuilder(
        path=path or "/",
        query_string=query,
        base_url=ENDPOINT,
        method=request.method,
        headers=headers,
        data=body or b"",
    ).get_environ()
    content, status, answered = run_wsgi_app(application(), environ, buffered=True)
    kept: Any = dict(answered)
    return AWSResponse(request.url, int(status.split(" ")[0]), kept, Answer(b"".join(content)))


@cache
def client(service: str, region: str) -> Any:
    """Return a client of one of the stand-in's services that needs no network."""
    made = Session().create_client(
        service,
        region_name=region,
        endpoint_url=ENDPOINT,
        aws_access_key_id="cloudformation",
        aws_secret_access_key="cloudformation",  # noqa: S106 - nothing is secret in here
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
    )
    handler: Any = answer
    made.meta.events.register("before-send", handler)
    return made


def arguments(made: Any, operation: str, properties: Mapping[str, Any], **renamed: str) -> dict[str, Any]:
    """Return a template's properties as the arguments of a call, in the spelling and types of its model.

    Templates write `NetworkMode` where the API says `networkMode`, and numbers where it wants text. Names that
    users chose (labels, log options) stay as they are. `renamed` gives the API's name of properties that are
    called differently there; a property that the call does not have is left out.
    """
    shape = made.meta.service_model.operation_model(operation).input_shape
    named = {renamed.get(name, name): value for name, value in properties.items()}
    return dict(_shaped(named, shape))


def _shaped(value: Any, shape: Any) -> Any:
    if shape.type_name == "structure":
        members: dict[str, tuple[str, Shape]] = {name.lower(): (name, member) for name, member in shape.members.items()}
        found = {}
        for name, item in value.items():
            if name.lower() in members:
                spelled, member = members[name.lower()]
                found[spelled] = _shaped(item, member)
        return found
    if shape.type_name == "list":
        return [_shaped(item, shape.member) for item in value]
    if shape.type_name == "map":
        pairs = {item["Key"]: item["Value"] for item in value} if isinstance(value, list) else value
        return {str(name): _shaped(item, shape.value) for name, item in pairs.items()}
    convert = _CONVERT.get(shape.type_name)
    return convert(value) if convert else value


def _truth(value: Any) -> bool:
    return value if isinstance(value, bool) else str(value).lower() == "true"


_CONVERT: dict[str, Callable[[Any], Any]] = {
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "boolean": _truth,
    "string": str,
}


def tag_changes(old: list[dict[str, str]], new: list[dict[str, str]]) -> tuple[dict[str, str], list[str]]:
    """Return the tags to set and the names of those to remove."""
    before, after = ({tag["Key"]: str(tag["Value"]) for tag in tags} for tags in (old, new))
    changed = {key: value for key, value in after.items() if before.get(key) != value}
    return changed, sorted(before.keys() - after.keys())
