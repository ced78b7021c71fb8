"""The use of customer-managed KMS keys that a call brings with it.

Who writes to or reads from an encrypted stream, or reads a secret, needs its key as well; the service uses the key in
the name of its caller. The keys that AWS manages for a service let everybody in the account use them through it.
https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from moto.kinesis.models import kinesis_backends
from moto.kms.models import kms_backends
from moto.secretsmanager.models import secretsmanager_backends

from sandbox.aws.authorization.asked import Asked

if TYPE_CHECKING:
    from sandbox.aws.authorization.asked import Place

MANAGED = "alias/aws/"
_OF_CALLS = {
    "kinesis:PutRecord": "GenerateDataKey",
    "kinesis:PutRecords": "GenerateDataKey",
    "kinesis:GetRecords": "Decrypt",
    "kinesis:SubscribeToShard": "Decrypt",
    "secretsmanager:GetSecretValue": "Decrypt",
}


def needed(asked: Asked, place: Place) -> Iterator[Asked]:
    """Yield the use of a key that an action on a resource needs."""
    use = _OF_CALLS.get(asked.action)
    key = _key(asked, place) if use else None
    if key is None or MANAGED in key:
        return
    arn = _arn(key, place)
    yield Asked(f"kms:{use}", arn, (("kms:viaservice", f"{place.service}.{place.region}.amazonaws.com"),))


def _key(asked: Asked, place: Place) -> str | None:
    found: Any
    if place.service == "kinesis":
        streams = kinesis_backends[place.account][place.region].streams
        found = streams.get(asked.resource.partition(":stream/")[2].partition("/")[0])
        return found.key_id if found is not None and found.encryption_type == "KMS" else None
    found = secretsmanager_backends[place.account][place.region].secrets.get(asked.resource)
    return found.kms_key_id if found is not None else None


def _arn(key: str, place: Place) -> str:
    backend = kms_backends[place.account][place.region]
    plain = key.rpartition("/")[2] if ":key/" in key else key
    if "alias/" in plain:
        plain = backend.get_key_id_from_alias("alias/" + plain.partition("alias/")[2]) or plain
    return f"arn:aws:kms:{place.region}:{place.account}:key/{plain}"
