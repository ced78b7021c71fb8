"""All mends of the stand-in in one list."""

from __future__ import annotations

from sandbox.aws import kinesis

ALL = (kinesis.mends,)


def mend() -> None:
    """Put every mend in place. Idempotent; call it before the first request is served."""
    for mends in ALL:
        mends.apply()
