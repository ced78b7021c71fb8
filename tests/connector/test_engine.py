"""The whole engine between a source in memory and a server that misbehaves."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.batch import Batch, Partition, Records
from connector.errors import ConnectorError, Undeliverable
from connector.kinesis.sink import KinesisSink
from connector.watermark import Watermark
from tests.connector.fault_server import CBOR, JSON, THROTTLED, Fault, FaultServer, even_shards, serving
from tests.connector.in_memory import (
    TOO_LATE,
    Assembly,
    HeldLetters,
    MemorySource,
    as_read,
    content,
    lost,
    out_of_order,
    place,
    random_faults,
    repeated_keys,
    running,
    settled,
)
from tests.connector.processes import until

PARTITIONS = 2
RECORDS = 300
CHUNK = 20
MEMORY = 16_000


@dataclass
class Run:
    """A whole run through every kind of fault, and what was seen of it."""

    assembly: Assembly
    server: FaultServer
    letters: HeldLetters
    bad: int
    peak: int

    @property
    def inversions(self) -> float:
        return sum(self.assembly.sample("inversions_total", shard=shard.name) for shard in self.server.shards)


def play(seed: int, certificate: Path, *, ordered: bool = True, speaks_cbor: bool = True, memory: int = MEMORY) -> Run:
    random = Random(seed)
    with FaultServer(tls=serving(certificate), shards=even_shards(2), speaks_cbor=speaks_cbor) as server:
        server.plan = random_faults(seed, server)
        letters = HeldLetters()
        letters.acknowledging = True
        # So few keys that most records wait for one before them, and reading on would fill the memory.
        partitions = [repeated_keys(random, RECORDS, 30) for _ in range(PARTITIONS)]
        for keys in partitions:
            keys[random.randrange(RECORDS)] = b"bad%d" % random.randrange(2)
        source = MemorySource(partitions, server, letters=letters, chunk=CHUNK)
        assembly = Assembly(
            source,
            ordered=ordered,
            ca_bundle=str(certificate),
            letters=letters,
            request_timeout=TOO_LATE / 2,
            memory=memory,
        )
        peak = 0
        original = source.poll

        def poll(patience: float) -> list[Batch]:
            nonlocal peak
            peak = max(peak, assembly.engine.buffered)
            return original(patience)

        source.poll = poll  # type: ignore[method-assign]  # to look at the memory on the engine's own thread
        with running(assembly):
            until(lambda: settled(assembly), seconds=60)
    return Run(assembly, server, letters, bad=PARTITIONS, peak=peak)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32), st.booleans())
def test_nothing_is_lost_order_is_kept_no_commit_runs_ahead_and_memory_is_bounded(
    certificate: Path, seed: int, speaks_cbor: bool
):
    # Peers lost what failed inside a call that succeeded: kinesis-kafka-connector #2, #49, #50, vector #359, #16954,
    # risingwave #17865, #17983, aws-kinesisanalytics-flink #18. Or counted it as sent: vector #24382.
    run = play(seed, certificate, speaks_cbor=speaks_cbor)
    assembly, server = run.assembly, run.server
    assert lost(assembly.source) == 0
    assert out_of_order(server.taken) == out_of_order(as_read(server)) == 0
    assert assembly.source.ahead == 0
    assert run.inversions == 0
    assert {letter.key for letter in run.letters.taken} <= {b"bad0", b"bad1"}
    assert len(run.letters.taken) == run.bad
    assert assembly.sample("records_acknowledged_total") == PARTITIONS * RECORDS - run.bad
    # What was read last may go above the bound, and no more.
    assert 0 < run.peak <= MEMORY + CHUNK * 200
    assert assembly.engine.buffered == 0
    # The faults were there, and what they are dangerous for.
    assert assembly.sample("records_resent_total") > 0
    assert sum(server.happened.values()) > 5
    assert server.most_at_once > 1
    assert sum(not shard.is_open for shard in server.shards) > 0
    assert all("Signature=" in head["authorization"] and head["x-amz-date"] for head in server.heads)
    assert set(server.wires) == ({CBOR} if speaks_cbor else {CBOR, JSON})


def test_every_kind_of_fault_really_happens(certificate: Path):
    runs = [play(seed, certificate) for seed in (1, 2)]
    happened = runs[0].server.happened + runs[1].server.happened
    whole = {"InternalFailure", THROTTLED, "InvalidArgumentException"}
    credentials = {"ExpiredTokenException", "InvalidSignatureException", "RequestExpired"}
    assert whole | credentials | {"cut-before", "cut-after", "delayed"} <= set(happened)
    assert sum(run.assembly.access.renewals for run in runs) > 0
    assert sum(run.assembly.sample("calls_failed_total", code="RequestTimeout") for run in runs) > 0
    for run in runs:
        keys = [(place(taken)[0], taken.key) for taken in run.server.taken]
        assert len(set(keys)) < len(keys) / 2, "keys repeat"
        taken_by = {taken.shard for taken in run.server.taken}
        assert any(shard.parent in taken_by and shard.name in taken_by for shard in run.server.shards)


def test_without_ordering_the_same_faults_break_the_order(certificate: Path):
    # Peers: kinesis-kafka-connector #3, redpanda connect #1641, amazon-kinesis-producer #135.
    run = play(3, certificate, ordered=False)
    assert lost(run.assembly.source) == 0
    assert out_of_order(run.server.taken) > 0
    assert out_of_order(as_read(run.server)) > 0


@pytest.mark.parametrize("seed", [1, 2, 5])
def test_without_a_bound_every_run_would_take_twice_the_memory(certificate: Path, seed: int):
    assert play(seed, certificate, memory=1 << 30).peak > 2 * (MEMORY + CHUNK * 200)


def test_a_watermark_at_the_last_acknowledgement_would_run_ahead(certificate: Path, monkeypatch: pytest.MonkeyPatch):
    # Peers: vector #24215, #25130.
    highest: dict[Watermark, int] = {}
    original = Watermark.acknowledge

    def noted(self: Watermark, offsets: Sequence[int]) -> None:
        highest[self] = max(highest.get(self, 0), max(offsets, default=-1) + 1)
        original(self, offsets)

    monkeypatch.setattr(Watermark, "acknowledge", noted)
    monkeypatch.setattr(Watermark, "position", property(highest.get))
    assert play(4, certificate).assembly.source.ahead > 0


def test_an_expired_token_is_replaced(server: FaultServer):
    server.plan = lambda number: Fault(status=400, code="ExpiredTokenException") if number == 0 else Fault()
    with running(Assembly(MemorySource([[b"k"]], server))) as assembly:
        until(lambda: settled(assembly))
    assert assembly.access.renewals == 1
    assert server.heads[-1]["x-amz-security-token"] == "token-1"


def test_a_call_without_an_answer_is_repeated_on_a_new_connection(server: FaultServer):
    server.plan = lambda number: Fault(delay=30) if number == 0 else Fault()
    with running(Assembly(MemorySource([[b"k"]], server), request_timeout=0.1)) as assembly:
        until(lambda: settled(assembly))
    assert assembly.sample("calls_failed_total", code="RequestTimeout") == 1


def test_it_speaks_tls_and_verifies(tls_server: FaultServer, certificate):
    source = MemorySource([repeated_keys(Random(1), 400, 400)], tls_server)
    tls_server.plan = random_faults(5)
    with running(Assembly(source, ca_bundle=str(certificate))) as assembly:
        until(lambda: settled(assembly))
    assert lost(source) == 0
    assert out_of_order(tls_server.taken) == 0


def test_a_server_with_an_untrusted_certificate_gets_nothing(tls_server: FaultServer):
    with running(Assembly(MemorySource([[b"k"]], tls_server))) as assembly:
        until(lambda: assembly.circuit.state == "open")
    assert "certificate" in str(assembly.circuit.reason)
    assert tls_server.heads == []
    assert tls_server.taken == []


@pytest.mark.parametrize("bundle", ["/not/there.pem", __file__])
def test_a_bundle_that_is_none_is_named(tls_server: FaultServer, bundle):
    with pytest.raises(ConnectorError, match=r"is no readable PEM file.*AWS_CA_BUNDLE"):
        Assembly(MemorySource([[b"k"]], tls_server), ca_bundle=bundle)


def test_calls_do_not_wait_for_each_other(server: FaultServer):
    server.plan = lambda _: Fault(delay=0.05)
    source = MemorySource([[b"%d" % number for number in range(1000)]], server)
    with running(Assembly(source, connections=16)) as assembly:
        until(lambda: settled(assembly))
    assert server.most_at_once > 8


def test_denied_access_turns_readiness_red_loses_nothing_and_recovers_by_itself(server: FaultServer):
    denied = threading.Event()
    denied.set()
    server.plan = lambda _: Fault(status=400, code="AccessDeniedException") if denied.is_set() else Fault()
    source = MemorySource([repeated_keys(Random(1), 100, 50)], server)
    with running(Assembly(source)) as assembly:
        until(lambda: assembly.circuit.state == "open")
        assert assembly.circuit.reason == "AccessDeniedException: on demand"
        assert assembly.sample("circuit_state") in {1, 2}
        denied.clear()
        until(lambda: settled(assembly))
        assert assembly.circuit.state == "closed"
    assert lost(source) == 0


def test_a_target_that_takes_nothing_bounds_the_memory_and_the_source_is_still_polled(server: FaultServer):
    # Peers took memory without bound: kinesis-kafka-connector #2, amazon-kinesis-producer #12, #21, #345; failed at
    # pausing: kinesis-kafka-connector #31, #34; or no longer renewed what was theirs: bento #1011, #1012.
    stalled = threading.Event()
    stalled.set()
    server.plan = lambda _: Fault(status=500, code="InternalFailure") if stalled.is_set() else Fault()
    source = MemorySource(
        [[b"%d" % n for n in range(3000)]], server, make_value=lambda p, o: content(p, o) + b"/" + bytes(1000)
    )
    assembly = Assembly(source, memory=500_000, retry=(0.05, 0.1))
    chunk = source.chunk * 1400
    with running(assembly):
        until(lambda: source.paused)
        before = source.polled
        until(lambda: source.polled > before + 20)
        source.partitions[0] += [b"k"] * 7
        until(lambda: assembly.sample("lag_records", topic="t", partition="0") == 3007)
        assert assembly.engine.buffered <= assembly.memory + chunk
        stalled.clear()
        until(lambda: settled(assembly))
    assert lost(source) == 0


def test_a_record_is_sent_again_however_often_it_is_refused(server: FaultServer):
    # Peers gave it up: amazon-kinesis-producer #56, vector #24382.
    server.plan = lambda number: Fault(refused=lambda _: number < 100)
    source = MemorySource([[b"k"]], server)
    with running(Assembly(source, retry=(0.001, 0.002))) as assembly:
        until(lambda: settled(assembly))
    assert lost(source) == 0
    assert assembly.sample("records_resent_total") == assembly.sample("records_throttled_total") == 100


def test_what_has_come_while_few_were_waited_for_is_read_at_once(server: FaultServer):
    source = MemorySource([[b"%d" % n for n in range(200)]], server)
    asked: list[tuple[bool, int]] = []
    every, take = source.chunk, source.poll

    def poll(patience: float) -> list[Batch]:
        source.chunk = 5 if patience else every
        batches = take(patience)
        asked.append((patience > 0, sum(map(len, batches))))
        return batches

    source.poll = poll  # type: ignore[method-assign]
    with running(Assembly(source, records=100, waiting=5)) as assembly:
        until(lambda: settled(assembly))
    assert asked[:2] == [(True, 5), (False, every)]
    assert all(count in {5, 0} for waited, count in asked if waited)


def test_a_slow_target_keeps_the_queue_before_it_short(server: FaultServer):
    server.plan = lambda _: Fault(delay=0.05)
    source = MemorySource([[b"%d" % n for n in range(1000)]], server)
    longest = 0
    with running(Assembly(source, connections=1, records=10)) as assembly:
        until(lambda: server.calls)
        while not settled(assembly):
            longest = max(longest, sum(source.positions.values()) - len(server.taken))
            time.sleep(0.002)
    assert longest <= 2 * assembly.records + source.chunk + 2 * assembly.records


def test_an_undeliverable_record_stops_right_after_what_comes_before_it(server: FaultServer):
    source = MemorySource(
        [[b"%d" % n for n in range(120)]], server, make_value=lambda p, o: None if o == 70 else content(p, o)
    )
    with pytest.raises(Undeliverable, match="t:0 offset 70"), running(Assembly(source)):
        until(lambda: source.closed)
    assert source.commits == {Partition("t", 0): 70}
    assert len(server.taken) == 70


def test_a_source_that_cannot_go_on_stops_only_after_what_was_read_is_delivered(server: FaultServer):
    server.plan = lambda _: Fault(delay=0.1)
    source = MemorySource([[b"%d" % n for n in range(50)]], server)
    original = source.poll

    def poll(patience: float) -> list[Batch]:
        if source.positions[Partition("t", 0)]:
            raise ConnectorError("gap")
        return original(patience)

    source.poll = poll  # type: ignore[method-assign]  # fails at the second poll and ever after
    with pytest.raises(ConnectorError, match="gap"), running(Assembly(source)):
        until(lambda: source.closed)
    assert source.commits == {Partition("t", 0): 50}
    assert lost(source) == 0


def test_dropped_tombstones_are_counted_and_passed(server: FaultServer):
    source = MemorySource([[b"a"] * 10], server, make_value=lambda p, o: None if o % 2 else content(p, o))
    with running(Assembly(source, tombstones="drop")) as assembly:
        until(lambda: settled(assembly))
    assert len(server.taken) == 5
    assert assembly.sample("tombstones_dropped_total") == 5


def test_a_record_that_the_target_refuses_for_itself_stops_it_after_all_that_can_be_delivered(server: FaultServer):
    def refuses(number: int) -> Fault:
        return Fault(status=400, code="InvalidArgumentException") if "at fault" in server.calls[number] else Fault()

    server.plan = refuses
    keys: list[bytes | None] = [b"%d" % n for n in range(100)]
    keys[70] = b"at fault"
    source = MemorySource([keys], server)
    with (
        pytest.raises(Undeliverable, match="t:0 offset 70: the target refuses the record"),
        running(Assembly(source, stop_timeout=1e6)),
    ):
        until(lambda: source.closed)
    assert source.commits == {Partition("t", 0): 70}


def test_the_wait_for_credentials_is_no_part_of_the_wait_for_an_answer(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
):
    ahead = [0.0]
    original = KinesisSink.request

    def slowly(self: KinesisSink, parts: Sequence[Records]) -> tuple[bytes, bytes]:
        ahead[0] += 100
        return original(self, parts)

    monkeypatch.setattr(KinesisSink, "request", slowly)
    assembly = Assembly(MemorySource([[b"k"]], server), clock=lambda: time.monotonic() + ahead[0])
    with running(assembly):
        until(lambda: settled(assembly))
    assert len(server.calls) == 1
    assert assembly.sample("calls_failed_total", code="RequestTimeout") == 0
