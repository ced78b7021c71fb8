"""Tokens of an identity provider, by which the CLI logs in to brokers with OAUTHBEARER (KIP-768)."""

from __future__ import annotations

import base64
import json
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request

from kafka.net.sasl.oauth import AbstractTokenProvider

from cli.errors import NotAuthenticatedError, UnreachableError
from cli.kafka_secrets import client_of_provider, trusting
from environments import Environment
from environments.kafka.external import OAuth

TIMEOUT_SECONDS = 8
SPARE_SECONDS = 30
"""How long before its end a token is taken for spent."""
DEFAULT_LIFETIME_SECONDS = 300
"""Of a token whose provider does not say (RFC 6749 only recommends it)."""


class ProviderTokens(AbstractTokenProvider):  # type: ignore[misc]  # kafka-python has no types
    """Client credentials (RFC 6749, section 4.4), id and secret as HTTP Basic, as Kafka's own client sends them."""

    def __init__(self, environment: Environment, oauth: OAuth, secret: str) -> None:
        """Ask for the first token at once: kafka-python would take a refusal for a connection to be tried again.

        Raises:
            NotAuthenticatedError: the provider gives none.
            UnreachableError: it does not answer.
        """
        super().__init__()
        self._oauth = oauth
        self._client = client_of_provider(environment, secret)
        self._tls = (
            trusting(environment, oauth.ca, "kafka.oauth.ca") if oauth.ca is not None else ssl.create_default_context()
        )
        self._token, self._until = "", 0.0
        self.token()

    def token(self) -> str:
        """A token that is still good."""
        if time.monotonic() >= self._until:
            self._token, lifetime = self._ask()
            self._until = time.monotonic() + max(1.0, lifetime - SPARE_SECONDS)
        return self._token

    def extensions(self) -> dict[str, str]:
        """What the brokers want beside the token."""
        return dict(self._oauth.extensions)

    def _ask(self) -> tuple[str, float]:
        endpoint = self._oauth.token_endpoint
        form = {"grant_type": "client_credentials"} | ({"scope": self._oauth.scope} if self._oauth.scope else {})
        login = ":".join(urllib.parse.quote(self._client[key], safe="") for key in ("client_id", "client_secret"))
        request = urllib.request.Request(  # noqa: S310 - the environment takes https alone
            endpoint,
            urllib.parse.urlencode(form).encode(),
            {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}", "Accept": "application/json"},
        )
        way_out = "check kafka.oauth and the client_id and client_secret in kafka.secret"
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS, context=self._tls) as answer:  # noqa: S310
                told = json.load(answer)
            return str(told["access_token"]), float(told.get("expires_in", DEFAULT_LIFETIME_SECONDS))
        except urllib.error.HTTPError as error:
            with error:
                raise NotAuthenticatedError(
                    f"{endpoint} gives no token: HTTP {error.code}{_reason(error.read())}", way_out
                ) from error
        except OSError as error:
            reason = getattr(error, "reason", error)
            raise UnreachableError(
                f"{endpoint} does not answer: {reason}", "check kafka.oauth, and the network"
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise NotAuthenticatedError(f"{endpoint} gives no token: its answer holds none", way_out) from error


def _reason(body: bytes) -> str:
    """The error code of RFC 6749, section 5.2, where there is one."""
    try:
        return f", {json.loads(body)['error']}"
    except (ValueError, KeyError, TypeError):
        return ""
