"""Builds a route from its configuration: which parts, wired how, with how much memory each."""

import os
import signal
from typing import NoReturn

from connector.aws.account import Account
from connector.backoff import Backoff
from connector.bootstrap import resolve_bootstrap
from connector.circuit import Circuit
from connector.config import ConnectorConfig
from connector.dispatcher import CallLimits, Dispatcher
from connector.engine import Engine, Settings
from connector.health import Health, HealthServer
from connector.kafka.source import KafkaSource
from connector.kinesis.sink import KinesisSink
from connector.kinesis.stream import require_ready
from connector.log import Log
from connector.mapping import Mapper
from connector.metrics import Metrics
from connector.pacing import Bounds
from connector.sender import Sender

_INTERRUPTED = 130
# More would not be faster: what was just read is still in the processor's cache.
_QUEUED_CALLS = 8
# An offset that is remembered as acknowledged, in a set with its number: measured, with room for its growth.
_BYTES_PER_OFFSET = 128

log = Log(__name__)


def run(config: ConnectorConfig) -> None:
    """Run a route until SIGTERM or SIGINT; a second signal ends the process at once with code 130.

    Raises:
        ConnectorError: it cannot start or cannot go on.
    """
    account = Account(config.sink.region)
    bootstrap = resolve_bootstrap(config.source.bootstrap, account.parameter)
    # Fail at start rather than open the circuit.
    require_ready(account, config.sink)
    metrics = Metrics(config.route)
    metrics.describe(source=config.source.topic, sink=config.sink.stream, ordering=config.ordering)
    retry, limits = config.sink.retry, config.sink.limits
    sink = KinesisSink(config.sink.stream, account, CallLimits(limits.records, limits.request))
    circuit = Circuit()
    backoff = Backoff(retry.first.total_seconds(), retry.longest.total_seconds())
    dispatcher = Dispatcher(sink.limits, backoff, circuit, metrics)
    sender = Sender(sink, dispatcher, config.sink.connections, config.sink.request_timeout.total_seconds())
    # The rest is for the requests' bodies, which hold the records a second time while they are under way.
    share = config.memory // 4
    source = KafkaSource(config.source, bootstrap, read_ahead=share)
    source.probe()
    settings = Settings(
        ordered=config.ordering == "key",
        commit_interval=config.commit_interval.total_seconds(),
        drain_timeout=config.drain_timeout.total_seconds(),
        stop_timeout=config.stop_timeout.total_seconds(),
        bounds=Bounds(memory=share, queue=_QUEUED_CALLS * limits.records, span=share // _BYTES_PER_OFFSET),
    )
    engine = Engine(source, sender, dispatcher, Mapper(limits.record, config.tombstones), metrics, settings)
    health = Health(
        lambda: {"source": engine.beat, "sender": sender.beat},
        lambda: engine.joined,
        circuit,
        lambda: engine.stopped_partitions,
    )
    server = HealthServer(config.http.host, config.http.port, health, metrics.registry)
    _stop_on_signals(engine)
    server.start()
    log.info(
        "started",
        route=config.route,
        source=f"{config.source.topic} at {bootstrap}",
        sink=f"{config.sink.stream} at {account.endpoint_url}",
        http_port=server.port,
    )
    try:
        engine.run()
    finally:
        server.close()


def _stop_on_signals(engine: Engine) -> None:
    def leave(*_: object) -> NoReturn:
        # The interpreter's own way out would wait for the client libraries' threads.
        os._exit(_INTERRUPTED)

    def stop(*_: object) -> None:
        # Nothing is logged here: the signal may have come in the middle of a line, and stderr is not reentrant.
        engine.stop()
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, leave)

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, stop)
