"""How a service says no."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import uuid4
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# Of each reason the codes of services that speak JSON, of those that speak XML, and of S3.
ACCESS_DENIED = ("AccessDeniedException", "AccessDenied", "AccessDenied")
EXPIRED = ("ExpiredTokenException", "ExpiredToken", "ExpiredToken")
INVALID = ("UnrecognizedClientException", "InvalidClientTokenId", "InvalidToken")
KEY_DENIED = ("KMSAccessDeniedException", "AccessDenied", "AccessDenied")


class Denied(Exception):  # noqa: N818 - an answer, not a failure
    """A call that its caller may not make; its text is the message of the answer."""

    def __init__(self, codes: tuple[str, str, str], text: str) -> None:
        super().__init__(text)
        self.codes = codes

    @property
    def code(self) -> str:
        """The name of the exception where JSON or CBOR is spoken."""
        return self.codes[0]

    def answer(self, environ: WSGIEnvironment, start_response: StartResponse, service: str) -> Iterable[bytes]:
        """Give the answer in the form in which the service was asked."""
        in_json = "HTTP_X_AMZ_TARGET" in environ
        if in_json:
            # The services do not agree on the case of "message"; clients read both.
            body = json.dumps({"__type": self.code, "message": str(self), "Message": str(self)}).encode()
            status, kind = "400 Bad Request", "application/x-amz-json-1.1"
        else:
            status, kind = "403 Forbidden", "text/xml"
            body = (_s3_body if service == "s3" else _query_body)(self.codes, str(self)).encode()
        headers = [
            ("Content-Type", kind),
            ("Content-Length", str(len(body))),
            ("x-amzn-RequestId", str(uuid4())),
            ("x-amzn-ErrorType", self.code),
        ]
        start_response(status, headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def _query_body(codes: tuple[str, str, str], text: str) -> str:
    error = f"<Error><Type>Sender</Type><Code>{codes[1]}</Code><Message>{escape(text)}</Message></Error>"
    return f"<ErrorResponse>{error}<RequestId>{uuid4()}</RequestId></ErrorResponse>"


def _s3_body(codes: tuple[str, str, str], text: str) -> str:
    return f"<Error><Code>{codes[2]}</Code><Message>{escape(text)}</Message><RequestId>{uuid4()}</RequestId></Error>"
