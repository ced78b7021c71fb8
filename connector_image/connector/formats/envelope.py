r"""An envelope keeps all of a Kafka record in one line of JSON, byte for byte. docs/envelope.md is its specification.

    {"envelope":1,"topic":"flights","partition":3,"offset":17,"timestamp":{"created":1735689600000},
     "key":"UA","value":{"base64":"/w=="},"headers":[["trace","a1"],["empty",""],["none",null]]}

(here in two lines). Bytes that are UTF-8 are a JSON string, others an object with their base64, none
is null: a string is never taken for base64, nor an empty value for a missing one. JSON escapes every
newline, so an envelope never holds one.
"""

from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import orjson

from connector.batch import Batch, Headers, Partition

VERSION: Final = 1
NO_TIMESTAMP: Final = (0, -1)

_CREATED, _APPENDED = 1, 2
_WORDS: Final[dict[type, str]] = {str: "a text", int: "a whole number", list: "an array"}
_Member = TypeVar("_Member", str, int, list[Any])
_text = orjson.dumps


class EnvelopeError(ValueError):
    """Bytes that are no envelope of a version that is known. Its text says what is wrong, and where."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A record as Kafka holds it."""

    partition: Partition
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: tuple[int, int] = NO_TIMESTAMP
    """Its kind (0 none, 1 created, 2 appended) and milliseconds since the epoch."""


def write_envelope(record: Envelope, members: Mapping[str, object] | None = None) -> bytes:
    """Write one envelope; `members` are further ones, which readers that do not know them leave alone."""
    batch = Batch(record.partition, [record.key], [record.value], [record.offset], [record.headers], [record.timestamp])
    (envelope,) = envelopes(batch)
    return envelope[:-1] + b"," + orjson.dumps(members)[1:] if members else envelope


def envelopes(batch: Batch) -> list[bytes]:
    """Write the envelope of each record of a batch; one without headers or timestamps counts as having none.

    Only texts pass through the JSON writer, one after the other: its buffers are large and best used again at once. The
    rest of the line is the same for all and comes from a template, in a third of the time that an object for each would
    take.
    """
    head = _text({"envelope": VERSION, "topic": batch.partition.topic, "partition": batch.partition.number})
    template = head[:-1].replace(b"%", b"%%") + b',"offset":%d,"timestamp":%b,"key":%b,"value":%b,"headers":%b}'
    return [
        template % (offset, timestamp, _written(key), _written(value), headers)
        for offset, timestamp, key, value, headers in zip(
            batch.offsets, _timestamps(batch), batch.keys, batch.values, _headers(batch), strict=True
        )
    ]


def _written(data: bytes | None) -> bytes:
    if data is None:
        return b"null"
    try:
        return _text(data.decode())
    except UnicodeDecodeError:
        return b'{"base64":"%b"}' % b2a_base64(data, newline=False)


def _timestamps(batch: Batch) -> list[bytes]:
    if batch.timestamps is None:
        return [b"null"] * len(batch)
    return [
        b'{"created":%d}' % time if kind == _CREATED else b'{"appended":%d}' % time if kind == _APPENDED else b"null"
        for kind, time in batch.timestamps
    ]


def _headers(batch: Batch) -> list[bytes]:
    if batch.headers is None:
        return [b"[]"] * len(batch)
    return [
        b"[%b]" % b",".join([b"[%b,%b]" % (_text(name), _written(value)) for name, value in headers])
        if headers
        else b"[]"
        for headers in batch.headers
    ]


def open_envelope(data: bytes) -> Envelope:
    """Read an envelope back. White space around it is allowed, a newline at the end of a line for instance.

    Raises:
        EnvelopeError: it is none, of a later version, or something in it is missing or not what it must be.
    """
    try:
        members = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise EnvelopeError(f"no envelope: {error}") from None
    if not isinstance(members, dict) or "envelope" not in members:
        raise EnvelopeError('no envelope: it must be a JSON object with the member "envelope", which tells its version')
    version = members["envelope"]
    if type(version) is not int or version != VERSION:
        raise EnvelopeError(f"envelope: version {_shown(version)} is unknown, this reader knows {VERSION}")
    return Envelope(
        Partition(_member(members, "topic", str), _member(members, "partition", int)),
        _member(members, "offset", int),
        _data(members, "key"),
        _data(members, "value"),
        [_header(header, f"headers[{index}]") for index, header in enumerate(_member(members, "headers", list))],
        _timestamp(members),
    )


def _shown(value: object) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= 60 else f"{text[:60]}…"  # noqa: PLR2004 - enough to know it by


def _any(members: dict[str, Any], name: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    try:
        return members[name]
    except KeyError:
        raise EnvelopeError(f"{name}: is missing") from None


def _member(members: dict[str, Any], name: str, kind: type[_Member]) -> _Member:
    value = _any(members, name)
    if type(value) is not kind:
        raise EnvelopeError(f"{name}: {_shown(value)} must be {_WORDS[kind]}")
    return value


def _data(members: dict[str, Any], name: str) -> bytes | None:
    return _read(_any(members, name), name)


def _read(written: object, place: str) -> bytes | None:
    match written:
        case None:
            return None
        case str(text):
            return text.encode()
        case {"base64": str(text), **others} if not others:
            try:
                return a2b_base64(text, strict_mode=True)
            except ValueError:
                raise EnvelopeError(f"{place}: {_shown(text)} must be base64, with its padding") from None
    raise EnvelopeError(f'{place}: {_shown(written)} must be a text, {{"base64": …}} or null')


def _header(header: object, place: str) -> tuple[str, bytes | None]:
    match header:
        case [str(name), value]:
            return name, _read(value, place)
    raise EnvelopeError(f"{place}: {_shown(header)} must be an array of a name and a value")


def _timestamp(members: dict[str, Any]) -> tuple[int, int]:
    match _any(members, "timestamp"):
        case None:
            return NO_TIMESTAMP
        case {"created": int(time), **others} if not others and time is not True and time is not False:
            return _CREATED, time
        case {"appended": int(time), **others} if not others and time is not True and time is not False:
            return _APPENDED, time
        case other:
            raise EnvelopeError(
                f'timestamp: {_shown(other)} must be {{"created": MILLISECONDS}}, {{"appended": MILLISECONDS}} or null'
            )
