"""What botocore raises, said in one line with a way out."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Final

from botocore.exceptions import ClientError, HTTPClientError, NoCredentialsError, NoRegionError
from botocore.exceptions import ConnectionError as NotConnected

from connector.aws.said import message_in
from connector.errors import ConnectorError, NotAuthenticated
from connector.redaction import holds_login, without_logins

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
WAY_OUT: Final = "check AWS_ENDPOINT_URL, AWS_PROFILE and the network"
_NOT_THERE: Final = frozenset({"NoSuchBucket", "ParameterNotFound", "ResourceNotFoundException"})


@contextlib.contextmanager
def explained(
    what: str, region_key: str = "sink.region", way_out: Callable[[Exception], str] = lambda _: WAY_OUT
) -> Iterator[None]:
    """Say what went wrong with `what`.

    Args:
        what: The thing that was looked at.
        region_key: The place in the configuration that names a region.
        way_out: Tells what to do where nothing else is known of an error.

    Raises:
        ConnectorError: whatever went wrong.
        NotAuthenticated: who we are was not accepted.
    """
    try:
        yield
    except ConnectorError:
        raise
    except NoRegionError:
        raise ConnectorError(f"{what}: no AWS region; set {region_key} or AWS_REGION") from None
    except NoCredentialsError:
        raise NotAuthenticated(
            f"{what}: no AWS credentials found; give the process a role, a profile (AWS_PROFILE) or keys"
        ) from None
    except ClientError as error:
        code = str(error.response["Error"]["Code"])
        said = sentence(error)
        # A role that may not be assumed is a matter of who we are, a call that is denied one of what we may.
        if code in _UNAUTHENTICATED or error.operation_name.startswith("AssumeRole"):
            raise NotAuthenticated(f"{what}: {said}; renew or correct the credentials") from None
        if code in _NOT_THERE:
            raise ConnectorError(f"{what}: does not exist; create it or correct its name ({said})") from None
        raise ConnectorError(f"{what}: {said}") from None
    # A client resolves the chain when it is made, and the chain lets through whatever its sources raise.
    except Exception as error:  # noqa: BLE001 - whatever it is, the user needs one line of it
        raise ConnectorError(f"{what}: {sentence(error)}; {way_out(error)}") from None


def unreached(error: Exception) -> str:
    """Return the URL that could not be reached, which may be where a role is assumed; empty where it is none."""
    called = error.kwargs.get("endpoint_url") if isinstance(error, (NotConnected, HTTPClientError)) else None
    return called if isinstance(called, str) else ""


def sentence(error: Exception) -> str:
    """Return what an error says, to stand before a semicolon, and of what a service says one line.

    botocore puts whole URLs into it, with their logins.
    """
    said = str(error)
    if isinstance(error, ClientError) and (message := str(error.response["Error"].get("Message") or "")):
        said = said.replace(message, message_in(message))
    return without_logins(said).rstrip(".") or type(error).__name__


def without_login(client: Any) -> Any:  # noqa: ANN401 - botocore has no types
    """Return a client, unless the AWS settings give it an address with a login, which would be shown with it.

    Raises:
        ConnectorError: they do.
    """
    if holds_login(client.meta.endpoint_url):
        raise ConnectorError(
            f"the endpoint of {client.meta.service_model.service_name} holds a user name or a"
            " password, and calls are signed instead; remove them (AWS_ENDPOINT_URL and its like)"
        )
    return client
