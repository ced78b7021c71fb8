"""HTTP/1.1 as the sender speaks it."""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import ConnectorError
from connector.http_client import Connection, Endpoint
from connector.http_response import ConnectionFailed, Response, needed, parse_response
from tests.connector.fault_server import serving

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: x\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n"


@pytest.mark.parametrize("whole", [PLAIN, CHUNKED])
def test_a_response_is_complete_at_its_last_byte_and_not_before(whole):
    assert all(parse_response(whole[:length]) is None for length in range(len(whole)))
    parsed = parse_response(whole)
    assert parsed is not None
    assert parsed[0].body == b"hello"
    assert parsed[1]


@given(
    st.lists(
        st.one_of(
            st.just(b"X: y"),
            st.sampled_from(
                [b"Content-Length: 30", b"content-length:30", b"CONTENT-LENGTH: 30 ", b"Content-length:\t30"]
            ),
        ),
        max_size=4,
    ),
    st.booleans(),
    st.binary(min_size=30, max_size=30),
    st.integers(0, 200),
)
def test_a_response_is_never_said_to_need_more_bytes_than_it_has(headers, chunked, body, length):
    if chunked:
        headers = [header for header in headers if b"ength" not in header.lower()]
        head = b"\r\n".join([b"HTTP/1.1 200 OK", *headers, b"Transfer-Encoding: chunked"])
        # What looks like a header inside the body says nothing.
        body = b"2c\r\n\r\nContent-Length: 99\r\n" + body[:22] + b"\r\n0\r\n\r\n"
    else:
        head = b"\r\n".join([b"HTTP/1.1 200 OK", *headers, b"Content-Length: 30"])
    whole = head + b"\r\n\r\n" + body
    part = whole[: min(length, len(whole) - 1)]
    assert parse_response(part) is None
    assert len(part) < needed(part) <= len(whole)
    parsed = parse_response(whole)
    assert parsed is not None


@pytest.mark.parametrize(
    ("head", "keeps"),
    [
        ("HTTP/1.1 200 OK\r\n", True),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\n", False),
        ("HTTP/1.0 200 OK\r\n", False),
        ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n", True),
    ],
)
def test_a_connection_stays_open_as_the_peer_says(head, keeps):
    parsed = parse_response(f"{head}Content-Length: 0\r\n\r\n".encode())
    assert parsed is not None
    assert parsed[1] is keeps


@pytest.mark.parametrize(
    "text",
    [
        b"SSH-2.0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: %b\r\n\r\n" % (b"9" * 5000),
        b"HTTP/1.1 \xb2\xb2\xb2 OK\r\nContent-Length: 0\r\n\r\n",
        *[
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%b\r\n" % length
            for length in (b"-6", b"+1", b"0x1", b"1_0", b"", b"f" * 5000)
        ],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%b" % (b"0" * (1 << 17)),
    ],
)
def test_what_is_no_response_of_known_length_is_refused(text):
    with pytest.raises(ConnectionFailed):
        parse_response(text)


numbers = st.one_of(
    st.integers(-20, 20).map(lambda number: b"%d" % number),
    st.integers(0, 1 << 40).map(lambda number: b"%x" % number),
    st.sampled_from([b"\xb2", b"\xb2\xb2\xb2", b"-6", b"+5", b"0x5", b"1_0", b" 5 ", b"5;x=y", b"9" * 5000, b""]),
    st.binary(max_size=8),
)


@given(
    st.one_of(st.just(b"200"), numbers),
    st.one_of(
        numbers.map(lambda number: b"Content-Length: " + number),
        st.just(b"Transfer-Encoding: chunked"),
        st.binary(max_size=60),
    ),
    st.lists(st.one_of(numbers, st.binary(max_size=20)), max_size=5).map(b"\r\n".join),
)
def test_garbage_never_crashes_the_parser(code, header, body):
    with contextlib.suppress(ConnectionFailed):
        parse_response(b"HTTP/1.1 %b OK\r\n%b\r\n\r\n%b" % (code, header, body))


@pytest.mark.parametrize(
    ("url", "endpoint", "header"),
    [
        ("https://kinesis.eu-west-1.amazonaws.com", Endpoint("kinesis.eu-west-1.amazonaws.com", 443, tls=True), None),
        ("http://localhost:5000/", Endpoint("localhost", 5000, tls=False), "localhost:5000"),
        ("http://[::1]:5000", Endpoint("::1", 5000, tls=False), "[::1]:5000"),
    ],
)
def test_an_endpoint_is_read_from_its_url(url, endpoint, header):
    assert Endpoint.from_url(url) == endpoint
    assert endpoint.host_header == (header or endpoint.host)


@pytest.mark.parametrize("url", ["localhost:5000", "ftp://x", "http://x:99999", "http://x/path", ""])
def test_an_endpoint_that_is_none_is_refused_with_the_way_out(url):
    with pytest.raises(ConnectorError, match="AWS_ENDPOINT_URL"):
        Endpoint.from_url(url)


def drive(connection: Connection, *request: bytes) -> Response:
    """Send one request and wait for its response, as the sender's loop does."""
    connection.start(*request)
    with selectors.DefaultSelector() as selector:
        while True:
            selector.register(connection, connection.wants)
            assert selector.select(5)
            selector.unregister(connection)
            response = connection.advance()
            if response is not None:
                return response


@pytest.mark.parametrize("secure", [False, True])
def test_a_request_larger_than_all_buffers_goes_through_and_the_connection_is_used_again(
    secure, server, tls_server, certificate
):
    context = ssl.create_default_context(cafile=certificate) if secure else None
    connection = Connection(Endpoint.from_url((tls_server if secure else server).url), context)
    body = b'{"Records": [], "padding": "%b"}' % (b"x" * (5 << 20))
    head = b"POST / HTTP/1.1\r\nX-Amz-Target: K.PutRecords\r\nContent-Length: %d\r\n\r\n" % len(body)
    before = sys.getrefcount(body)
    for _ in range(3):
        assert drive(connection, head, body).status == 200
    assert connection.is_open
    assert sys.getrefcount(body) == before
    connection.close()


def test_a_connection_that_is_cut_off_keeps_nothing_of_its_request():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connection = Connection(Endpoint("127.0.0.1", listener.getsockname()[1], tls=False), None)
        request = bytes(1 << 20)
        before = sys.getrefcount(request)
        connection.start(request)
        assert sys.getrefcount(request) > before
        connection.close()
        assert sys.getrefcount(request) == before


def test_an_untrusted_certificate_is_refused(tls_server):
    connection = Connection(Endpoint.from_url(tls_server.url), ssl.create_default_context())
    with pytest.raises(ConnectionFailed, match="certificate"):
        drive(connection, b"POST / HTTP/1.1\r\n\r\n")
    assert not connection.is_open


def test_a_connection_that_the_peer_closes_while_idle_is_noticed():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connection = Connection(Endpoint("127.0.0.1", listener.getsockname()[1], tls=False), None)
        connection.start(b"GET / HTTP/1.1\r\n\r\n")
        peer, _ = listener.accept()
        connection.advance()
        peer.recv(100)
        peer.sendall(PLAIN)
        with selectors.DefaultSelector() as selector:
            selector.register(connection, selectors.EVENT_READ)
            selector.select(5)
            assert connection.advance() is not None
            peer.close()
            selector.select(5)
        assert connection.advance() is None
        assert not connection.is_open


def test_a_port_where_nobody_listens_is_a_failed_connection():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    connection = Connection(Endpoint("127.0.0.1", port, tls=False), None)
    with pytest.raises(ConnectionFailed, match=r"cannot be reached|refused"):
        drive(connection, b"")


def answer_and_goodbye(listener: socket.socket, context: ssl.SSLContext, answer: bytes) -> None:
    """Serve one request; the answer and the end of TLS leave in one piece."""
    connected, _ = listener.accept()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_side=True)

    def until(step: Callable[[], object]) -> object:
        while True:
            with contextlib.suppress(ssl.SSLWantReadError):
                return step()
            connected.sendall(outgoing.read())
            incoming.write(connected.recv(1 << 16))

    with connected:
        until(tls.do_handshake)
        connected.sendall(outgoing.read())
        until(lambda: tls.read(1 << 16))
        tls.write(answer)
        with contextlib.suppress(ssl.SSLWantReadError):
            tls.unwrap()
        connected.sendall(outgoing.read())
        connected.recv(1 << 16)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", "ok"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", "closed before the answer was complete"),
    ],
)
def test_an_answer_counts_though_the_goodbye_comes_with_it(certificate: Path, answer: bytes, outcome: str):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer_and_goodbye, args=(listener, serving(certificate), answer))
        thread.start()
        endpoint = Endpoint("localhost", listener.getsockname()[1], tls=True)
        connection = Connection(endpoint, ssl.create_default_context(cafile=certificate))
        try:
            said = drive(connection, b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n").body.decode()
        except ConnectionFailed as error:
            said = str(error)
        assert outcome in said
        assert not connection.is_open
        thread.join(5)
