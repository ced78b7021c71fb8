"""Addresses are looked up aside, and known ones serve on."""

from __future__ import annotations

import socket
import threading

import pytest

from connector.addresses import Address, Addresses


def address(number: int) -> Address:
    return (socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"192.0.2.{number}", 443))


class Resolver:
    """Answers when it is let, with what it is told."""

    def __init__(self) -> None:
        self.answers: list[Address] = [address(1), address(2)]
        self.error: OSError | None = None
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.answered = threading.Semaphore(0)
        self.asked = 0
        self.now = 0.0

    def __call__(self, host: str, port: int) -> list[Address]:
        assert (host, port) == ("h", 443)
        self.asked += 1
        self.may_answer.wait(10)
        self.answered.release()
        if self.error is not None:
            raise self.error
        return self.answers


def test_the_addresses_of_one_answer_are_taken_in_turn():
    resolver = Resolver()
    addresses = Addresses("h", 443, resolver, lambda: resolver.now)
    assert [addresses.take()[4][0] for _ in range(3)] == ["192.0.2.1", "192.0.2.2", "192.0.2.1"]
    assert resolver.asked == 1


def test_known_addresses_serve_while_the_resolver_is_silent_or_fails():
    resolver = Resolver()
    addresses = Addresses("h", 443, resolver, lambda: resolver.now)
    addresses.take()
    resolver.may_answer.clear()
    resolver.error = OSError("no such name")
    resolver.now = 100
    assert addresses.take() in resolver.answers
    assert addresses.take() in resolver.answers
    assert resolver.asked == 2
    resolver.may_answer.set()
    assert resolver.answered.acquire(timeout=10)
    assert addresses.take() in resolver.answers


def test_a_silent_resolver_is_waited_for_once_and_asked_once():
    resolver = Resolver()
    resolver.may_answer.clear()
    addresses = Addresses("h", 443, resolver, lambda: resolver.now, patience=0.01)
    for _ in range(3):
        with pytest.raises(OSError, match="gives no answer"):
            addresses.take()
        resolver.now += 100
    assert resolver.asked == 1
    resolver.may_answer.set()


def test_a_failure_is_told_with_its_reason():
    resolver = Resolver()
    resolver.error = OSError("no such name")
    addresses = Addresses("h", 443, resolver, lambda: resolver.now)
    with pytest.raises(OSError, match="no such name"):
        addresses.take()
