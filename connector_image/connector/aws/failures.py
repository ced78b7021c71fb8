"""What a failed call of an AWS service means: the same codes, from the same places of the answer, everywhere."""

from collections.abc import Callable, Mapping
from typing import Final

from connector.aws.said import message_in, name_in
from connector.http_response import Response
from connector.outcome import CallFailure, Outcome

_SERVER_ERRORS: Final = 500
# These pass by themselves. The list is botocore's for its standard retry mode, and the KMS one of PutRecords.
_PASSING: Final = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "InternalFailure",
        "InternalServerError",
        "KMSThrottlingException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
_PASSING_STATUSES: Final = frozenset({408, 429})
# Fresh credentials may help at once with the first kind, and perhaps with the second.
_EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_CONTENT: Final = frozenset(
    {"413", "HTTP413", "InvalidArgumentException", "SerializationException", "ValidationError", "ValidationException"}
)
_REFUSED: Final = frozenset({"UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException"})


def blames_content(code: str) -> bool:
    """Tell whether a code says that the content of a call is at fault, so possibly a single record of it.

    An answer without a code, as proxies give it to what they find too large, is `HTTP413`; botocore calls it `413`.
    """
    return code in _CONTENT


def failure(response: Response, content: object) -> CallFailure:
    """Read why a call failed as a whole; `content` is the decoded body of its answer."""
    code, message = "", ""
    if isinstance(content, Mapping):
        code = _code(content.get("__type")) or _code(content.get("code"))
        message = message_in(content.get("message")) or message_in(content.get("Message"))
    # `Code:http://...` in the header.
    code = code or _code(response.headers.get("x-amzn-errortype", "").partition(":")[0]) or f"HTTP{response.status}"
    passing = response.status >= _SERVER_ERRORS or response.status in _PASSING_STATUSES or code in _PASSING
    return CallFailure(
        code,
        message or f"HTTP {response.status}",
        permanent=not passing and code not in _EXPIRED and not blames_content(code),
        renews_credentials=code in _EXPIRED or code in _REFUSED,
        refuses_content=blames_content(code),
    )


def unreadable(problem: str) -> CallFailure:
    """Say that an answer does not tell what became of its records; they will be sent again."""
    return CallFailure("UnreadableAnswer", message_in(problem))


def read(decode: Callable[[Response, int], Outcome], response: Response, count: int) -> Outcome:
    """Read the answer to a call of `count` records, whatever it is: one that cannot be read is one more failure."""
    try:
        return decode(response, count)
    # What a decoder makes of bytes that it did not expect nobody can list, and no endpoint may end the process.
    except Exception as error:  # noqa: BLE001
        return unreadable(f"HTTP {response.status}, but {type(error).__name__}: {error}")


def _code(value: object) -> str:
    """Read a code; services put a namespace before it, as in `com.amazonaws.kinesis#Code`."""
    return name_in(value.rpartition("#")[2]) if isinstance(value, str) else ""
