"""Partition keys from Kafka keys: injective, so that two keys never become one.

Kinesis takes 1 to 256 Unicode characters; Kafka keys are any bytes, often a long or an Avro record.

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
from typing import Final

from connector.batch import Partition

LONGEST: Final = 256
_BASE64, _DIGEST = "b64:", "sha256:"
_LONGEST_ESCAPED: Final = (LONGEST - len(_BASE64)) // 4 * 3
# A code point takes at most two UTF-16 units, so texts up to here are short enough whatever they hold.
_SURELY_SHORT: Final = LONGEST // 2
# A topic's name has up to 249 characters; enough of it stays to tell topics apart.
_TOPIC_PART: Final = 200


def partition_key(key: bytes) -> str:
    """Map one Kafka key. Every Kafka key has a partition key of its own (up to collisions of SHA-256)."""
    try:
        text = key.decode()
    except UnicodeDecodeError:
        return _escape(key)
    if not text or text.startswith((_BASE64, _DIGEST)):
        return _escape(key)
    if len(text) > _SURELY_SHORT and len(text.encode("utf-16-le")) // 2 > LONGEST:
        return _escape(key)
    return text


def spread_key(partition: Partition, offset: int) -> str:
    """Make a partition key for a record without a key."""
    return f"{partition.topic[:_TOPIC_PART]}/{partition.number}/{offset}"


def partition_keys(keys: list[bytes | None], partition: Partition, offsets: Sequence[int]) -> list[str]:
    """Map the keys of a batch; the usual ones, short texts, without a Python call for each."""
    try:
        texts = [key.decode() for key in keys]  # type: ignore[union-attr]  # a missing key takes the slow way below
    except (AttributeError, UnicodeDecodeError):
        pass
    else:
        joined = "\n".join(texts)
        if (
            all(texts)
            and _BASE64 not in joined
            and _DIGEST not in joined
            and max(map(len, texts), default=0) <= _SURELY_SHORT
        ):
            return texts
    return [
        spread_key(partition, offset) if key is None else partition_key(key)
        for key, offset in zip(keys, offsets, strict=True)
    ]


def _escape(key: bytes) -> str:
    if len(key) <= _LONGEST_ESCAPED:
        return _BASE64 + b2a_base64(key, newline=False).decode()
    return _DIGEST + hashlib.sha256(key).hexdigest()
