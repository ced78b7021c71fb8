"""The storage of MSK's standard brokers: how it grows by itself, and how fast it is."""

from __future__ import annotations

from typing import Annotated

from pydantic import StrictInt

from environments.quantities import Size
from environments.rules.bounds import Bytes, Count
from environments.section import Section

GIB = 1 << 30
MIB = 1 << 20

MOST_STORAGE = 16384 * GIB
LEAST_FOR_THROUGHPUT = 10 * GIB
"""Of a volume, for which throughput can be provisioned."""

STORAGE_THROUGHPUT = {
    "kafka.m5.4xlarge": 593,
    "kafka.m5.8xlarge": 850,
    **dict.fromkeys(("kafka.m5.12xlarge", "kafka.m5.16xlarge", "kafka.m5.24xlarge"), 1000),
    "kafka.m7g.2xlarge": 312,
    "kafka.m7g.4xlarge": 625,
    **dict.fromkeys(("kafka.m7g.8xlarge", "kafka.m7g.12xlarge", "kafka.m7g.16xlarge"), 1000),
}
"""The most that can be provisioned of each size, in MiB/s.

https://docs.aws.amazon.com/msk/latest/developerguide/msk-provision-throughput-management.html
"""


class StorageAutoscaling(Section):
    """How far the storage of each broker grows by itself; it never shrinks."""

    max: Annotated[Size, Bytes("MSK", 2 * GIB, MOST_STORAGE, GIB)]
    """The most that each broker's storage grows to, above ``storage``."""
    target: Annotated[StrictInt, Count("MSK", 10, 80)] = 60
    """Percent of the storage in use, above which it grows by a tenth, and by 10 GiB at least."""
