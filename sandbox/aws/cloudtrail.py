"""What CloudTrail has seen: moto has trails, and no event in any of them.

Kept are only the calls that have a budget of their own, since that is what they are looked up for.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from moto.cloudtrail.responses import CloudTrailResponse

from sandbox.aws.mending import Mends

MOST_EVENTS = 50
"""Of an answer: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html"""

mends = Mends()
_events: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)


def record(backend: Any, action: str, resource: str, at: datetime, error: str | None = None) -> None:
    """Keep one call of the Kinesis API; newest first, as they are looked up.

    CloudTrail keeps refused calls too, with their error, and of Kinesis the name of the stream among the parameters.
    """
    detail = {"eventName": action, "requestParameters": {"streamName": resource}}
    event = {
        "EventId": str(uuid4()),
        "EventName": action,
        "EventSource": "kinesis.amazonaws.com",
        "EventTime": at.timestamp(),
        "Resources": [{"ResourceType": "AWS::Kinesis::Stream", "ResourceName": resource}],
        "CloudTrailEvent": json.dumps(detail | ({"errorCode": error} if error else {})),
    }
    _events[backend.account_id, backend.region_name].insert(0, event)


@mends.method(CloudTrailResponse)
def lookup_events(self: Any) -> str:
    """LookupEvents by one attribute, and from a time on."""
    wanted = {entry["AttributeKey"]: entry["AttributeValue"] for entry in self._get_param("LookupAttributes") or ()}
    since = _time(self._get_param("StartTime"))
    found = [
        event
        for event in _events[self.current_account, self.region]
        if event["EventTime"] >= since
        and wanted.get("EventName", event["EventName"]) == event["EventName"]
        and wanted.get("ResourceName", event["Resources"][0]["ResourceName"]) == event["Resources"][0]["ResourceName"]
    ]
    first = int(self._get_param("NextToken") or 0)
    page = found[first : first + MOST_EVENTS]
    answer: dict[str, Any] = {"Events": page}
    if len(found) > first + MOST_EVENTS:
        answer["NextToken"] = str(first + MOST_EVENTS)
    return json.dumps(answer)


def _time(given: float | str | None) -> float:
    if isinstance(given, str):
        return datetime.fromisoformat(given).replace(tzinfo=UTC).timestamp()
    return float(given or 0)
