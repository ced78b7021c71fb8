"""A Kinesis data stream as the sender sees it."""

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, Protocol

import botocore.httpsession

from connector.aws.signing import Credentials, Signer
from connector.dispatcher import CallLimits
from connector.errors import ConnectorError
from connector.http_client import Endpoint, Response
from connector.kinesis.wire import TARGET, JsonWire, Wire
from connector.outcome import Outcome

USER_AGENT: Final = "streamops-connector"


class Access(Protocol):
    """What a sink needs of an AWS account."""

    region: str
    endpoint_url: str
    ca_bundle: str | None

    def credentials(self) -> Credentials:
        """Return credentials that are valid now."""

    def renew(self) -> None:
        """Forget credentials that were refused."""


class KinesisSink:
    """Writes signed PutRecords requests and reads their answers."""

    def __init__(self, stream: str, account: Access, limits: CallLimits, wire: Wire | None = None) -> None:
        self._account = account
        self._wire = wire or JsonWire(stream)
        self.limits = limits
        self.endpoint = Endpoint.from_url(account.endpoint_url)
        self.tls = trusting_context(account.ca_bundle) if self.endpoint.tls else None
        self._signer = Signer("kinesis", account.region, self.endpoint.host_header)

    def request(self, keys: Sequence[str], data: Sequence[bytes]) -> bytes:
        """Write a whole signed request.

        Raises:
            CredentialsUnavailable: there is nothing to sign with at the moment.
        """
        body = self._wire.encode(keys, data)
        signed = self._signer.headers(
            body, self._wire.content_type, TARGET, self._account.credentials(), datetime.now(UTC)
        )
        head = f"POST / HTTP/1.1\r\n{signed}User-Agent: {USER_AGENT}\r\nContent-Length: {len(body)}\r\n\r\n"
        return head.encode() + body

    def outcome(self, response: Response, count: int) -> Outcome:
        """Read the answer to a request of `count` records."""
        return self._wire.decode(response, count)

    def renew_credentials(self) -> None:
        """Resolve the credential chain anew."""
        self._account.renew()


def trusting_context(bundle: str | None) -> ssl.SSLContext:
    """Trust what the AWS tools trust: their `ca_bundle`, else the system's authorities and botocore's own.

    Raises:
        ConnectorError: the bundle cannot be read.
    """
    if bundle is not None:
        try:
            return ssl.create_default_context(cafile=bundle)
        except OSError as error:
            raise ConnectorError(
                f"CA bundle {bundle!r}: is no readable PEM file ({error}); correct AWS_CA_BUNDLE, or ca_bundle in the"
                " AWS configuration file"
            ) from None
    context = ssl.create_default_context()
    context.load_verify_locations(cafile=botocore.httpsession.DEFAULT_CA_BUNDLE)
    return context
