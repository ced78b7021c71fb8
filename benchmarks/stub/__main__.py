"""Runs the stub until SIGTERM: `python -m benchmarks.stub --directory DIRECTORY`.

The directory receives the certificate, the counters that others read while it runs, the address, and at the end the
delays of records that carry their time of creation.
"""

from __future__ import annotations

import argparse
import gc
import signal
from pathlib import Path

import numpy as np

from benchmarks.counters import Counters
from benchmarks.stub.certificate import server_context, write_certificate
from benchmarks.stub.ledger import Ledger
from benchmarks.stub.server import Server
from benchmarks.stub.service import Service

ADDRESS = "stub.address"
COUNTERS = "stub.counters"
DELAYS = "stub.delays.npy"


def main() -> None:
    """Serve until SIGTERM."""
    options = _parser().parse_args()
    directory: Path = options.directory
    counters = Counters(directory / COUNTERS, create=True)
    ledger = Ledger(options.capacity, options.throttle) if options.verify or options.throttle else None
    service = Service(counters, options.shards, ledger, aggregated=options.aggregated)
    tls = server_context(*write_certificate(directory))
    server = Server(service, tls, options.latency / 1000, stalled=options.stall)

    def stop(*_: object) -> None:
        server.stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()
    address = directory / ADDRESS
    part = address.with_suffix(".part")
    part.write_text(f"https://localhost:{server.port}")
    part.replace(address)
    server.run()
    if ledger is not None:
        np.save(directory / DELAYS, np.array(ledger.delays_ns, dtype=np.int64))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stub", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True, help="where its files go")
    parser.add_argument("--shards", type=int, default=1000, help="open shards of the stream (default: %(default)s)")
    parser.add_argument("--latency", type=float, default=0.0, metavar="MS", help="milliseconds before each answer")
    parser.add_argument("--verify", action="store_true", help="count distinct records and order violations")
    parser.add_argument("--throttle", type=float, default=0.0, metavar="FRACTION", help="refuse these once; verifies")
    parser.add_argument("--capacity", type=int, default=1 << 23, help="records at most, with --verify")
    parser.add_argument("--aggregated", action="store_true", help="expect aggregates; tells the shard they belong to")
    parser.add_argument("--stall", action="store_true", help="never answer a put")
    return parser


if __name__ == "__main__":
    main()
