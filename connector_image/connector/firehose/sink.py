"""A Firehose delivery stream as the sender sees it."""

from collections.abc import Sequence

from connector.aws.failures import read
from connector.aws.operation import Access, Operation
from connector.batch import Records
from connector.feed import CallLimits
from connector.firehose.wire import CONTENT_TYPE, TARGET, BatchWire
from connector.http_response import Response
from connector.outcome import Outcome


class FirehoseSink:
    """Writes signed PutRecordBatch requests and reads their answers."""

    def __init__(self, delivery_stream: str, account: Access, limits: CallLimits) -> None:
        self._wire = BatchWire(delivery_stream)
        self._operation = Operation("firehose", TARGET, account)
        self.limits = limits
        self.endpoint = self._operation.endpoint
        self.tls = self._operation.tls

    def request(self, parts: Sequence[Records]) -> tuple[bytes, bytes]:
        """Write a signed request for all these records, its head and its body.

        Keys decide order only: Firehose has no room for them.

        Raises:
            CredentialsUnavailable: there is nothing to sign with at the moment.
        """
        return self._operation.request(self._wire.encode([data for part in parts for data in part.data]), CONTENT_TYPE)

    def outcome(self, response: Response, count: int) -> Outcome:
        """Read the answer to a request of `count` records."""
        return read(self._wire.decode, response, count)

    def renew_credentials(self) -> None:
        """Resolve the credential chain anew."""
        self._operation.renew_credentials()
