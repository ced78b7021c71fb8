"""The floor: what nobody can save, whatever the language.

A record must be consumed, its bytes digested by SHA-256 for the signature, encrypted and handed to the kernel, and with
JSON written in base64. This measures each alone, by the libraries that the connector uses, and adds them up.
"""

from __future__ import annotations

import hashlib
import socket
import ssl
import time
from binascii import b2a_base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import cbor2

from benchmarks.connector.crossing import Bench
from benchmarks.processes import stub
from benchmarks.records import generate, key_of
from benchmarks.table import Row, median_row
from benchmarks.yardstick import records_per_cpu_second

CALL = 500
REPETITIONS = 400


def floor(bench: Bench, size: int) -> Iterator[Row]:
    """Consume, digest, encode and encrypt, each alone; microseconds of CPU a record."""
    topic = bench.topic(size)
    records = list(generate(CALL, size))
    content = {"StreamName": "bench", "Records": [_record(place, value) for place, value in records]}
    body = cbor2.dumps(content)
    values = [value for _, value in records]
    text = b",".join(
        [b'{"Data":"%b","PartitionKey":"%b"}' % (b2a_base64(v, newline=False), key_of(p)) for p, v in records]
    )
    consuming, digest, digest_text, base64, transport, transport_text = [], [], [], [], [], []
    for _ in range(bench.rounds):
        of_cpu, _ = records_per_cpu_second(bench.bootstrap, topic.name, topic.count)
        consuming.append(1e6 / of_cpu)
        digest.append(_microseconds(lambda: hashlib.sha256(body).digest()))
        digest_text.append(_microseconds(lambda: hashlib.sha256(text).digest()))
        base64.append(_microseconds(lambda: [b2a_base64(value, newline=False) for value in values]))
        with _exchanging(bench, body) as exchange:
            transport.append(_microseconds(exchange))
        with _exchanging(bench, body + bytes(len(text) - len(body))) as exchange:
            transport_text.append(_microseconds(exchange))
    for what, found in (
        ("consuming alone", consuming),
        ("SHA-256, CBOR body", digest),
        ("TLS 1.3, socket and answer, CBOR body", transport),
        ("base64", base64),
        ("SHA-256, JSON body", digest_text),
        ("TLS 1.3, socket and answer, JSON body", transport_text),
    ):
        yield median_row("floor", f"{size} B: {what}, µs/record", found)
    of_cbor = [sum(parts) for parts in zip(consuming, digest, transport, strict=True)]
    of_json = [sum(parts) for parts in zip(consuming, digest_text, base64, transport_text, strict=True)]
    for wire, sums in (("CBOR", of_cbor), ("JSON", of_json)):
        ratios = [alone / total for alone, total in zip(consuming, sums, strict=True)]
        yield median_row("floor", f"{size} B: {wire}: limit, records/CPU-s", [1e6 / total for total in sums], digits=0)
        yield median_row("floor", f"{size} B: {wire}: limit / alone", ratios)


def _record(place: int, value: bytes) -> dict[str, object]:
    return {"Data": value, "PartitionKey": key_of(place).decode()}


def _microseconds(work: Callable[[], object]) -> float:
    """CPU of this process for one record, by work on a whole call."""
    work()
    began = time.process_time()
    for _ in range(REPETITIONS):
        work()
    return (time.process_time() - began) / REPETITIONS / CALL * 1e6


@contextmanager
def _exchanging(bench: Bench, body: bytes) -> Iterator[Callable[[], None]]:
    """A blocking TLS connection to a stub; each call sends the body as a request and reads the answer."""
    request = (
        b"POST / HTTP/1.1\r\nContent-Type: application/x-amz-cbor-1.1\r\n"
        b"X-Amz-Target: Kinesis_20131202.PutRecords\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    )
    with stub(bench.directory / f"floor-{time.monotonic_ns()}") as sink:
        url = urlsplit(sink.environment["AWS_ENDPOINT_URL"])
        context = ssl.create_default_context(cafile=sink.environment["AWS_CA_BUNDLE"])
        raw = socket.create_connection((url.hostname or "", url.port or 0))
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with context.wrap_socket(raw, server_hostname=url.hostname) as connected:
            length = _first_answer(connected, request)
            answer = memoryview(bytearray(length))

            def exchange() -> None:
                connected.sendall(request)
                received = 0
                while received < length:
                    received += connected.recv_into(answer)

            yield exchange


def _first_answer(connected: ssl.SSLSocket, request: bytes) -> int:
    """Send the first request and tell how long an answer is: all are equally long."""
    connected.sendall(request)
    received = b""
    while b"\r\n\r\n" not in received:
        received += connected.recv(1 << 16)
    head, _, rest = received.partition(b"\r\n\r\n")
    length = int(head.rpartition(b"Content-Length: ")[2])
    left = length - len(rest)
    while left > 0:
        left -= len(connected.recv(1 << 16))
    return len(head) + 4 + length
