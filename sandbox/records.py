"""A record as both ends see it: a key and a value, as bytes."""

from __future__ import annotations

from typing import NamedTuple


class Record(NamedTuple):
    """What is sent to a topic and looked for in a stream or a bucket. Within one demonstration no two are equal."""

    key: bytes
    value: bytes
