"""What stops a connector, each with the exit code of the process.

ConnectorError                 1  one clear message, no traceback
├── NotAuthenticated           4  an end refuses who we are
├── OffsetGap                  1  committed offsets are gone; going on would skip records
└── Undeliverable              1  a record no target can take; going on would lose it
"""

import shlex
from typing import ClassVar

from connector.batch import Partition


class ConnectorError(Exception):
    """Something a person must mend. Its text names the thing, the value, the rule and the way out."""

    exit_code: ClassVar[int] = 1


class NotAuthenticated(ConnectorError):  # noqa: N818 - says what is the matter; the base says it is an error
    """An end of the route does not accept the credentials."""

    exit_code = 4


class OffsetGap(ConnectorError):  # noqa: N818 - as above
    """The committed offset of a partition no longer exists, or does not exist yet."""

    def __init__(
        self, partition: Partition, group: str, bootstrap: str, committed: int | None, low: int, high: int
    ) -> None:
        if committed is None:
            what = f"the records that {group} has to read next are gone"
        elif committed > high:
            what = f"{group} committed {committed}, past its end: the topic was probably created anew"
        else:
            what = (
                f"{group} committed {committed}: the offsets {committed} to {low - 1} ({low - committed} at most)"
                " were removed before they were read"
            )
        super().__init__(
            f"gap in {partition}: {what}; it now holds {low} to {high} (exclusive). Nothing is skipped in silence:"
            f" to go on regardless, stop all members of the group, set its offset with the Kafka tools"
            f" (kafka-consumer-groups.sh --bootstrap-server {shlex.quote(bootstrap)} --group {shlex.quote(group)}"
            f" --topic {partition} --reset-offsets --to-earliest --execute; where the brokers want a login also"
            f" --command-config FILE) and start again"
        )
        self.partition = partition


class Undeliverable(ConnectorError):  # noqa: N818 - as above
    """A record that the target can never take."""

    def __init__(self, partition: Partition, offset: int, reason: str, way_out: str) -> None:
        super().__init__(f"{partition} offset {offset}: {reason}; stopping, nothing from it on is committed. {way_out}")
        self.partition = partition
        self.offset = offset
