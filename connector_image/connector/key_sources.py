"""Where the partition key of a record comes from, and its explicit hash key."""

from collections.abc import Callable
from typing import Final, assert_never

import orjson

from connector.batch import Batch, Headers
from connector.config import FromField, FromHeader, PartitionKey
from connector.keys import field_key, partition_key, partition_keys, place_key, spread_keys
from connector.rejection import Reason, Refusal, Refusals

KeySource = Callable[[Batch, Refusals], list[bytes]]
"""Gives the partition key of each record. A refused record is noted, and its key means nothing."""

HashKeySource = Callable[[Batch, Refusals], list[str]]

_HASH_KEYS: Final = 1 << 128
_LONGEST_HASH_KEY: Final = len(str(_HASH_KEYS))
_KINDS: Final = {
    type(None): "null",
    dict: "an object",
    list: "an array",
    str: "a text",
    bool: "a boolean",
    int: "a number",
}
_ASIDE: Final = "or set dead_letters, which puts such records aside."


def key_source(choice: PartitionKey) -> KeySource:
    """Make the source that a configuration chooses."""
    match choice:
        case "key":
            return lambda batch, _: partition_keys(batch.keys, batch.partition, batch.offsets)
        case "partition":
            return lambda batch, _: [place_key(batch.partition)] * len(batch)
        case "spread":
            return lambda batch, _: spread_keys(batch.partition, batch.offsets)
        case FromHeader(header=name):
            return lambda batch, refusals: _header_keys(batch, name, refusals)
        case FromField(field=path):
            return lambda batch, refusals: _field_keys(batch, path, refusals)
        case _:
            assert_never(choice)


def hash_key_source(name: str) -> HashKeySource:
    """Make the source that takes explicit hash keys from a header."""

    def hash_keys(batch: Batch, refusals: Refusals) -> list[str]:
        found = []
        for index, headers in enumerate(batch.headers or [None] * len(batch)):
            value = _last(headers, name)
            if value is None:
                refusals.setdefault(index, _without_header(headers, name, "explicit_hash_key"))
            elif not _is_hash_key(value):
                refusals.setdefault(index, _no_hash_key(name))
            found.append(value.decode("ascii", "replace") if value else "")
        return found

    return hash_keys


def _last(headers: Headers | None, name: str) -> bytes | None:
    """Return the last value of that name, as Kafka's own `lastHeader` does."""
    for each, value in reversed(headers or ()):
        if each == name:
            return value
    return None


def _header_keys(batch: Batch, name: str, refusals: Refusals) -> list[bytes]:
    keys = []
    for index, headers in enumerate(batch.headers or [None] * len(batch)):
        value = _last(headers, name)
        if value is None:
            refusals.setdefault(index, _without_header(headers, name, "partition_key"))
        keys.append(value if value is None else partition_key(value))
    return [key or b"" for key in keys]


def _without_header(headers: Headers | None, name: str, setting: str) -> Refusal:
    has = any(each == name for each, _ in headers or ())
    return Refusal(
        "HeaderMissing",
        f"the header {name}, which sink.{setting} names, {'has no value' if has else 'is missing'}",
        f"Let the producer set it, choose another sink.{setting}, {_ASIDE}",
    )


def _is_hash_key(value: bytes) -> bool:
    # The pattern of the API allows no leading zero: 0|([1-9]\d{0,38}).
    return (
        value.isdigit()
        and len(value) <= _LONGEST_HASH_KEY
        and (value == b"0" or not value.startswith(b"0"))
        and int(value) < _HASH_KEYS
    )


def _no_hash_key(name: str) -> Refusal:
    return Refusal(
        "HashKeyInvalid",
        f"the header {name}, which sink.explicit_hash_key names, is no whole number from 0 to 2^128 - 1 in decimal"
        " digits",
        f"Let the producer write it so, without leading zeros, {_ASIDE}",
    )


def _field_keys(batch: Batch, path: str, refusals: Refusals) -> list[bytes]:
    names = path.split(".")
    keys = []
    for index, value in enumerate(batch.values):
        try:
            found = orjson.loads(value)  # type: ignore[arg-type]  # a missing value is no JSON either
            for name in names:
                found = found[name]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            found = None
        if isinstance(found, str | int):
            keys.append(field_key(found))
        else:
            refusals.setdefault(index, _without_field(value, path))
            keys.append(b"")
    return keys


def _without_field(value: bytes | None, path: str) -> Refusal:
    """Find out why a value has no field that could be a key."""
    way_out = f"Let the producer write it, choose another sink.partition_key, {_ASIDE}"

    def refusal(reason: Reason, message: str) -> Refusal:
        return Refusal(reason, f"{message}; sink.partition_key takes the field {path}", way_out)

    if value is None:
        return refusal("ValueNotObject", "the record has no value")
    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        return refusal("ValueNotObject", "the value is no JSON")
    if not isinstance(found, dict):
        return refusal("ValueNotObject", f"the value is JSON, but {_kind(found)} and no object")
    walked: list[str] = []
    for name in path.split("."):
        if not isinstance(found, dict) or name not in found:
            return refusal("FieldMissing", f"the value has no field {'.'.join([*walked, name])}")
        found = found[name]
        walked.append(name)
    return refusal("FieldInvalid", f"the field is {_kind(found)}, and a key is a text, a boolean or a whole number")


def _kind(value: object) -> str:
    return _KINDS.get(type(value), "a number that is not whole or beyond 64 bits")
