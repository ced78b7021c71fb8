"""How long reading 500 streams takes, against a service that answers as DescribeStreamSummary may be asked.

    .venv/bin/python benchmarks/stream_list.py [STREAMS]

The service is played inside of the process: every answer takes 50 ms, and whatever comes faster than 20 calls a second
with a burst of 20 is refused as Kinesis refuses it. At these rates 500 streams take 24 seconds, whoever asks. There
must be one call a stream, none of them refused, and the time at most a tenth above that.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from cli.aws import Aws
from cli.stream.live import SUMMARIES_PER_SECOND, LiveStream, read_streams
from environments import load_environment

ANSWER_SECONDS = 0.05
SUMMARY = (
    '{"StreamDescriptionSummary": {"StreamName": "s", "StreamARN": "arn:aws:kinesis:eu-west-1:111122223333:stream/s",'
    ' "StreamStatus": "ACTIVE", "RetentionPeriodHours": 24, "StreamCreationTimestamp": 1700000000,'
    ' "EnhancedMonitoring": [], "OpenShardCount": 4}}'
)
REFUSAL = '{"__type": "LimitExceededException", "message": "Rate exceeded"}'


class Service:
    """Counts calls, and refuses what is above the rate: a bucket of tokens, as AWS has them."""

    def __init__(self) -> None:
        self.calls = self.refused = 0
        self._tokens = float(SUMMARIES_PER_SECOND)
        self._filled = time.monotonic()
        self._lock = threading.Lock()

    def answer(self, request: object, **_: object) -> AWSResponse:
        """For botocore's event before-send."""
        with self._lock:
            now = time.monotonic()
            self._tokens = min(self._tokens + (now - self._filled) * SUMMARIES_PER_SECOND, SUMMARIES_PER_SECOND)
            self._filled = now
            self.calls += 1
            taken = self._tokens >= 1
            self._tokens -= taken
            self.refused += not taken
        time.sleep(ANSWER_SECONDS)
        return _Answer(request, 200 if taken else 400, SUMMARY if taken else REFUSAL)


class _Answer(AWSResponse):
    """What botocore takes for an answer that came over the network."""

    def __init__(self, request: object, status: int, body: str) -> None:
        super().__init__(getattr(request, "url", ""), status, HTTPHeaders(), None)
        self._content = body.encode()


def main(streams: int) -> int:
    """Measure, print, and give 1 where a call was refused or made twice, or the time is above the limit."""
    os.environ |= {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    environment = load_environment("environments/prod.yaml")
    [declared, *_] = environment.streams.values()
    environment = environment.model_copy(update={"streams": {f"s{number}": declared for number in range(streams)}})
    aws, service = Aws(environment), Service()
    register: Any = aws.kinesis.meta.events.register  # typed as if an answer were not taken
    register("before-send.kinesis", service.answer)
    began = time.monotonic()
    found = read_streams(aws, environment.streams)
    seconds = time.monotonic() - began
    least = max(0, streams - SUMMARIES_PER_SECOND) / SUMMARIES_PER_SECOND + ANSWER_SECONDS
    told = sum(isinstance(live, LiveStream) for live in found.values())
    missed = service.calls != streams or service.refused > 0 or told != streams or seconds > 1.1 * least
    print(f"{streams} streams   {service.calls} calls, {service.refused} refused, {told} streams told")
    print(f"{seconds:5.1f} s   (the rate allows {least:.1f} s, at most a tenth more): {'missed' if missed else 'met'}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 500))
