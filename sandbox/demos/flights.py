"""The flights demonstration: a topic, a connector, a stream, and a verdict on every single record.

336,776 flights are sent to the Kafka topic ``flights``; the connector of the route from that topic moves them into
the Kinesis stream; when its consumer group has committed everything, the stream is read back and compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from environments import Environment, StreamEnd, TopicEnd, naming
from sandbox.demos.crossing import Crossing, Options, cross
from sandbox.errors import SandboxError
from sandbox.records import Record
from sandbox.report import Reporter
from sandbox.state import SandboxState
from sandbox.stream_reader import read_stream
from sandbox.verdict import Verdict

TOPIC = "flights"


def play(environment: Environment, state: SandboxState, options: Options, report: Reporter) -> Verdict:
    """Play the demonstration in a running sandbox.

    Raises:
        SandboxError: the environment has no route from the topic, or a part of the sandbox stopped or stalled.
    """
    for name, route in environment.routes.items():
        if isinstance(route.source, TopicEnd) and route.source.topic == TOPIC and isinstance(route.target, StreamEnd):
            landing = StreamLanding(state, naming.stream_name(environment, route.target.stream))
            return cross(environment, state, Crossing(name, TOPIC, landing), options, report)
    raise SandboxError(
        f"environment {environment.name!r} has no route from a topic {TOPIC!r} to a stream",
        "write one as environments/local.yaml has it",
    )


class StreamLanding:
    """A Kinesis stream; what arrives in it from a moment on is told by the service's clock."""

    def __init__(self, state: SandboxState, stream: str) -> None:
        self.where = f"stream {stream}"
        self._kinesis = state.client("kinesis")
        self._stream = stream
        self._since = datetime.now(UTC)

    def begin(self) -> None:
        """Remember the time."""
        self._since = datetime.now(UTC)

    def arrived(
        self,
        sent: Sequence[Record],  # noqa: ARG002 - all of a record is in the stream
        count: int,  # noqa: ARG002 - what is acknowledged can be read
        progress: Callable[[int], None],
    ) -> Iterator[Record]:
        """Read the stream to its end."""
        return read_stream(self._kinesis, self._stream, since=self._since, progress=progress)
