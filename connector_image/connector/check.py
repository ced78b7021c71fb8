"""Looks at both ends of a route, and at the target of its dead letters, and moves nothing.

Nothing is sent or committed and no group is joined. One finding does not hide another: whatever can be looked at is.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from connector.aws.account import Account
from connector.bootstrap import resolve_bootstrap
from connector.config import ConnectorConfig, DeadLetterTopic, FirehoseSink, KinesisSink
from connector.dead_letters import Probed, open_dead_letters
from connector.errors import ConnectorError, NotAuthenticated
from connector.firehose import delivery_stream
from connector.kafka.client import Client
from connector.kafka.inspection import Inspection
from connector.kafka.security import security_settings
from connector.kinesis import stream
from connector.sender import CredentialsUnavailable


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    `error` is None when all is well, `skipped` when it could not be tried without harm; `hazard` is what may stop the
    route later.
    """

    what: str
    detail: str
    error: ConnectorError | None = None
    skipped: bool = False
    hazard: str | None = None

    def __str__(self) -> str:
        state = "FAILED" if self.error else "skipped" if self.skipped else "warning" if self.hazard else "ok"
        return f"{state:<7} {self.what}: {self.detail}{f'; {self.hazard}' if self.hazard else ''}"


def check(config: ConnectorConfig) -> Iterator[Finding]:
    """Check one thing after the other. A failed one does not stop those that do not need it."""
    account: Account | None = None

    def settings() -> Probed:
        nonlocal account
        account = Account.of(config.sink)
        return Probed(f"region {account.region}, endpoint {account.endpoint_url}", account.doubt or None)

    yield _find("AWS settings", settings)
    if account is not None:
        yield _find("AWS credentials", lambda: _credentials(account))
        yield from _sink(account, config)
    yield from _kafka(account, config)


def _find(what: str, look: Callable[[], str | Probed]) -> Finding:
    try:
        found = look()
    except ConnectorError as error:
        return Finding(what, str(error), error)
    return Finding(what, found) if isinstance(found, str) else Finding(what, found.found, hazard=found.hazard)


def _credentials(account: Account) -> str:
    try:
        key = account.credentials().access_key
    except CredentialsUnavailable as error:
        raise NotAuthenticated(f"{error}; give the process a role, a profile (AWS_PROFILE) or keys") from None
    return f"found, access key ends in {key[-4:]}"


def _sink(account: Account, config: ConnectorConfig) -> Iterator[Finding]:
    sink = config.sink
    if isinstance(sink, FirehoseSink):
        # PutRecordBatch knows no DryRun: whether it is allowed shows with the first record.
        yield _find(
            "delivery stream", lambda: f"{sink.delivery_stream} is {delivery_stream.require_ready(account, sink)}"
        )
        return
    found = _find("stream", lambda: _stream(account, config, sink))
    yield found
    if sink.aggregation == "kpl":
        yield _find("shards", lambda: _shards(account, sink))
    if found.error is None:
        yield _may_put(account, sink)


def _stream(account: Account, config: ConnectorConfig, sink: KinesisSink) -> str:
    ready = stream.require_ready(account, sink, ordered=config.ordering == "key")
    stream.fitted(config, ready)
    return f"{sink.stream} is {ready}"


def _shards(account: Account, sink: KinesisSink) -> str:
    return f"{len(account.shards(sink.stream))} listed"


def _may_put(account: Account, sink: KinesisSink) -> Finding:
    try:
        permission = account.may_put(sink.stream)
    except ConnectorError as error:
        return Finding("permission", str(error), error)
    if permission.allowed is False:
        denied = ConnectorError(f"{permission.detail}; allow kinesis:PutRecords, `plan` prints the whole policy")
        return Finding("permission", str(denied), denied)
    return Finding("permission", permission.detail, skipped=permission.allowed is None)


def _kafka(account: Account | None, config: ConnectorConfig) -> Iterator[Finding]:
    bootstrap = ""

    def topic() -> str:
        nonlocal bootstrap
        source = config.source
        bootstrap = resolve_bootstrap(source.bootstrap, source.security, lambda path: _parameter(account, path))
        return _topic(bootstrap, config)

    found = _find("topic", topic)
    yield found
    if found.error is None:
        yield from _reading(bootstrap, config)
    if config.dead_letters is None:
        return
    if isinstance(config.dead_letters, DeadLetterTopic) and not bootstrap:
        yield Finding("dead letters", "not tried: where the brokers are is not known", skipped=True)
        return
    yield _find("dead letters", lambda: _dead_letters(bootstrap, config))


def _parameter(account: Account | None, path: str) -> str:
    if account is None:
        raise ConnectorError(f"SSM parameter {path!r}: cannot be read without AWS settings")
    return account.parameter(path)


def _topic(bootstrap: str, config: ConnectorConfig) -> str:
    source = config.source
    client = Client(source, bootstrap)
    try:
        count = client.partitions(source.topic)
    finally:
        client.consumer.close()
    idle = "; more processes than that have nothing to do" if count < config.processes else ""
    return f"{source.topic} at {bootstrap} has {count} partitions{idle}"


def _reading(bootstrap: str, config: ConnectorConfig) -> Iterator[Finding]:
    source = config.source
    try:
        inspection = Inspection(source, bootstrap)
    except ConnectorError as error:
        yield Finding("permission", str(error), error)
        return
    with contextlib.closing(inspection):
        yield _may_read(f"topic {source.topic}", inspection.may_read_topic)
        group = _may_read(f"group {source.group}", inspection.may_read_group)
        yield group
        if group.error is None:
            yield from _offsets(inspection)
        else:
            yield Finding("committed offsets", "not tried: they are told to who may read the group", skipped=True)


def _may_read(what: str, ask: Callable[[], bool | None]) -> Finding:
    try:
        allowed = ask()
    except ConnectorError as error:
        return Finding("permission", str(error), error)
    if allowed is None:
        return Finding("permission", f"{what}: the brokers do not tell whether it may be read", skipped=True)
    if not allowed:
        denied = ConnectorError(f"{what} may not be read; allow READ on it, `plan` prints all that is needed")
        return Finding("permission", str(denied), denied)
    return Finding("permission", f"{what} may be read")


def _offsets(inspection: Inspection) -> Iterator[Finding]:
    try:
        found, gaps = inspection.positions()
    except ConnectorError as error:
        yield Finding("committed offsets", str(error), error)
        return
    if not gaps:
        yield Finding("committed offsets", found)
    yield from (Finding("committed offsets", str(gap), gap) for gap in gaps)


def _dead_letters(bootstrap: str, config: ConnectorConfig) -> Probed:
    def cluster() -> dict[str, object]:
        return {"bootstrap.servers": bootstrap, **security_settings(config.source.security)}

    letters = open_dead_letters(config, cluster)
    if letters is None:
        return Probed("none are configured")
    try:
        return letters.probe()
    finally:
        letters.close(0)
