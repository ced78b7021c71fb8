"""Who we are to AWS and where its services are: botocore's whole default chain, nothing of our own."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import botocore.credentials
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from connector.errors import ConnectorError, NotAuthenticated
from connector.kinesis.signing import Credentials
from connector.sender import CredentialsUnavailable

_UNAUTHENTICATED = frozenset(
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

_RENEWAL_PAUSE = 1.0  # seconds


class Account:
    """Credentials, region and endpoints, as the environment and the AWS configuration files say."""

    def __init__(self, region: str | None) -> None:
        self._session = botocore.session.get_session()
        self._credentials: botocore.credentials.Credentials | None = None
        self._resolved_at = 0.0
        self._asked_region = region
        with _explained("the AWS settings"):
            self._kinesis = self.client("kinesis")
        self.region: str = self._kinesis.meta.region_name
        self.endpoint_url: str = self._kinesis.meta.endpoint_url

    def client(self, service: str) -> Any:  # noqa: ANN401 - botocore makes its clients' classes at run time
        """Make a botocore client for the calls that are rare."""
        config = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 3})
        return self._session.create_client(service, region_name=self._asked_region, config=config)

    def credentials(self) -> Credentials:
        """Return credentials that are valid now; refreshing them may take a moment.

        Raises:
            CredentialsUnavailable: the chain gives none.
        """
        try:
            if self._credentials is None:
                self._credentials = botocore.session.get_session().get_credentials()
                self._resolved_at = time.monotonic()
            if self._credentials is None:
                raise CredentialsUnavailable("no AWS credentials found in the environment, files or role")
            frozen = self._credentials.get_frozen_credentials()
        except BotoCoreError as error:
            raise CredentialsUnavailable(str(error)) from error
        return Credentials(frozen.access_key or "", frozen.secret_key or "", frozen.token)

    def renew(self) -> None:
        """Resolve the chain from its beginning at the next use; files and roles may hold newer ones.

        Calls that were under way with the old ones all come back refused; one renewal answers them.
        """
        if time.monotonic() - self._resolved_at > _RENEWAL_PAUSE:
            self._credentials = None

    def stream_status(self, stream: str) -> str:
        """Ask for the status of a stream, ACTIVE when it takes records.

        Raises:
            ConnectorError: the stream is not there or the service cannot be reached.
            NotAuthenticated: the service does not accept the credentials.
        """
        member = "StreamARN" if stream.startswith("arn:") else "StreamName"
        with _explained(f"stream {stream!r} in {self.region}"):
            summary = self._kinesis.describe_stream_summary(**{member: stream})
        return str(summary["StreamDescriptionSummary"]["StreamStatus"])

    def parameter(self, path: str) -> str:
        """Read a parameter of SSM.

        Raises:
            ConnectorError: the parameter is not there or the service cannot be reached.
            NotAuthenticated: the service does not accept the credentials.
        """
        with _explained(f"SSM parameter {path!r}"):
            answer = self.client("ssm").get_parameter(Name=path, WithDecryption=True)
        return str(answer["Parameter"]["Value"])


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
        if code in _UNAUTHENTICATED:
            raise NotAuthenticated(f"{what}: {error}; renew or correct the credentials") from None
        if code in {"ResourceNotFoundException", "ParameterNotFound"}:
            raise ConnectorError(f"{what}: does not exist; create it or correct its name ({error})") from None
        raise ConnectorError(f"{what}: {error}") from None
    except (BotoCoreError, ValueError) as error:
        raise ConnectorError(f"{what}: {error}; check AWS_ENDPOINT_URL, AWS_PROFILE and the network") from None
