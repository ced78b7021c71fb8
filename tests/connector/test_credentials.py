"""Credentials are at hand: refreshed aside, ahead of their expiry, and waited for only when there are none."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.credentials import Credentials as Found
from botocore.credentials import RefreshableCredentials

from connector.aws.credentials import CredentialChain
from connector.sender import CredentialsUnavailable
from tests.connector.processes import until


class StubProvider:
    """Gives numbered credentials of an hour, as soon as it is let; `passes` lets time go by."""

    def __init__(self) -> None:
        self.given = self.resolved = 0
        self.passed = timedelta()
        self.let = threading.Event()
        self.let.set()
        self.failure: Exception | None = None

    def time(self) -> datetime:
        return datetime.now(UTC) + self.passed

    def passes(self, minutes: float) -> None:
        self.passed += timedelta(minutes=minutes)

    def metadata(self) -> dict[str, Any]:
        assert self.let.wait(30)
        if self.failure is not None:
            raise self.failure
        self.given += 1
        expiry = (self.time() + timedelta(hours=1)).isoformat()
        return {"access_key": f"K{self.given}", "secret_key": "s", "token": "t", "expiry_time": expiry}

    def resolve(self) -> RefreshableCredentials:
        self.resolved += 1
        first = self.metadata()
        expiry = datetime.fromisoformat(first["expiry_time"])
        return RefreshableCredentials(first["access_key"], "s", "t", expiry, self.metadata, "stub", self.time)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def provider() -> Iterator[StubProvider]:
    stub = StubProvider()
    yield stub
    stub.let.set()


def test_valid_credentials_are_given_while_newer_ones_are_fetched(provider: StubProvider, clock: Clock):
    chain = CredentialChain(provider.resolve, clock)
    assert chain.take().access_key == "K1"
    provider.let.clear()
    provider.passes(minutes=47)
    clock.now += 60
    assert [chain.take().access_key for _ in range(100)] == ["K1"] * 100
    assert provider.given == 1
    provider.let.set()
    until(lambda: chain.take().access_key == "K2")
    assert provider.resolved == 1


def test_a_refresh_that_fails_leaves_the_valid_ones_and_is_tried_again_after_a_pause(
    provider: StubProvider, clock: Clock
):
    chain = CredentialChain(provider.resolve, clock)
    chain.take()
    provider.failure = OSError("no route")
    provider.passes(minutes=47)
    clock.now += 60
    assert chain.take().access_key == "K1"
    asking = chain._asking
    assert asking is not None
    asking.join(10)
    assert chain.take().access_key == "K1"
    assert chain._asking is asking
    provider.failure = None
    clock.now += 60
    until(lambda: chain.take().access_key == "K2")


def test_when_none_are_valid_they_are_waited_for_but_not_for_ever(provider: StubProvider):
    provider.let.clear()
    chain = CredentialChain(provider.resolve, patience=0.05)
    with pytest.raises(CredentialsUnavailable, match="gives no answer"):
        chain.take()
    chain._patience = 30
    provider.let.set()
    assert chain.take().access_key == "K1"


def test_expired_ones_are_never_given(provider: StubProvider):
    chain = CredentialChain(provider.resolve)
    chain.take()
    provider.passes(minutes=61)
    assert chain.take().access_key == "K2"
    provider.failure = OSError("no route")
    provider.passes(minutes=61)
    with pytest.raises(CredentialsUnavailable, match=r"^no route$"):
        chain.take()


def test_refused_ones_are_resolved_anew_once_for_all_calls_that_came_back(provider: StubProvider, clock: Clock):
    chain = CredentialChain(provider.resolve, clock)
    assert chain.take().access_key == "K1"
    clock.now += 2
    chain.renew()
    assert chain.take().access_key == "K2"
    chain.renew()
    assert chain.take().access_key == "K2"
    assert provider.resolved == 2


def test_a_chain_that_gives_nothing_leaves_none():
    with pytest.raises(CredentialsUnavailable, match="no AWS credentials found"):
        CredentialChain(lambda: None).take()


def test_keys_without_an_end_are_taken_as_they_are():
    credentials = CredentialChain(lambda: Found("K", "s")).take()
    assert (credentials.access_key, credentials.secret_key, credentials.token) == ("K", "s", None)
