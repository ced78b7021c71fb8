"""Who we are to AWS and where its services are: botocore's whole default chain, nothing of our own."""

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import botocore.credentials
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError, NoCredentialsError, NoRegionError
from botocore.utils import get_environ_proxies

from connector.aws.signing import Credentials
from connector.errors import ConnectorError, NotAuthenticated
from connector.kinesis.wire import stream_member
from connector.sender import CredentialsUnavailable

_UNAUTHENTICATED: Final = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "RequestExpired",
        "UnrecognizedClientException",
    }
)

_RENEWAL_PAUSE: Final = 1.0  # seconds
# The sender's thread waits for a role to be assumed, so botocore's own patience of minutes is too long.
_PATIENCE: Final = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 3})


@dataclass(frozen=True, slots=True)
class StreamState:
    """What a stream says of itself; `record_limit` is in bytes, None where the service does not tell."""

    status: str
    record_limit: int | None


class Account:
    """Credentials, region and endpoints, as the environment and the AWS configuration files say."""

    def __init__(self, region: str | None) -> None:
        """Find out where the services are.

        Args:
            region: The region; without it the one the AWS settings name.

        Raises:
            ConnectorError: the settings name no region, or make no sense.
        """
        # AWS_REGION is what ECS and the other SDKs set; botocore knows only AWS_DEFAULT_REGION.
        # https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html
        self._asked_region = region or os.environ.get("AWS_REGION") or None
        self._credentials: botocore.credentials.Credentials | None = None
        self._resolved_at = 0.0
        with _explained("the AWS settings"):
            self._session = self._new_session()
            self._kinesis = self._session.create_client("kinesis")
            self.ca_bundle: str | None = self._session.get_config_variable("ca_bundle") or None
        self.region: str = self._kinesis.meta.region_name
        self.endpoint_url: str = self._kinesis.meta.endpoint_url
        _refuse_proxy(self.endpoint_url)

    def credentials(self) -> Credentials:
        """Return credentials that are valid now; refreshing them may take a moment.

        Raises:
            CredentialsUnavailable: the chain gives none.
        """
        try:
            if self._credentials is None:
                self._credentials = self._new_session().get_credentials()
                self._resolved_at = time.monotonic()
            frozen = self._credentials.get_frozen_credentials() if self._credentials else None
        # The chain runs programs, reads files and calls services, and lets through whatever these raise:
        # ClientError for a role that is refused, RuntimeError for credentials that come already expired.
        except Exception as error:
            raise CredentialsUnavailable(_sentence(error)) from error
        if frozen is None:
            raise CredentialsUnavailable("no AWS credentials found in the environment, files or role")
        return Credentials(frozen.access_key or "", frozen.secret_key or "", frozen.token)

    def renew(self) -> None:
        """Resolve the chain from its beginning at the next use; files and roles may hold newer ones.

        Calls that were under way with the old ones all come back refused; one renewal answers them.
        """
        if time.monotonic() - self._resolved_at > _RENEWAL_PAUSE:
            self._credentials = None

    def stream(self, stream: str) -> StreamState:
        """Ask for the state of a stream.

        Raises:
            ConnectorError: the stream is not there or the service cannot be reached.
            NotAuthenticated: the service does not accept the credentials.
        """
        member, value = stream_member(stream)
        with _explained(f"stream {stream!r} in {self.region}"):
            summary = self._kinesis.describe_stream_summary(**{member: value})["StreamDescriptionSummary"]
        kibibytes = summary.get("MaxRecordSizeInKiB")
        return StreamState(str(summary["StreamStatus"]), int(kibibytes) * 1024 if kibibytes else None)

    def parameter(self, path: str) -> str:
        """Read a parameter of SSM.

        Raises:
            ConnectorError: the parameter is not there or the service cannot be reached.
            NotAuthenticated: the service does not accept the credentials.
        """
        with _explained(f"SSM parameter {path!r}"):
            answer = self._session.create_client("ssm").get_parameter(Name=path, WithDecryption=True)
        return str(answer["Parameter"]["Value"])

    def _new_session(self) -> Any:  # noqa: ANN401 - botocore has no types
        session = botocore.session.get_session()
        session.set_default_client_config(_PATIENCE)
        if self._asked_region is not None:
            # On the session rather than on a client: the clients that assume roles need one as well.
            session.set_config_variable("region", self._asked_region)
        return session


def _refuse_proxy(url: str) -> None:
    """Refuse what botocore would go through and the sender does not."""
    proxy = get_environ_proxies(url).get(urlsplit(url).scheme)
    if proxy:
        host = urlsplit(url).hostname
        raise ConnectorError(
            f"endpoint {url}: the environment names the proxy {proxy.rpartition('@')[2]} for it, and records are sent"
            f" without one; add {host} to NO_PROXY, or use a VPC endpoint (AWS_ENDPOINT_URL_KINESIS)"
        )


@contextlib.contextmanager
def _explained(what: str) -> Iterator[None]:
    """Say what went wrong with `what` in one line with a way out."""
    try:
        yield
    except NoRegionError:
        raise ConnectorError(f"{what}: no AWS region; set sink.region or AWS_REGION") from None
    except NoCredentialsError:
        raise NotAuthenticated(
            f"{what}: no AWS credentials found; give the process a role, a profile (AWS_PROFILE) or keys"
        ) from None
    except ClientError as error:
        code = str(error.response["Error"]["Code"])
        said = _sentence(error)
        # A role that may not be assumed is a matter of who we are, a call that is denied one of what we may.
        if code in _UNAUTHENTICATED or error.operation_name.startswith("AssumeRole"):
            raise NotAuthenticated(f"{what}: {said}; renew or correct the credentials") from None
        if code in {"ResourceNotFoundException", "ParameterNotFound"}:
            raise ConnectorError(f"{what}: does not exist; create it or correct its name ({said})") from None
        raise ConnectorError(f"{what}: {said}") from None
    # A client resolves the chain when it is made, so here as well anything may come through, see above.
    except Exception as error:  # noqa: BLE001 - whatever it is, the user needs one line of it
        way_out = "check AWS_ENDPOINT_URL, AWS_PROFILE and the network"
        raise ConnectorError(f"{what}: {_sentence(error)}; {way_out}") from None


def _sentence(error: Exception) -> str:
    """Return what an error says, to stand before a semicolon."""
    return str(error).rstrip(".") or type(error).__name__
