"""Looks at both ends of a route and moves nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from connector.aws.account import Account
from connector.bootstrap import resolve_bootstrap
from connector.config import ConnectorConfig
from connector.errors import ConnectorError, NotAuthenticated
from connector.kafka.client import Client
from connector.kinesis.stream import require_ready
from connector.sender import CredentialsUnavailable


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; `error` is None when all is well."""

    what: str
    detail: str
    error: ConnectorError | None = None

    def __str__(self) -> str:
        return f"{'FAILED' if self.error else 'ok':<7} {self.what}: {self.detail}"


def check(config: ConnectorConfig) -> Iterator[Finding]:
    """Check one thing after the other. A failed one does not stop those that do not need it."""
    account: Account | None = None

    def settings() -> str:
        nonlocal account
        account = Account(config.sink.region)
        return f"region {account.region}, endpoint {account.endpoint_url}"

    yield _find("AWS settings", settings)
    if account is not None:
        yield _find("AWS credentials", lambda: _credentials(account))
        yield _find("stream", lambda: _stream(account, config))
    yield _find("topic", lambda: _topic(account, config))


def _find(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, look())
    except ConnectorError as error:
        return Finding(what, str(error), error)


def _credentials(account: Account) -> str:
    try:
        key = account.credentials().access_key
    except CredentialsUnavailable as error:
        raise NotAuthenticated(f"{error}; give the process a role, a profile (AWS_PROFILE) or keys") from None
    return f"found, access key ends in {key[-4:]}"


def _stream(account: Account, config: ConnectorConfig) -> str:
    status = require_ready(account, config.sink)
    return f"{config.sink.stream} is {status}"


def _topic(account: Account | None, config: ConnectorConfig) -> str:
    def parameter(path: str) -> str:
        if account is None:
            raise ConnectorError(f"SSM parameter {path!r}: cannot be read without AWS settings")
        return account.parameter(path)

    source = config.source
    bootstrap = resolve_bootstrap(source.bootstrap, parameter)
    client = Client(source, bootstrap, read_ahead=1 << 20)
    try:
        count = client.partitions(source.topic)
    finally:
        client.consumer.close()
    return f"{source.topic} at {bootstrap} has {count} partitions"
