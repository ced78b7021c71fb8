"""One operation of one AWS service as whole HTTP requests: what all sinks of AWS have in common."""

import ssl
from datetime import UTC, datetime
from typing import Final, Protocol

import botocore.httpsession

from connector.aws.signing import Credentials, Signer
from connector.errors import ConnectorError
from connector.http_client import Endpoint

USER_AGENT: Final = "streamops-connector"


class Access(Protocol):
    """What a sink needs of an AWS account; `endpoint_url` is that of the sink's service."""

    region: str
    endpoint_url: str
    ca_bundle: str | None

    def credentials(self) -> Credentials:
        """Return credentials that are valid now."""

    def renew(self) -> None:
        """Forget credentials that were refused."""


class Operation:
    """Writes the signed requests of one operation, such as `Firehose_20150804.PutRecordBatch`."""

    def __init__(self, service: str, target: str, account: Access) -> None:
        """Prepare what all requests have in common.

        Args:
            service: The service's name in signatures.
            target: What X-Amz-Target says.
            account: Who signs, and where the service is.

        Raises:
            ConnectorError: the endpoint is no URL, or the CA bundle cannot be read.
        """
        self._account = account
        self._target = target
        self.endpoint = Endpoint.from_url(account.endpoint_url)
        self.tls = trusting_context(account.ca_bundle) if self.endpoint.tls else None
        self._signer = Signer(service, account.region, self.endpoint.host_header)

    def request(self, body: bytes, content_type: str) -> tuple[bytes, bytes]:
        """Write a signed request, its head and its body: to join them would copy the body once more.

        Raises:
            CredentialsUnavailable: there is nothing to sign with at the moment.
        """
        now = datetime.now(UTC)
        signed = self._signer.headers(body, content_type, self._target, self._account.credentials(), now)
        head = f"POST / HTTP/1.1\r\n{signed}User-Agent: {USER_AGENT}\r\nContent-Length: {len(body)}\r\n\r\n"
        return head.encode(), body

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
