"""``connector verify`` on what the real deploy made: all of it passes, and each thing that is taken away is missed."""

from __future__ import annotations

import pytest

from tests.end_to_end.conftest import Deployment
from tests.end_to_end.test_least_privilege import LISTED_WITH, LOOKED_AT, MOVED_WITH, without

NOT_SEEN_FROM_HERE = {"image", "image-pinned", "network-path"}
"""The sandbox's image is in no registry, and its cluster is not one that the stacks make."""
NEEDED = [
    *((route, action) for route, actions in LOOKED_AT.items() for action in actions),
    *MOVED_WITH.items(),
    ("flights-to-stream", LISTED_WITH),
]


def test_what_the_real_deploy_makes_fails_no_check(deployment: Deployment) -> None:
    answer = deployment.answer("connector", "verify", "-e", "local")
    assert {item["route"] for item in answer["items"]} == {"flights-to-stream", "flights-to-archive"}
    assert [item for item in answer["items"] if item["result"] == "failed"] == []
    assert {item["check"] for item in answer["items"] if item["result"] == "unknown"} == NOT_SEEN_FROM_HERE
    assert answer["status"] == "none"


@pytest.mark.parametrize(("route", "action"), NEEDED)
def test_an_action_that_the_route_misses_is_missed_by_the_check(
    deployment: Deployment, route: str, action: str
) -> None:
    """The same actions without which ``test_least_privilege`` sees the connector itself refused."""
    with without(deployment, route, action):
        answer = deployment.answer("connector", "verify", route, "-e", "local")
    (failed,) = [item for item in answer["items"] if item["result"] == "failed"]
    assert failed["check"] == "task-permissions"
    assert f"{action} on arn:aws:" in failed["detail"]
