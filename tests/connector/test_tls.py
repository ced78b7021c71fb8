"""TLS between bytes in memory, against the ssl module's own server side."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.http_client import Connection, Endpoint
from connector.http_response import ConnectionFailed
from connector.tls import TlsStream
from tests.connector.fault_server import serving
from tests.connector.processes import until
from tests.connector.test_http_client import drive

CHUNK = 1 << 18


class Pair:
    """A stream and its peer, whose bytes the test carries."""

    def __init__(self, certificate: Path, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> None:
        context = serving(certificate)
        context.maximum_version = version
        self._to_peer, self._from_peer = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.peer = context.wrap_bio(self._to_peer, self._from_peer, server_side=True)
        self.stream = TlsStream(ssl.create_default_context(cafile=certificate), "localhost")

    def carry(self, size: int = -1) -> None:
        """Carry all there is, to the stream in pieces of `size`."""
        self._to_peer.write(self.stream.outgoing())
        coming = memoryview(self._from_peer.read())
        step = len(coming) if size < 0 else size
        for start in range(0, len(coming), step or 1):
            self.stream.received(coming[start : start + step])

    def connect(self, size: int = -1) -> None:
        done = accepted = False
        for _ in range(10):
            done = done or self.stream.handshake()
            self.carry(size)
            with contextlib.suppress(ssl.SSLWantReadError):
                self.peer.do_handshake()
                accepted = True
            self.carry(size)
            if done and accepted:
                return
        raise AssertionError("no handshake")

    def read_all(self) -> bytes:
        buffer, found = bytearray(CHUNK), b""
        while count := self.stream.read_into(buffer):
            found += buffer[:count]
        return found


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("size", [0, 1, CHUNK, CHUNK + 1, 3 * CHUNK + 77])
def test_all_of_a_request_arrives_as_it_was(certificate: Path, version: ssl.TLSVersion, size: int):
    pair = Pair(certificate, version)
    pair.connect()
    request = bytes(number % 251 for number in range(size))
    cut = size // 3
    parts = deque([memoryview(request[:cut]), memoryview(request[cut:])])
    arrived = bytearray()
    while parts:
        pair.stream.encrypt(parts)
        pair.carry()
        with contextlib.suppress(ssl.SSLWantReadError):
            while True:
                arrived += pair.peer.read(CHUNK)
    assert bytes(arrived) == request


def test_it_encrypts_no_more_ahead_than_the_socket_may_take_at_once(certificate: Path):
    pair = Pair(certificate)
    pair.connect()
    parts = deque([memoryview(b"head"), memoryview(bytes(10 * CHUNK))])
    pair.stream.encrypt(parts)
    (rest,) = parts
    assert len(rest) == 9 * CHUNK + len(b"head")
    assert CHUNK < len(pair.stream.outgoing()) < CHUNK * 1.1


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=100_000), st.integers(1, 50_000))
def test_an_answer_is_read_whole_in_whatever_pieces_it_comes(certificate: Path, answer: bytes, size: int):
    pair = Pair(certificate)
    pair.connect(size)
    if answer:
        pair.peer.write(answer)
    pair.carry(size)
    assert pair.read_all() == answer
    assert pair.stream.read_into(bytearray(10)) is None


def test_the_peers_goodbye_is_the_end(certificate: Path):
    pair = Pair(certificate)
    pair.connect()
    pair.peer.write(b"last")
    with contextlib.suppress(ssl.SSLWantReadError):
        pair.peer.unwrap()
    pair.carry()
    assert pair.read_all() == b"last"
    assert pair.stream.read_into(bytearray(10)) == 0


def test_what_was_changed_on_its_way_is_refused(certificate: Path):
    pair = Pair(certificate)
    pair.connect()
    pair.peer.write(b"answer")
    changed = bytearray(pair._from_peer.read())
    changed[-1] ^= 1
    pair.stream.received(memoryview(changed))
    with pytest.raises(ssl.SSLError):
        pair.stream.read_into(bytearray(10))


def test_a_certificate_for_another_host_is_refused(certificate: Path):
    pair = Pair(certificate)
    pair.stream = TlsStream(ssl.create_default_context(cafile=certificate), "kinesis.eu-west-1.amazonaws.com")
    with pytest.raises(ssl.SSLCertVerificationError, match="not valid for"):
        pair.connect()


@pytest.fixture
def accepting(certificate: Path) -> Iterator[tuple[int, list[ssl.SSLError]]]:
    """A port where one connection is accepted, and why its handshake failed."""
    context = serving(certificate)
    failures: list[ssl.SSLError] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)

        def accept() -> None:
            peer, _ = listener.accept()
            try:
                context.wrap_socket(peer, server_side=True).close()
            except ssl.SSLError as error:
                failures.append(error)
                peer.close()

        thread = threading.Thread(target=accept)
        thread.start()
        yield listener.getsockname()[1], failures
        thread.join(10)
        assert not thread.is_alive()


def test_a_server_that_is_not_trusted_is_told_why(accepting: tuple[int, list[ssl.SSLError]]):
    port, failures = accepting
    connection = Connection(Endpoint("localhost", port, tls=True), ssl.create_default_context())
    with pytest.raises(ConnectionFailed, match="certificate"):
        drive(connection, b"POST / HTTP/1.1\r\n\r\n")
    until(lambda: failures)
    assert "UNKNOWN_CA" in str(failures[0])
