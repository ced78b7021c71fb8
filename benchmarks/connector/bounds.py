"""Scenarios of bounds: memory while the sink stands still, and delay while hardly anything comes."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
from confluent_kafka import Producer

from benchmarks import topic as topics
from benchmarks.connector.crossing import Bench
from benchmarks.records import generate, head, key_of, partition_of
from benchmarks.table import Row, say

STALL_SECONDS = 20.0
MEMORIES_MIB = (64, 256)
LINGER_MS = 100  # the default
PER_SECOND = 1000
TRICKLE_SECONDS = 20
FIRST = 100  # records that are not measured
_MEBIBYTE = 1 << 20


def memory(bench: Bench, size: int) -> Iterator[Row]:
    """The sink takes requests and never answers; memory above that of an idle connector must stay in its bound."""
    topic = bench.topic(size)
    empty = f"empty-{size}"
    topics.create(bench.bootstrap, empty)
    for bound in MEMORIES_MIB:
        idle = _peak(bench, empty, bound, 5.0)
        stalled = _peak(bench, topic.name, bound, STALL_SECONDS)
        say(f"  memory: {bound}MiB: idle {idle:.0f} MiB, stalled {stalled:.0f} MiB")
        what = f"{size} B, memory: {bound}MiB: above idle, MiB"
        note = f"{stalled:.0f} MiB in all"
        yield Row("memory", what, stalled - idle, must=bound, at_most=True, digits=0, note=note)


def _peak(bench: Bench, topic: str, bound: int, seconds: float) -> float:
    with bench.running(bench.config(topic, memory=f"{bound}MiB"), ("--stall",)) as (program, _):
        program.wait_for(lambda: b'"partitions assigned"' in program.log.read_bytes(), "the group joined", 30)
        time.sleep(seconds)
        if program.popen.poll() is not None:
            raise program.problem("ended while the sink stood still")
        program.look_at_memory()
        return program.peak_rss / _MEBIBYTE


def trickle(bench: Bench, size: int) -> Iterator[Row]:
    """A thousand records a second, evenly; from their creation to their arrival."""
    name = "trickle"
    topics.create(bench.bootstrap, name)
    # Idempotent: a batch that is repeated, usual on a new topic, would come after its successors.
    producer = Producer({"bootstrap.servers": bench.bootstrap, "linger.ms": 1, "enable.idempotence": True})
    config = bench.config(name)
    records = list(generate(PER_SECOND * TRICKLE_SECONDS, size))
    filling = head(0, 0)
    broker_ms: list[float] = []
    with bench.running(config, ("--verify",)) as (program, sink):

        def send(number: int) -> None:
            place, value = records[number]
            created = time.time_ns()

            def acknowledged(*_: object) -> None:
                broker_ms.append((time.time_ns() - created) / 1e6)

            stamped = head(number, place, created) + value[len(filling) :]
            producer.produce(name, stamped, key_of(place), partition_of(place), on_delivery=acknowledged)
            producer.poll(0)

        for number in range(FIRST):  # until every partition has been found by the producer and by the connector
            send(number)
        program.wait_for(lambda: sink.counters.read().distinct >= FIRST, "the first records arrived", 30)
        producer.flush(10)
        broker_ms.clear()
        began = time.monotonic()
        for number in range(FIRST, len(records)):
            time.sleep(max(0.0, began + (number - FIRST) / PER_SECOND - time.monotonic()))
            send(number)
        producer.flush(10)
        program.wait_for(lambda: sink.counters.read().distinct >= len(records), "all records arrived", 30)
        violations = sink.counters.read().violations
    delays_ms = sink.delays()[FIRST:] / 1e6
    half, most, longest = np.percentile(delays_ms, [50, 99, 100]).tolist()
    what = f"{PER_SECOND:,} records/s, linger {LINGER_MS} ms: 99 % / linger"
    in_broker = float(np.percentile(broker_ms, 99))
    note = f"median {half:.0f} ms, longest {longest:.0f} ms; until the broker had them, 99 % {in_broker:.0f} ms"
    yield Row("trickle", what, most / LINGER_MS, must=1.5, at_most=True, note=note)
    yield Row("trickle", "order violations", violations, must=0, at_most=True, digits=0)
