"""How often an operation with a daily budget was called: Kinesis tells nobody, CloudTrail does.

It keeps the management events of 90 days without being asked to, and answers twice a second; an event is there some
minutes after its call: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cli.aws import Aws
from cli.aws_errors import explain

DAY = timedelta(hours=24)
MOST_PAGES = 20
"""A thousand calls in an account and a day; whoever has more waits no longer than ten seconds for the answer."""


@dataclass(frozen=True)
class RecentCalls:
    """The calls of one operation on one stream in the last 24 hours that were not refused."""

    times: tuple[datetime, ...] = ()
    """The oldest first."""
    unknown: str = ""
    """Why they cannot be told; empty where they can."""

    def left(self, budget: int) -> int | None:
        """Calls that the budget still allows; None where it is not known."""
        return None if self.unknown else max(0, budget - len(self.times))

    def free_again(self, budget: int) -> datetime | None:
        """When the next call is allowed where none is now; None where one is."""
        return self.times[-budget] + DAY if len(self.times) >= budget else None


def read_recent_calls(aws: Aws, action: str, stream: str) -> RecentCalls:
    """The calls of ``action`` (such as ``UpdateShardCount``) on a stream, named as in Kinesis."""
    lookup = {
        "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": action}],
        "StartTime": datetime.now(UTC) - DAY,
    }
    found: list[datetime] = []
    try:
        pages = iter(aws.cloudtrail.get_paginator("lookup_events").paginate(**lookup))
        for page in islice(pages, MOST_PAGES):
            found += [event["EventTime"] for event in page["Events"] if _is_of(event, stream)]
        if next(pages, None) is not None:
            return RecentCalls(unknown=f"there are too many calls of {action} in this account to count them")
    except (ClientError, BotoCoreError) as error:
        return RecentCalls(unknown=explain(error).message)
    return RecentCalls(tuple(sorted(found)))


def _is_of(event: Mapping[str, Any], stream: str) -> bool:
    """Whether an event is of this stream and was not refused; its ARN ends in its name."""
    detail = json.loads(event["CloudTrailEvent"])
    parameters = detail.get("requestParameters") or {}
    named = parameters.get("streamName") or str(parameters.get("streamARN", "")).rpartition("/")[2]
    return "errorCode" not in detail and named == stream
