"""Why the brokers are not reached: gathered from what librdkafka reports, and said so that a person can act on it.

librdkafka tells the reason by callbacks, in between others, and the call that waits fails with a time-out.
"""

import re
from typing import Final

from confluent_kafka import KafkaError

from connector.config import KafkaSource, Security
from connector.errors import ConnectorError, NotAuthenticated
from connector.kafka.security import describe
from connector.log import RateLimited

# librdkafka's own codes begin with an underscore.
_UNAUTHENTICATED: Final = frozenset({KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED})  # noqa: SLF001
_TLS: Final = KafkaError._SSL  # noqa: SLF001
_ALL_DOWN: Final = KafkaError._ALL_BROKERS_DOWN  # noqa: SLF001

_NAME_TAKEN: Final = frozenset({KafkaError.FENCED_INSTANCE_ID, KafkaError.UNRELEASED_INSTANCE_ID})
# What was fatal stands only in the text where librdkafka wraps it.
_NAME_TAKEN_TEXT: Final = re.compile(r"consumer fenced|instance ID is still used")
_UNKNOWN_PROTOCOL: Final = frozenset({KafkaError._UNSUPPORTED_FEATURE, KafkaError.UNSUPPORTED_VERSION})  # noqa: SLF001
_FATAL: Final = frozenset(
    {
        *_NAME_TAKEN,
        *_UNKNOWN_PROTOCOL,
        KafkaError._FATAL,  # noqa: SLF001
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
    }
)

# Brokers that refuse connections may be starting; seconds to wait for them.
_PATIENCE: Final = 3.0
# The alerts by which a broker says that it wants a certificate, or another one (RFC 8446, section 6).
_CERTIFICATE_REFUSED: Final = re.compile(r"alert (certificate \w+|bad certificate|unknown ca|access denied)")
# Which broker, how long it took, and guesses at settings of other names.
_BESIDE_THE_POINT: Final = re.compile(r"^(\S+://)?\S+:\d+/\S+: |,? \(after \d+ms.*|, verify that ssl\..*|error:\w+:")

log = RateLimited(__name__)
# librdkafka logs in again and again, and every refusal says the same.
_refusals: Final = RateLimited(__name__, interval=600.0)


class Diagnosis:
    """What is known of why the brokers at `bootstrap` are not reached."""

    def __init__(self, bootstrap: str, security: Security) -> None:
        self._bootstrap = bootstrap
        self._security = security
        self._were_reached = False
        self._refusal: str | None = None
        self._tls_failure: str | None = None
        self._last: str | None = None
        self._all_down = False

    def reached(self) -> None:
        """Note an answer: what was wrong is over, and a later failure is more likely to pass."""
        self._were_reached = True
        self._refusal = self._tls_failure = self._last = None
        self._all_down = False

    def changed(self) -> None:
        """Note that we log in differently from now on."""
        self._refusal = None

    def hear(self, error: KafkaError) -> None:
        """Take what librdkafka reports. It goes on trying by itself, so an error is news and not an end."""
        reason = _reason(error)
        if is_refusal(error) or _CERTIFICATE_REFUSED.search(reason):
            self._refusal = reason
            login, way_out = describe(self._security)
            _refusals.error("Kafka refuses the login, it goes on trying", login=login, reason=reason, way_out=way_out)
            return
        if error.code() == _TLS:
            self._tls_failure = reason
        elif error.code() == _ALL_DOWN:
            self._all_down = True
        else:
            self._last = reason
        log.warning("Kafka client reports an error, it goes on trying", code=error.name(), reason=reason)

    def is_hopeless(self, took: float) -> bool:
        """Tell whether to stop waiting for a first answer after `took` seconds."""
        if self._were_reached:
            return False
        return self._refusal is not None or (self._all_down and took > _PATIENCE)

    def explain(self, error: KafkaError) -> ConnectorError:
        """Say why a call failed with `error`, and what to do."""
        where = f"Kafka at {self._bootstrap}"
        login, way_out = describe(self._security)
        if self._refusal is not None:
            return NotAuthenticated(f"{where}: refuses {login} ({self._refusal}); {way_out}")
        if self._tls_failure is not None:
            return ConnectorError(
                f"{where}: TLS fails ({self._tls_failure}); check source.security.ca, and that TLS is spoken there"
            )
        return ConnectorError(
            f"{where}: no broker answers ({self._last or _reason(error)}); check source.bootstrap, the network and that"
            " source.security is what the brokers speak"
        )


def is_refusal(error: KafkaError) -> bool:
    """Tell whether an error is about who we are."""
    return error.code() in _UNAUTHENTICATED


def is_fatal(error: KafkaError) -> bool:
    """Tell whether reading cannot go on after it."""
    return error.fatal() or error.code() in _FATAL


def ended(error: KafkaError, config: KafkaSource) -> ConnectorError:
    """Say what made reading impossible, and what to do."""
    way_out = "restore the topic or the permission and start again"
    if error.code() in _NAME_TAKEN or _NAME_TAKEN_TEXT.search(error.str()):
        way_out = (
            f"another member runs as source.instance {config.instance!r}, or was killed less than its session's"
            " time-out ago; give each member a name of its own"
        )
    elif error.code() in _UNKNOWN_PROTOCOL:
        way_out = "the brokers do not know source.protocol: consumer (Kafka 4.0 and later do); use classic"
    return ConnectorError(f"topic {config.topic!r}, group {config.group!r}: {error.str()}; {way_out}")


def _reason(error: KafkaError) -> str:
    return _BESIDE_THE_POINT.sub("", error.str()).strip(". ")
