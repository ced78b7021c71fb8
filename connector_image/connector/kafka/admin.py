"""Rare questions to the brokers, and why they are not answered."""

import logging
import time
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from typing import Any, Final, TypeVar

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from connector.errors import ConnectorError
from connector.kafka.diagnosis import Diagnosis

_PATIENCE: Final = 10.0
_STEP: Final = 0.2
_TIMED_OUT: Final = KafkaError._TIMED_OUT  # noqa: SLF001 - librdkafka's own codes begin with an underscore

Answer = TypeVar("Answer")


class Admin:
    """An admin client that remembers why the brokers refused it."""

    def __init__(self, settings: Mapping[str, object], diagnosis: Diagnosis) -> None:
        self._diagnosis = diagnosis
        heard: dict[str, Any] = {**settings, "error_cb": diagnosis.hear}
        self.client = AdminClient(heard, logger=logging.getLogger("connector.librdkafka"))

    def answer(self, future: "Future[Answer]") -> Answer:
        """Wait for what the client was asked.

        Raises:
            KafkaException: the brokers refuse it, or do not answer.
        """
        started = time.monotonic()
        while True:
            try:
                answer = future.result(_STEP)
            except NotYet:
                # The reason comes by a callback, which only a poll serves.
                self.client.poll(0)
                took = time.monotonic() - started
                if self._diagnosis.is_hopeless(took) or took > _PATIENCE:
                    raise KafkaException(KafkaError(_TIMED_OUT)) from None
            else:
                self._diagnosis.reached()
                return answer

    def explain(self, error: KafkaError) -> ConnectorError:
        """Say why a question failed with `error`, and what to do."""
        return self._diagnosis.explain(error)
