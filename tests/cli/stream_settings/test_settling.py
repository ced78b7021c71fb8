"""Waiting for Kinesis to take a change, and for the change to hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cli.errors import CliError
from cli.stream import settling
from cli.stream.settling import BUSY, CROWDED, until, until_active, until_taken


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """No time passes; the pauses that there would have been."""
    waited: list[float] = []
    monkeypatch.setattr(settling, "pause", waited.append)
    monkeypatch.setattr("cli.stream.settling.time.sleep", waited.append)
    return waited


def refusing(code: str, times: int) -> Callable[[], str]:
    """A call that is refused some times before it is taken."""
    left = [times]

    def call() -> str:
        if left[0]:
            left[0] -= 1
            raise ClientError({"Error": {"Code": code, "Message": "not now"}}, "UpdateStreamMode")
        return "taken"

    return call


def test_a_busy_stream_is_asked_again_and_that_is_said_once(pauses, capsys):
    assert until_taken(refusing("ResourceInUseException", 3)) == "taken"
    assert len(pauses) == 3
    assert capsys.readouterr().err == "waiting: UpdateStreamMode: not now (ResourceInUseException)\n"


def test_a_limit_is_waited_for_only_where_it_passes_by_itself(pauses):
    assert until_taken(refusing("LimitExceededException", 1), again=CROWDED) == "taken"
    with pytest.raises(ClientError):
        until_taken(refusing("LimitExceededException", 1), again=BUSY)
    assert len(pauses) == 1


def test_patience_ends(pauses):
    with pytest.raises(ClientError):
        until_taken(refusing("ResourceInUseException", 1), patience=timedelta(seconds=-1))
    assert pauses == []


def test_what_takes_a_while_is_said_once(pauses, capsys):
    answers = iter([False, False, True])
    until(lambda: next(answers), "orders is UPDATING")
    assert len(pauses) == 2
    assert capsys.readouterr().err == "waiting: orders is UPDATING\n"


def test_an_active_stream_that_is_still_as_before_is_waited_for(pauses):
    looks = iter([("ACTIVE", 24), ("UPDATING", 24), ("ACTIVE", 48)])

    class Kinesis:
        def describe_stream_summary(self, **_: str) -> object:
            status, hours = next(looks)
            return {"StreamDescriptionSummary": {"StreamStatus": status, "RetentionPeriodHours": hours}}

    aws: Any = SimpleNamespace(kinesis=Kinesis())
    until_active(aws, "arn:aws:kinesis:eu-west-1:1:stream/orders", lambda live: live["RetentionPeriodHours"] == 48)
    assert (len(pauses), next(looks, None)) == (2, None)


def test_what_never_comes_about_is_an_error(monkeypatch):
    monkeypatch.setattr(settling, "PATIENCE", timedelta(seconds=-1))
    with pytest.raises(CliError, match="orders is UPDATING"):
        until(lambda: False, "orders is UPDATING")
