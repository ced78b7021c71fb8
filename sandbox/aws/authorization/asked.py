"""The action and the resource that a request asks for, as policies name them.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from sandbox.aws.authorization import s3_actions

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

ANYTHING = "*"
"""The resource of actions that have none to name."""
IAM_NAMES = {"monitoring": "cloudwatch", "email": "ses"}
"""Services that policies call by another name than signatures do."""
STREAM_IN_BATCH = re.compile(rb'"DeliveryStreamName"\s*:\s*"([^"]+)"')
"""A batch is megabytes of Base64, in which no quote can stand, so the name is found without reading them."""


@dataclass(frozen=True)
class Asked:
    """One action on one resource."""

    action: str
    """Such as `kinesis:PutRecords`."""
    resource: str
    context: tuple[tuple[str, str], ...] = ()
    """Condition keys that this action brings with it, in lower case, with their values."""


@dataclass(frozen=True)
class Place:
    """Where a request goes, by the scope of its signature."""

    service: str
    region: str
    account: str

    def arn(self, rest: str) -> str:
        """Return the ARN of one of the service's resources."""
        return f"arn:aws:{self.service}:{self.region}:{self.account}:{rest}"


def of_request(environ: WSGIEnvironment, place: Place) -> list[Asked]:
    """Return what a request asks for; its body can be read again afterwards."""
    if place.service == "s3":
        return [Asked(*s3_actions.of_request(environ))]
    body = environ["wsgi.input"].read()
    environ["wsgi.input"] = BytesIO(body)
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        action = target.rpartition(".")[2]
        if place.service == "firehose" and (found := STREAM_IN_BATCH.search(body)):
            return of_call(action, {"DeliveryStreamName": found[1].decode()}, place)
        return of_call(action, json.loads(body or b"{}"), place)
    path = environ.get("PATH_INFO", "")
    if "/operation/" in path:
        return of_call(path.rpartition("/")[2], {}, place)
    given = {name: values[0] for name, values in parse_qs(body.decode(errors="replace")).items()}
    given |= {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
    return of_call(given.get("Action") or f"{environ['REQUEST_METHOD']} {path}", given, place)


def of_call(action: str, parameters: Mapping[str, Any], place: Place) -> list[Asked]:
    """Return what a call with decoded parameters asks for."""
    name = f"{IAM_NAMES.get(place.service, place.service)}:{action}"
    find = _RESOURCES.get(place.service)
    resources = list(find(parameters, place)) if find else []
    return [Asked(name, resource) for resource in resources or [ANYTHING]]


def _kinesis(parameters: Mapping[str, Any], place: Place) -> Iterator[str]:
    from sandbox.aws.kinesis_data import Iterator as ShardIterator

    for name in ("ConsumerARN", "StreamARN", "ResourceARN"):
        if name in parameters:
            yield str(parameters[name])
            return
    if "StreamName" in parameters:
        yield place.arn(f"stream/{parameters['StreamName']}")
    elif "ShardIterator" in parameters:
        yield place.arn(f"stream/{ShardIterator.decode(parameters['ShardIterator']).stream}")


def _firehose(parameters: Mapping[str, Any], place: Place) -> Iterator[str]:
    if "DeliveryStreamName" in parameters:
        yield place.arn(f"deliverystream/{parameters['DeliveryStreamName']}")


def _ssm(parameters: Mapping[str, Any], place: Place) -> Iterator[str]:
    named = [parameters[name] for name in ("Name", "Path") if name in parameters]
    for name in [*named, *parameters.get("Names", [])]:
        plain = str(name).partition(":parameter/")[2] or str(name).lstrip("/")
        yield place.arn(f"parameter/{plain}")


def _secretsmanager(parameters: Mapping[str, Any], place: Place) -> Iterator[str]:
    from moto.secretsmanager.models import secretsmanager_backends

    if "SecretId" not in parameters:
        return
    secrets = secretsmanager_backends[place.account][place.region].secrets
    found: Any = secrets.get(parameters["SecretId"])
    yield str(found.arn if found is not None else parameters["SecretId"])


def _logs(parameters: Mapping[str, Any], place: Place) -> Iterator[str]:
    if "logGroupName" in parameters:
        yield place.arn(f"log-group:{parameters['logGroupName']}:log-stream:{parameters.get('logStreamName', '')}")


def _sts(parameters: Mapping[str, Any], place: Place) -> Iterator[str]:  # noqa: ARG001 - as its neighbours
    if "RoleArn" in parameters:
        yield str(parameters["RoleArn"])


def _kms(parameters: Mapping[str, Any], place: Place) -> Iterator[str]:
    if "KeyId" in parameters:
        key = str(parameters["KeyId"])
        yield key if key.startswith("arn:") else place.arn(f"key/{key}")


def _sns(parameters: Mapping[str, Any], place: Place) -> Iterator[str]:  # noqa: ARG001
    if "TopicArn" in parameters:
        yield unquote(str(parameters["TopicArn"]))


_RESOURCES = {
    "kinesis": _kinesis,
    "firehose": _firehose,
    "ssm": _ssm,
    "secretsmanager": _secretsmanager,
    "logs": _logs,
    "sts": _sts,
    "kms": _kms,
    "sns": _sns,
}
