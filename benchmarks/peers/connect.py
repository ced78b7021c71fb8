"""Kafka Connect with Apache Camel's Kinesis sink."""

from __future__ import annotations

from pathlib import Path

from benchmarks.peers.peer import Peer, PeerMissing


def connect(_: Path) -> Peer:
    """Kafka Connect standalone."""
    raise PeerMissing("not yet")
