"""What a failed call of an AWS service means: the same codes, from the same places of the answer, everywhere."""

from typing import Final

from connector.http_response import Response
from connector.outcome import CallFailure

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
# The content of the call is at fault, so possibly a single record of it.
_CONTENT: Final = frozenset(
    {"HTTP413", "InvalidArgumentException", "SerializationException", "ValidationError", "ValidationException"}
)
_REFUSED: Final = frozenset({"UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException"})


def failure(response: Response, content: object) -> CallFailure:
    """Read why a call failed as a whole; `content` is the decoded body of its answer."""
    code, message = "", ""
    if isinstance(content, dict):
        code = str(content.get("__type") or content.get("code") or "")
        message = str(content.get("message") or content.get("Message") or "")
    # `com.amazonaws.kinesis#Code` in the body, `Code:http://...` in the header.
    code = code.rpartition("#")[2] or response.headers.get("x-amzn-errortype", "").partition(":")[0]
    code = code or f"HTTP{response.status}"
    passing = response.status >= _SERVER_ERRORS or response.status in _PASSING_STATUSES or code in _PASSING
    return CallFailure(
        code,
        message or f"HTTP {response.status}",
        permanent=not passing and code not in _EXPIRED and code not in _CONTENT,
        renews_credentials=code in _EXPIRED or code in _REFUSED,
        refuses_content=code in _CONTENT,
    )
