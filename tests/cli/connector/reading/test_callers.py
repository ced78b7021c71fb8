"""Who asked for a deployment, out of CloudTrail's events."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.connector.callers import Call, caller_of, calls_of, principal
from tests.cli.connector.reading.test_revisions import deployment

AT = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)
ALICE = {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/alice"}
DEPLOY = {
    "type": "AssumedRole",
    "arn": "arn:aws:sts::111122223333:assumed-role/cdk-exec/AWSCloudFormation",
    "invokedBy": "cloudformation.amazonaws.com",
}


def event(identity: dict[str, Any], service: str = "orders", cluster: str = "c", **more: object) -> dict[str, Any]:
    detail = {"userIdentity": identity, "requestParameters": {"service": service, "cluster": cluster}, **more}
    return {"EventTime": AT, "CloudTrailEvent": json.dumps(detail)}


def test_the_calls_of_the_service_alone_count_and_none_that_was_refused():
    events = [
        event(ALICE),
        event(DEPLOY, "arn:aws:ecs:eu-west-1:1:service/c/orders", "arn:aws:ecs:eu-west-1:1:cluster/c"),
        event(ALICE, "another"),
        event(ALICE, cluster="another"),
        event(ALICE, errorCode="AccessDenied"),
    ]
    callers = [call.caller for call in calls_of(events, "orders", "c")]
    assert callers == ["user/alice", "role/cdk-exec (AWSCloudFormation) by cloudformation.amazonaws.com"]


def test_the_creation_of_a_service_counts():
    detail = {"userIdentity": ALICE, "requestParameters": {"serviceName": "orders", "cluster": "c"}}
    (call,) = calls_of([{"EventTime": AT, "CloudTrailEvent": json.dumps(detail)}], "orders", "c")
    assert call == Call(AT, "user/alice")


def test_the_nearest_call_is_the_one_and_none_that_is_far():
    found = replace(deployment(2, 1), created=AT)
    near = [Call(AT + timedelta(seconds=4), "later"), Call(AT - timedelta(seconds=1), "just before")]
    assert caller_of(found, near) == "just before"
    assert caller_of(found, [Call(AT - timedelta(minutes=1), "long before")]) is None


def test_principals_stand_without_account():
    assert principal("arn:aws:iam::111122223333:user/team/alice") == "user/team/alice"
    assert (
        principal("arn:aws:sts::111122223333:assumed-role/deploy/alice@example.org")
        == "role/deploy (alice@example.org)"
    )
    assert principal("arn:aws:iam::111122223333:root") == "root"
    assert principal(None) is None
