"""Partition keys from Kafka keys: injective, so that two keys never become one.

Kinesis takes 1 to 256 Unicode characters; Kafka keys are any bytes, often a long or an Avro record.
Partition keys are kept as the bytes of their UTF-8, because that is what every wire sends.

| Kafka key                                      | partition key                     |
|------------------------------------------------|-----------------------------------|
| UTF-8 of 1 to 256 characters                   | the text as it is                 |
| other bytes, up to 189                         | `b64:` and their base64           |
| longer ones                                    | `sha256:` and their digest in hex |
| text that itself begins with b64: or sha256:   | escaped like other bytes          |
| none                                           | `topic/partition/offset`          |

Without the fourth line two keys could become one. The last spreads keyless records evenly, and a
resend goes to the same shard.

Characters are counted as UTF-16 does, because the service is written in Java and its documentation
does not say otherwise; that is the stricter reading.
"""

import hashlib
from binascii import b2a_base64
from collections.abc import Sequence
from typing import Final, TypeGuard

from connector.batch import Partition

LONGEST: Final = 256
_BASE64, _DIGEST, _NUMBER = b"b64:", b"sha256:", b"json:"
_LONGEST_ESCAPED: Final = (LONGEST - len(_BASE64)) // 4 * 3
# A topic's name has up to 249 characters; enough of it stays to tell topics apart.
_TOPIC_PART: Final = 200
# How many keys are looked at together once a batch holds an odd one. Small enough that an odd key slows few others,
# large enough that looking costs little where all are odd.
_CHUNK: Final = 32


def partition_key(key: bytes) -> bytes:
    """Map one Kafka key. Every Kafka key has a partition key of its own (up to collisions of SHA-256)."""
    # Bytes that are no UTF-8 are left out here, and missed when the text is as bytes again. An exception for each key
    # of a topic of longs would take twice as long.
    text = key.decode(errors="ignore")
    if len(text.encode()) != len(key):
        return _escape(key)
    if not key or key.startswith((_BASE64, _DIGEST)):
        return _escape(key)
    # No character takes more UTF-16 units than bytes of UTF-8.
    if len(key) > LONGEST and len(text.encode("utf-16-le")) // 2 > LONGEST:
        return _escape(key)
    return key


def field_key(value: str | int) -> bytes:
    """Map the value of a JSON field: a text as a Kafka key of its bytes, a number or a boolean as `json:` and itself.

    So `"1"`, `1` and `true` stay three keys, and a text goes where the same Kafka key goes. Numbers are those of 64
    bits, which always fit.
    """
    if isinstance(value, str):
        key = value.encode()
        return _escape(key) if key.startswith(_NUMBER) else partition_key(key)
    if isinstance(value, bool):
        return _NUMBER + (b"true" if value else b"false")
    return b"%b%d" % (_NUMBER, value)


def place_key(partition: Partition) -> bytes:
    """Make the partition key that all records of a Kafka partition share."""
    return f"{partition.topic[:_TOPIC_PART]}/{partition.number}".encode()


def spread_keys(partition: Partition, offsets: Sequence[int]) -> list[bytes]:
    """Make a partition key for each record from its place, which spreads them evenly."""
    place = place_key(partition)
    return [b"%b/%d" % (place, offset) for offset in offsets]


def partition_keys(keys: list[bytes | None], partition: Partition, offsets: Sequence[int]) -> list[bytes]:
    """Map the keys of a batch; the usual ones, short texts, without a Python call for each."""
    if _are_plain(keys):
        return keys
    place = place_key(partition)
    mapped: list[bytes] = []
    for start in range(0, len(keys), _CHUNK):
        chunk = keys[start : start + _CHUNK]
        if _are_plain(chunk):
            mapped += chunk
        else:
            mapped += [
                b"%b/%d" % (place, offset) if key is None else partition_key(key)
                for key, offset in zip(chunk, offsets[start : start + _CHUNK], strict=True)
            ]
    return mapped


def _are_plain(keys: list[bytes | None]) -> TypeGuard[list[bytes]]:
    """Tell whether each key is its own partition key. It may say no where one is in truth: long or with a mark inside.

    The bytes between the keys are ASCII and so never part of another character: together the keys are UTF-8 exactly
    when each of them is.
    """
    try:
        joined = b"\n".join(keys)  # type: ignore[arg-type]  # a missing key is what the exception is for
        if not joined.isascii():
            joined.decode()
    except (TypeError, UnicodeDecodeError):
        return False
    lengths = set(map(len, keys))  # type: ignore[arg-type]  # none is missing here
    return (
        0 not in lengths
        and max(lengths, default=0) <= LONGEST
        and not (b":" in joined and (_BASE64 in joined or _DIGEST in joined))
    )


def _escape(key: bytes) -> bytes:
    if len(key) <= _LONGEST_ESCAPED:
        return _BASE64 + b2a_base64(key, newline=False)
    return _DIGEST + hashlib.sha256(key).hexdigest().encode()
