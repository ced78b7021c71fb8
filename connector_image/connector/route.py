"""Builds a route from its configuration: which parts, wired how, with how much memory each."""

from functools import partial

from connector.aws.account import Account
from connector.backoff import Backoff
from connector.bootstrap import resolve_bootstrap
from connector.circuit import Circuit
from connector.config import ConnectorConfig
from connector.config import FirehoseSink as FirehoseConfig
from connector.config import KinesisSink as KinesisConfig
from connector.dead_letters.opening import open_dead_letters
from connector.dispatcher import Dispatcher
from connector.engine import Engine, Settings
from connector.errors import ConnectorError
from connector.fates import Fates
from connector.feed import CallLimits, Feed
from connector.firehose.delivery_stream import require_ready as require_delivery_stream
from connector.firehose.line_packing import LinePacking
from connector.firehose.sink import FirehoseSink
from connector.health import Health
from connector.hosting import Host, Running, standalone
from connector.kafka.security import security_settings
from connector.kafka.source import KafkaSource
from connector.keyed_feed import KeyedFeed
from connector.kinesis import stream
from connector.kinesis.kpl_packing import KplPacking
from connector.kinesis.shard_gate import ShardGate
from connector.kinesis.shards import Shards
from connector.kinesis.sink import KinesisSink
from connector.log import Log, tell_kept_back
from connector.mapping import Mapper
from connector.metrics import Metrics
from connector.pacing import Bounds
from connector.packed_feed import PackedFeed
from connector.record_limit import RecordLimit
from connector.sender import Sender, Sink
from connector.units import format_size

# Of a call's records so many are read at a time: retries, and what follows an acknowledged key, travel in the rest.
_SHARE_OF_NEW = 24 / 25
# Where records are packed by the shard a batch falls into as many parts, each of which costs as much as some records.
_PACKED_BATCH = 2000
# An offset that is remembered as acknowledged, in a list with its number: measured, with room for its growth.
_BYTES_PER_OFFSET = 128

log = Log(__name__)


def run(config: ConnectorConfig, host: Host | None = None) -> None:
    """Run a route until its host stops it; without one it works alone in this process.

    Raises:
        ConnectorError: it cannot start or cannot go on.
    """
    account = Account.of(config.sink)
    bootstrap = resolve_bootstrap(config.source.bootstrap, config.source.security, account.parameter)
    # Fail at start rather than open the circuit.
    config = _fitted(config, account)
    sink = _sink(config, account)
    metrics = Metrics(config.route)
    metrics.describe(
        source=config.source.topic, sink=config.sink.target, ordering=config.ordering, memory=config.memory
    )
    retry = config.sink.retry
    backoff = Backoff(retry.first.total_seconds(), retry.longest.total_seconds())
    linger = config.source.linger.total_seconds()
    # The rest is for the requests' bodies, which hold the records a second time while they are under way.
    share = config.memory // 4
    shards = _shards(config, account)
    gate = ShardGate(shards, _fixed_hash_key(config)) if shards else None
    feed = _feed(config, sink.limits, backoff, share, shards, gate)
    if isinstance(feed, PackedFeed):
        feed.on_late = metrics.acknowledged
    circuit = Circuit()
    if shards:
        circuit.on_open = shards.doubt
    dispatcher = Dispatcher(sink.limits, feed, circuit, metrics, gate)
    sender = Sender(sink, dispatcher, config.sink.connections, config.sink.request_timeout.total_seconds())
    mapper = Mapper(config)
    batch = _PACKED_BATCH if isinstance(feed, PackedFeed) else max(1, int(sink.limits.records * _SHARE_OF_NEW))
    # While they may be waited for, records come as fast as brokers send them, and all may be as large as they can be.
    waiting = max(1, min(batch, share // RecordLimit.of(config.sink).limit))
    source = KafkaSource(config.source, bootstrap, mapper.columns, batch, waiting)
    source.probe()
    letters = open_dead_letters(config, partial(_cluster, config, bootstrap))
    if letters is not None:
        probed = letters.probe()
        log.info("dead letters", target=probed.found)
        if probed.hazard:
            log.warning("dead letters may not all be taken", reason=probed.hazard)
    fates = Fates(letters, metrics)
    settings = Settings(
        linger=linger,
        commit_interval=config.commit_interval.total_seconds(),
        drain_timeout=config.drain_timeout.total_seconds(),
        stop_timeout=config.stop_timeout.total_seconds(),
        bounds=Bounds(memory=share, batch=batch, span=share // _BYTES_PER_OFFSET, waiting=waiting),
    )
    engine = Engine(source, sender, dispatcher, mapper, fates, metrics, settings)
    health = Health(
        lambda: {"engine": engine.beat},
        lambda: engine.joined,
        circuit,
        lambda: engine.stopped_partitions,
        lambda: fates.failing,
    )
    with (host or standalone(config))(Running(health, metrics, engine.stop)) as said:
        log.info(
            "started",
            route=config.route,
            source=f"{config.source.topic} at {bootstrap}",
            sink=f"{config.sink.target} at {account.endpoint_url}",
            **said,
        )
        try:
            engine.run()
        finally:
            tell_kept_back(at_once=True)


def _fitted(config: ConnectorConfig, account: Account) -> ConnectorConfig:
    """Look whether the target takes the route's records; fill in what only that knows."""
    sink = config.sink
    if not isinstance(sink, KinesisConfig):
        require_delivery_stream(account, sink)
        return config
    ready = stream.require_ready(account, sink, ordered=config.ordering == "key")
    log.info("stream", target=sink.stream, status=ready.status, record_limit=format_size(ready.record_limit))
    return stream.fitted(config, ready)


def _sink(config: ConnectorConfig, account: Account) -> Sink:
    sink = config.sink
    limits = CallLimits(sink.limits.records, sink.limits.request)
    if not isinstance(sink, KinesisConfig):
        return FirehoseSink(sink.delivery_stream, account, limits)
    return KinesisSink(sink.stream, account, limits, wire=sink.wire, hash_key=_fixed_hash_key(config))


def _shards(config: ConnectorConfig, account: Account) -> Shards | None:
    """List the shards, by which aggregates are packed and shards that refuse records are paced."""
    sink = config.sink
    if not isinstance(sink, KinesisConfig):
        return None
    try:
        return Shards(lambda: account.shards(sink.stream))
    except ConnectorError as error:
        if sink.aggregation == "kpl":
            raise
        log.warning("shards that refuse records will not be paced, only sent to again", reason=str(error))
        return None


def _fixed_hash_key(config: ConnectorConfig) -> str | None:
    fixed = config.sink.explicit_hash_key if isinstance(config.sink, KinesisConfig) else None
    return fixed if isinstance(fixed, str) else None


def _feed(
    config: ConnectorConfig,
    limits: CallLimits,
    backoff: Backoff,
    share: int,
    shards: Shards | None,
    gate: ShardGate | None,
) -> Feed:
    sink, linger = config.sink, config.source.linger.total_seconds()
    ahead = min(share // 2, 2 * limits.size)
    if isinstance(sink, FirehoseConfig) and sink.packing == "newline":
        return PackedFeed(LinePacking(sink.limits.packed, sink.limits.messages), backoff, linger, ahead)
    if isinstance(sink, KinesisConfig) and sink.aggregation == "kpl" and shards is not None:
        size = min(sink.limits.aggregate, sink.limits.record or sink.limits.aggregate)
        packing = KplPacking(shards, size, _fixed_hash_key(config))
        return PackedFeed(packing, backoff, linger, ahead, gate)
    return KeyedFeed(limits, backoff, linger, ordered=config.ordering == "key", gate=gate)


def _cluster(config: ConnectorConfig, bootstrap: str) -> dict[str, object]:
    return {"bootstrap.servers": bootstrap, **security_settings(config.source.security)}
