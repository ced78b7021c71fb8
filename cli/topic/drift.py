"""How a declared topic and the live one can be brought together: safely, with a price, or not at all. No I/O.

safe          nothing is lost or disturbed
unsafe        it can be done, and somebody may notice: order of keys, records, writers that are refused
unsupported   Kafka cannot do it, or it is not streamops that does it here; it is named and left as it is
"""

from __future__ import annotations

from enum import StrEnum

from cli.plan import Risk


class Drift(StrEnum):
    """The class of a difference."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    UNSUPPORTED = "unsupported"


def drift_of(risk: Risk) -> Drift:
    """The class of what can be done, by the risk of doing it."""
    return Drift.SAFE if risk is Risk.MILD else Drift.UNSAFE
