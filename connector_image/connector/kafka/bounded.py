"""A time limit for calls of librdkafka that have none."""

import threading
from collections.abc import Callable

from confluent_kafka import KafkaError, KafkaException


def bounded(call: Callable[[], None], seconds: float) -> None:
    """Wait for the end of `call`, `seconds` at the longest.

    Closing a consumer takes no time-out, and a broker that keeps its connection open and says nothing holds it up for
    minutes: it waits for commits that are under way, and librdkafka tries those again and again, `socket.timeout.ms`
    each time. So it runs on a thread of its own, which is left behind when time is up and ends with the process at the
    latest.

    Not from within a callback: confluent-kafka lets one thread at a time use a consumer, and there this one does.

    Raises:
        KafkaException: that of the call, or `_TIMED_OUT`.
    """
    errors: list[BaseException] = []

    def run() -> None:
        try:
            call()
        except BaseException as error:  # noqa: BLE001 - handed over to who waits
            errors.append(error)

    thread = threading.Thread(target=run, name="kafka-call", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if thread.is_alive():
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT, f"no answer within {seconds:.0f} s"))  # noqa: SLF001 - librdkafka's own codes begin with an underscore
