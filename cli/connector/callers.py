"""Who asked for a deployment: CloudTrail has the call, ECS only what came of it.

CloudTrail keeps management events for 90 days without being asked to and answers twice a second; an event is there
some minutes after its call: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
What a scaling policy changes is a call of UpdateService too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cli.aws import Aws
from cli.connector.deployments import Deployment
from environments import naming

CALLS = ("UpdateService", "CreateService")
MOST_PAGES = 10
"""Of each call: 500 events. Whoever has more waits no longer than ten seconds for the answer."""
AROUND = timedelta(seconds=10)
"""A deployment is created within so much of the call that asks for it; CloudTrail's times have no milliseconds."""


@dataclass(frozen=True)
class Call:
    """A call that began, or could have begun, a deployment."""

    at: datetime
    caller: str
    """Who called; for a service of AWS its name, such as cloudformation.amazonaws.com, and on whose behalf."""


def read_calls(aws: Aws, route: str, since: datetime) -> list[Call]:
    """The calls that changed a route's service; none where CloudTrail may not be asked."""
    service, cluster = naming.ecs_service_name(aws.environment, route), naming.ecs_cluster_name(aws.environment)
    found: list[Call] = []
    try:
        for name in CALLS:
            lookup = {
                "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": name}],
                "StartTime": since - AROUND,
            }
            pages = aws.cloudtrail.get_paginator("lookup_events").paginate(**lookup)
            for page in islice(pages, MOST_PAGES):
                found += calls_of(page["Events"], service, cluster)
    except (ClientError, BotoCoreError):
        return []
    return found


def calls_of(events: Iterable[Mapping[str, Any]], service: str, cluster: str) -> list[Call]:
    """The calls among CloudTrail's events that were of this service and were not refused."""
    found = []
    for event in events:
        detail = json.loads(event["CloudTrailEvent"])
        asked = detail.get("requestParameters") or {}
        named = (asked.get("service") or asked.get("serviceName") or "").rpartition("/")[2]
        where = (asked.get("cluster") or "default").rpartition("/")[2]
        if "errorCode" not in detail and (named, where) == (service, cluster):
            found.append(Call(event["EventTime"], _caller(detail.get("userIdentity") or {})))
    return found


def caller_of(deployment: Deployment, calls: Sequence[Call]) -> str | None:
    """Who called nearest to the time at which a deployment was created; None where nobody did."""
    near = [call for call in calls if abs(call.at - deployment.created) <= AROUND]
    return min(near, key=lambda call: abs(call.at - deployment.created)).caller if near else None


def principal(arn: str | None) -> str | None:
    """Who an ARN of IAM or STS names, without account and path: ``user/alice``, ``role/deploy (session)``."""
    if not arn:
        return None
    resource = arn.rpartition(":")[2] if ":" in arn else arn
    kind, _, rest = resource.partition("/")
    if kind == "assumed-role":
        role, _, session = rest.partition("/")
        return f"role/{role} ({session})" if session else f"role/{role}"
    return resource


def _caller(identity: Mapping[str, Any]) -> str:
    who = principal(identity.get("arn")) or identity.get("type", "unknown")
    by = identity.get("invokedBy")
    return f"{who} by {by}" if by and by != "AWS Internal" else str(who)
