"""A bucket in S3 as the place for dead letters: objects of JSON lines, each an envelope with the reason."""

import re
import socket
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from os import getpid
from typing import Any, Final

from botocore.exceptions import ClientError

from connector.aws.explained import explained
from connector.dead_letters.letter import Letter
from connector.dead_letters.queued import Load, Sent
from connector.dead_letters.target import Probed
from connector.errors import ConnectorError

# S3 bills by the object, so some are worth waiting for; memory and the watermark wait with them.
_OBJECT: Final = Load(bytes=4 << 20, seconds=5.0)
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_MEMBER: Final = 80

Seal = Callable[[Letter], bytes]


def member_name() -> str:
    """Name this process among those of its group: host (a task's on ECS) and process."""
    host = _NOT_IN_NAMES.sub("-", socket.gethostname())[:_LONGEST_MEMBER]
    return f"{host}-{getpid()}"


class BucketCarrier:
    """Writes letters into objects of a bucket. How they are encrypted is the bucket's own setting."""

    def __init__(
        self,
        client: Any,  # noqa: ANN401 - botocore has no types
        bucket: str,
        prefix: str,
        route: str,
        seal: Seal,
        room: int = _OBJECT.bytes,
    ) -> None:
        """Prepare to write; an object waits for no more than `room` bytes of letters."""
        self.load = replace(_OBJECT, bytes=min(_OBJECT.bytes, room))
        self._client = client
        self._bucket = bucket
        self._prefix = prefix
        self._route = route
        self._seal = seal
        self._member = member_name()

    def parcel(self, letters: Sequence[Letter]) -> "BucketParcel":
        """Make an object of letters; its name is its own for ever, so a repeated call writes the same again."""
        now = datetime.now(UTC)
        key = f"{self._prefix}{self._route}/{now:%Y/%m/%d/%H%M%S.%f}-{self._member}-{uuid.uuid4().hex}.jsonl"
        body = b"".join([self._seal(letter) + b"\n" for letter in letters])
        return BucketParcel(lambda: self._put(key, body), letters)

    def probe(self) -> Probed:
        """Look whether the bucket is there.

        Without permission to list the bucket, which the route does not need, S3 says only that it exists.

        Raises:
            ConnectorError: it is not there or S3 cannot be reached.
            NotAuthenticated: S3 does not accept the credentials.
        """
        what = f"dead-letter bucket {self._bucket!r}"
        with explained(what):
            try:
                self._client.head_bucket(Bucket=self._bucket)
            except ClientError as error:
                code = str(error.response["Error"]["Code"])
                if code in {"404", "NoSuchBucket"}:
                    raise ConnectorError(f"{what}: does not exist; create it or correct dead_letters.bucket") from None
                if code in {"403", "AccessDenied"}:
                    return Probed(f"{self._bucket} exists; whether objects may be put there shows with the first one")
                raise
        return Probed(f"{self._bucket} is there, objects go to {self._prefix}{self._route}/")

    def _put(self, key: str, body: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType="application/x-ndjson")


class BucketParcel:
    """One object on its way into a bucket."""

    def __init__(self, put: Callable[[], None], letters: Sequence[Letter]) -> None:
        self._put = put
        self._letters = letters

    @property
    def left(self) -> int:
        """Letters that S3 has not acknowledged."""
        return len(self._letters)

    def send(self) -> Sent:
        """Put the object.

        Raises:
            ClientError: S3 does not take it.
        """
        self._put()
        taken, self._letters = self._letters, ()
        return Sent(taken)
