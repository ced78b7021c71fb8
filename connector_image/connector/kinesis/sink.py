"""A Kinesis data stream as the sender sees it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Literal

from connector.aws.failures import read
from connector.aws.operation import Access, Operation
from connector.batch import Records
from connector.feed import CallLimits
from connector.http_response import Response
from connector.kinesis.cbor_wire import CborWire
from connector.kinesis.json_wire import JsonWire
from connector.kinesis.wire import TARGET, Wire
from connector.log import Log
from connector.outcome import CallFailure, Outcome

# How an endpoint answers that does not know CBOR.
_NOT_UNDERSTOOD: Final = frozenset(
    {"HTTP415", "SerializationException", "UnknownOperationException", "UnsupportedMediaTypeException"}
)

log = Log(__name__)


class KinesisSink:
    """Writes signed PutRecords requests and reads their answers.

    With `wire` auto it speaks CBOR until an endpoint that never understood it says so, and JSON from then on.
    """

    def __init__(
        self,
        stream: str,
        account: Access,
        limits: CallLimits,
        *,
        wire: Literal["auto", "cbor", "json"] = "auto",
        hash_key: str | None = None,
    ) -> None:
        self._operation = Operation("kinesis", TARGET, account)
        self._json = JsonWire(stream, hash_key)
        self._cbor = CborWire(stream, hash_key)
        self._wire: Wire = self._json if wire == "json" else self._cbor
        self._in_doubt = wire == "auto"
        self._doubtful_calls = 0
        self.limits = limits
        self.endpoint = self._operation.endpoint
        self.tls = self._operation.tls

    def request(self, parts: Sequence[Records]) -> tuple[bytes, bytes]:
        """Write a signed request for all these records, its head and its body.

        Raises:
            CredentialsUnavailable: there is nothing to sign with at the moment.
        """
        self._doubtful_calls += self._in_doubt
        return self._operation.request(self._wire.encode(parts), self._wire.content_type)

    def outcome(self, response: Response, count: int) -> Outcome:
        """Read the answer to a request of `count` records."""
        wire = self._cbor if "cbor" in response.headers.get("content-type", "") else self._wire
        outcome = read(wire.decode, response, count)
        if not isinstance(outcome, CallFailure):
            if self._in_doubt:
                self._in_doubt, self._doubtful_calls = False, 0
            return outcome
        if outcome.code not in _NOT_UNDERSTOOD or not self._doubtful_calls:
            return outcome
        # It is no fault of the records: of these calls none, since others were under way when the first came back.
        self._doubtful_calls -= 1
        if self._in_doubt:
            self._in_doubt = False
            self._wire = self._json
            log.info("the endpoint does not understand CBOR, calls are written in JSON from now on", code=outcome.code)
        return replace(outcome, permanent=False, refuses_content=False)

    def renew_credentials(self) -> None:
        """Resolve the credential chain anew."""
        self._operation.renew_credentials()
