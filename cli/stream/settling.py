"""Waiting for Kinesis: until it takes a change, and until the change has come into effect.

A stream takes one change at a time and is UPDATING meanwhile; records come and go as before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from cli.aws import Aws
from cli.aws_errors import explain
from cli.errors import CliError
from cli.interruption import pause
from cli.output import note

POLL_SECONDS = 1.0
"""Between two looks; DescribeStreamSummary allows 20 a second and account."""
PATIENCE = timedelta(minutes=30)
BUSY = ("ResourceInUseException",)
"""Another change is under way."""
CROWDED = (*BUSY, "LimitExceededException")
"""Or too many calls or changes at once, where the call has no other limit."""

Summary = Mapping[str, Any]
"""A StreamDescriptionSummary."""
_Answer = TypeVar("_Answer")


def until_taken(
    call: Callable[[], _Answer], *, again: tuple[str, ...] = BUSY, patience: timedelta = PATIENCE
) -> _Answer:
    """Make a call until Kinesis takes it; nothing is under way of ours meanwhile, so that Ctrl-C ends it.

    Args:
        call: what to do.
        again: codes of the errors that pass by themselves.
        patience: after which the error is final.
    """
    end = time.monotonic() + patience.total_seconds()
    said = False
    while True:
        try:
            return call()
        except ClientError as error:
            if error.response["Error"]["Code"] not in again or time.monotonic() > end:
                raise
            if not said:
                note(f"waiting: {explain(error).message}")
                said = True
        pause(POLL_SECONDS)


def until_active(aws: Aws, arn: str, changed: Callable[[Summary], bool]) -> None:
    """Wait until what was changed has come into effect: the stream is ACTIVE, and as it was asked to be.

    The status alone does not tell: right after the call it may still be that of before.

    Raises:
        CliError: it is not after half an hour.
    """

    def settled() -> bool:
        summary = aws.kinesis.describe_stream_summary(StreamARN=arn)["StreamDescriptionSummary"]
        return summary["StreamStatus"] == "ACTIVE" and changed(summary)

    until(settled, f"{arn.rpartition('/')[2]} is UPDATING")


def until(done: Callable[[], bool], told: str) -> None:
    """Wait for something, and tell once that it takes a while.

    Raises:
        CliError: it has not come about after half an hour.
    """
    begun = time.monotonic()
    said = False
    while not done():
        passed = time.monotonic() - begun
        if passed > PATIENCE.total_seconds():
            raise CliError(f"{told} since {PATIENCE.total_seconds() / 60:.0f} minutes", "look at it in the AWS console")
        if not said:
            note(f"waiting: {told}")
            said = True
        time.sleep(POLL_SECONDS)
