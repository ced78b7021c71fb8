"""The flights demonstration: it passes when all is well, and finds every way in which it is not."""

from __future__ import annotations

import pytest

from tests.end_to_end.conftest import Deployment


def test_every_flight_arrives_once_and_in_the_order_of_its_key(deployment: Deployment):
    (verdict,) = deployment.answer("sandbox", "run", "flights", "--records", "30000")["items"]
    assert verdict["verdict"] == "passed"
    assert verdict["sent"] == verdict["arrived"] == 30_000
    assert verdict["missing"] == verdict["unknown"] == verdict["duplicates"] == verdict["out_of_order"] == 0
    assert verdict["keys"] > 3_000


def test_the_verdict_ends_the_command_with_exit_code_0(deployment: Deployment):
    done = deployment.streamops("sandbox", "run", "flights", "--records", "2000")
    assert done.returncode == 0, done.stderr
    assert "verdict: PASSED" in done.stdout


@pytest.mark.parametrize(
    ("how", "failure"),
    [
        ("drop", "1 records are missing"),
        ("swap", "arrived after a later record of the same key"),
        ("alter", "were never sent, or were altered on the way"),
        ("repeat", "arrived more than once"),
    ],
)
def test_a_demonstration_that_is_broken_on_purpose_fails_with_exit_code_1(
    deployment: Deployment, how: str, failure: str
):
    done = deployment.streamops("sandbox", "run", "flights", "--records", "4000", "--sabotage", how)
    assert done.returncode == 1
    assert failure in done.stderr
    assert "verdict: FAILED" in done.stdout


def test_a_connector_killed_in_mid_run_loses_nothing(deployment: Deployment):
    """SIGKILL while more had been sent than committed: the duplicates prove that, and that it was sent again."""
    (verdict,) = deployment.answer("sandbox", "run", "flights", "--records", "60000", "--kill")["items"]
    assert verdict["verdict"] == "passed"
    assert verdict["missing"] == verdict["unknown"] == verdict["out_of_order"] == 0
    assert verdict["duplicates"] > 0
