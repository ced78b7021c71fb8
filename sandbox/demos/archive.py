"""The archive demonstration: a topic, a connector, Firehose, objects in S3, and a verdict on every single line.

Flights are sent to the topic of the first route that leads to a delivery into S3. The connector packs many of them
into one Firehose record, a line each; Firehose collects records into objects; these are read back and compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from environments import DeliveryEnd, Environment, S3Delivery, TopicEnd, naming
from sandbox.bucket_reader import DeliveredLines
from sandbox.demos.crossing import Crossing, Options, cross
from sandbox.errors import SandboxError
from sandbox.records import Record
from sandbox.report import Reporter
from sandbox.state import SandboxState
from sandbox.verdict import Verdict


def play(environment: Environment, state: SandboxState, options: Options, report: Reporter) -> Verdict:
    """Play the demonstration in a running sandbox.

    Raises:
        SandboxError: no route leads from a topic into S3, or a part of the sandbox stopped or stalled.
    """
    for name, route in environment.routes.items():
        if not isinstance(route.source, TopicEnd) or not isinstance(route.target, DeliveryEnd):
            continue
        delivery = environment.deliveries[route.target.delivery]
        if isinstance(delivery, S3Delivery):
            landing = BucketLanding(state, naming.delivery_name(environment, route.target.delivery))
            return cross(environment, state, Crossing(name, route.source.topic, landing), options, report)
    raise SandboxError(
        f"environment {environment.name!r} has no route from a topic to a delivery into S3",
        "write one as environments/local.yaml has it",
    )


class BucketLanding:
    """The bucket behind a delivery stream. Keys do not reach it: a line has the key of the record that it was."""

    def __init__(self, state: SandboxState, delivery_stream: str) -> None:
        self._lines = DeliveredLines(state.client("firehose"), state.client("s3"), delivery_stream)
        self.where = f"bucket {self._lines.bucket}"

    def begin(self) -> None:
        """Wait until Firehose holds nothing back, then pass over what is there."""
        self._lines.pass_over()

    def arrived(self, sent: Sequence[Record], count: int, progress: Callable[[int], None]) -> Iterator[Record]:
        """Read the new objects; a line that nobody sent has no key."""
        keys = {record.value: record.key for record in sent}
        return (Record(keys.get(line, b""), line) for line in self._lines.read(count, progress))
