"""HTTP/1.1 as the sender speaks it."""

from __future__ import annotations

import contextlib
import itertools
import selectors
import socket
import ssl
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector import http_client
from connector.errors import ConnectorError
from connector.http_client import Connection, Endpoint
from connector.http_response import LONGEST_ANSWER, ConnectionFailed, Response, ResponseReader
from tests.connector.fault_server import serving

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: x\r\nContent-Length: 5\r\n\r\nhello"
CHUNKS = b"3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS
# What the length says beside chunks is to be ignored, be it too long or too short.
BOTH = [
    b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n" % length + CHUNKS
    for length in (0, 5, 9999, 1 << 40)
]


def read(*pieces: bytes) -> tuple[Response, bool] | None:
    """Read a response that comes in these pieces; see that it is complete with the last one only."""
    reader = ResponseReader()
    taken = reader.take()
    for piece in pieces:
        assert taken is None
        reader.feed(memoryview(piece))
        taken = reader.take()
    return taken


@pytest.mark.parametrize("whole", [PLAIN, CHUNKED, *BOTH])
def test_a_response_is_complete_at_its_last_byte_and_not_before(whole: bytes):
    taken = read(*(whole[place : place + 1] for place in range(len(whole))))
    assert taken is not None
    assert taken[0].body == b"hello"
    assert taken[1]


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
    st.lists(st.integers(0, 250)),
)
def test_a_response_means_the_same_in_whatever_pieces_it_comes(headers, chunked, body, cuts):
    if chunked:
        head = b"\r\n".join([b"HTTP/1.1 200 OK", *headers, b"Transfer-Encoding: chunked"])
        # What looks like a header, an end or a chunk inside the body says nothing.
        body = b"\r\n\r\n0\r\n\r\nContent-Length: 99\r\n" + body
        sent = b"5;x\r\n" + body[:5] + b"\r\n%x\r\n" % (len(body) - 5) + body[5:] + b"\r\n0\r\nX: y\r\n\r\n"
    else:
        head = b"\r\n".join([b"HTTP/1.1 200 OK", *headers, b"Content-Length: 30"])
        sent = body
    whole = head + b"\r\n\r\n" + sent
    ends = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    taken = read(*(whole[start:end] for start, end in itertools.pairwise(ends)))
    assert taken is not None
    assert taken[0].body == body


def test_a_reader_reads_one_response_after_the_other():
    reader = ResponseReader()
    for whole in (PLAIN, CHUNKED, PLAIN):
        reader.feed(memoryview(whole))
        taken = reader.take()
        assert taken is not None
        assert taken[0].body == b"hello"
        assert len(reader) == 0


@pytest.mark.parametrize("whole", [PLAIN, CHUNKED])
def test_a_connection_on_which_more_came_than_was_asked_for_is_not_kept(whole: bytes):
    taken = read(whole + b"HTTP/1.1")
    assert taken is not None
    assert taken[0].body == b"hello"
    assert not taken[1]


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
    taken = read(f"{head}Content-Length: 0\r\n\r\n".encode())
    assert taken is not None
    assert taken[1] is keeps


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
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n%b" % (b"x" * (1 << 17)),
        b"HTTP/1.1 200 OK\r\n%b" % (b"x" * (1 << 17)),
        b"HTTP/1.1 200 OK\r\nX: %b\r\n\r\n" % (b"x" * (1 << 17)),
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (LONGEST_ANSWER + 1),
    ],
)
def test_what_is_no_response_of_known_length_is_refused(text):
    with pytest.raises(ConnectionFailed):
        read(text)


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
        read(b"HTTP/1.1 %b OK\r\n%b\r\n\r\n%b" % (code, header, body))


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


class Endless:
    """A socket that always has more to read, and counts how often it was read."""

    def __init__(self, piece: bytes) -> None:
        self._piece = piece
        self.sent = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.reads = 0
        self.read = 0

    def send(self, data: memoryview) -> int:
        return len(data)

    def recv_into(self, buffer: bytearray) -> int:
        data = self.sent or self._piece * (len(buffer) // len(self._piece))
        self.sent = b""
        buffer[: len(data)] = data
        self.reads += 1
        self.read += len(data)
        return len(data)

    def close(self) -> None:
        pass


def asked(endless: Endless) -> Connection:
    """A connection that waits for an answer of this peer."""
    connection = Connection(Endpoint("localhost", 1, tls=False), None)
    connection._socket = endless  # type: ignore[assignment]  # as much of a socket as a connection uses
    connection._state = http_client._State.IDLE
    connection.start(b"POST / HTTP/1.1\r\n\r\n")
    assert connection.advance() is None
    return connection


@pytest.mark.parametrize("piece", [b"10000\r\n%b\r\n" % bytes(1 << 16), b"4\r\nabcd\r\n"])
def test_an_endless_answer_holds_nobody_up_and_takes_little_memory(piece: bytes):
    endless = Endless(piece)
    connection = asked(endless)
    reads = [endless.reads]

    def turn() -> bool:
        assert connection.advance() is None
        reads.append(endless.reads)
        return True

    with pytest.raises(ConnectionFailed, match="more than 4 MiB"):
        all(iter(turn, False))
    assert len(reads) > 3
    assert all(after - before <= 4 for before, after in itertools.pairwise(reads))
    assert endless.read < LONGEST_ANSWER + (1 << 20)
    assert not connection.is_open


def test_without_a_bound_on_reads_an_endless_answer_would_hold_the_others_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(http_client, "_READS", 1 << 30)
    endless = Endless(b"10000\r\n%b\r\n" % bytes(1 << 16))
    connection = asked(endless)
    with pytest.raises(ConnectionFailed, match="more than 4 MiB"):
        connection.advance()
    assert endless.reads > 10


TOO_LARGE = b"HTTP/1.1 413 -\r\nContent-Length: 2\r\n\r\nno"
REQUEST = b"POST / HTTP/1.1\r\nContent-Length: 33554432\r\n\r\n", bytes(32 << 20)  # more than any buffer takes
Hasty = Callable[..., "contextlib.AbstractContextManager[int]"]


@pytest.fixture
def hasty(certificate: Path) -> Hasty:
    """A server that answers at the head of a request; then it closes, waits, or reads on and notes what it read."""

    @contextlib.contextmanager
    def serve(answer: bytes, then: str, secure: bool, read: Counter[str] | None = None) -> Iterator[int]:
        done = threading.Event()

        def one() -> None:
            raw, _ = listener.accept()
            raw.settimeout(10)
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peer = serving(certificate).wrap_socket(raw, server_side=True) if secure else raw
            with peer, contextlib.suppress(OSError):
                noted = Counter() if read is None else read
                noted["bytes"] += len(peer.recv(100))
                peer.sendall(answer)
                while then == "reads on" and (count := len(peer.recv(1 << 20))):
                    noted["bytes"] += count
                if then != "closes":
                    done.wait(10)

        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=one)
            thread.start()
            try:
                yield listener.getsockname()[1]
            finally:
                done.set()
                thread.join(10)

    return serve


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("then", ["closes", "waits", "reads on"])
def test_a_refusal_that_comes_before_the_request_is_sent_is_its_answer(
    hasty: Hasty, certificate: Path, then: str, secure: bool
):
    context = ssl.create_default_context(cafile=certificate) if secure else None
    read: Counter[str] = Counter()
    with hasty(TOO_LARGE, then, secure, read) as port:
        connection = Connection(Endpoint("localhost", port, tls=secure), context)
        response = drive(connection, *REQUEST)
        assert (response.status, response.body) == (413, b"no")
        stayed_open = connection.is_open
        connection.close()
    # A connection is kept only if its request had gone out whole when the answer came.
    assert not stayed_open or read["bytes"] == sum(map(len, REQUEST))


@pytest.mark.parametrize("then", ["closes", "waits"])
@pytest.mark.parametrize("answer", [PLAIN, b"SSH-2.0\r\n\r\n"])
def test_no_success_is_believed_before_the_request_is_sent(hasty: Hasty, answer: bytes, then: str):
    with hasty(answer, then, False) as port, pytest.raises(ConnectionFailed):
        drive(Connection(Endpoint("localhost", port, tls=False), None), *REQUEST)


@pytest.mark.parametrize("answer", [b"", TOO_LARGE[:-1]])
def test_a_connection_cut_before_the_answer_is_complete_has_failed(hasty: Hasty, answer: bytes):
    with hasty(answer, "closes", False) as port, pytest.raises(ConnectionFailed):
        drive(Connection(Endpoint("localhost", port, tls=False), None), *REQUEST)


def test_without_a_look_for_it_a_refusal_would_be_a_failed_connection(hasty: Hasty, monkeypatch: pytest.MonkeyPatch):
    def none(_: Connection, __: socket.socket, error: OSError) -> None:
        raise error

    monkeypatch.setattr(Connection, "_early_answer", none)
    with hasty(TOO_LARGE, "closes", False) as port, pytest.raises(ConnectionFailed):
        drive(Connection(Endpoint("localhost", port, tls=False), None), *REQUEST)
