"""Credentials that are at hand at once: they are refreshed ahead of their expiry, on a thread of their own.

botocore refreshes on the thread that asks, and a role, a container or a program may take seconds to answer.
The thread that asks here moves all records.
"""

import threading
import time
from collections.abc import Callable
from typing import Final

from botocore.credentials import Credentials as Found
from botocore.credentials import RefreshableCredentials

from connector.aws.explained import sentence
from connector.aws.signing import Credentials
from connector.log import RateLimited
from connector.sender import CredentialsUnavailable

# Calls that were under way with refused credentials all come back refused; one renewal in this time answers them.
_RENEWAL_PAUSE: Final = 1.0
# Between two attempts to refresh credentials that are still valid, in seconds.
_REFRESH_PAUSE: Final = 10.0
# How long to wait for credentials when there are none that are valid, in seconds.
_PATIENCE: Final = 10.0

log = RateLimited(__name__)


class CredentialChain:
    """Holds what the chain gives. One thread calls `take` and `renew`.

    `resolve` walks the chain from its beginning. What it finds may refresh itself and stays the chain's answer
    until it is refused: so the name of an assumed role's session, which is part of who we are, does not change.
    """

    def __init__(
        self,
        resolve: Callable[[], Found | None],
        clock: Callable[[], float] = time.monotonic,
        patience: float = _PATIENCE,
    ) -> None:
        self._resolve = resolve
        self._clock = clock
        self._patience = patience
        self._source: Found | None = None
        self._held: Credentials | None = None
        self._refused = False
        self._error = ""
        self._resolved_at = self._asked_at = clock()
        self._asking: threading.Thread | None = None

    def take(self) -> Credentials:
        """Return credentials that are valid now, at once unless there are none.

        Raises:
            CredentialsUnavailable: the chain gives none, or not in time.
        """
        held = self._valid()
        if held is None:
            self._ask().join(self._patience)
            held = self._valid()
            if held is None:
                raise CredentialsUnavailable(self._error or "the source of AWS credentials gives no answer")
        elif self._is_due():
            self._ask()
        return held

    def renew(self) -> None:
        """Walk the chain from its beginning at the next use: these were refused, its sources may hold newer ones."""
        if self._clock() - self._resolved_at > _RENEWAL_PAUSE:
            self._refused = True

    def _valid(self) -> Credentials | None:
        source = self._source
        expired = isinstance(source, RefreshableCredentials) and source.refresh_needed(refresh_in=0)
        return None if expired or self._refused else self._held

    def _is_due(self) -> bool:
        source = self._source
        return (
            isinstance(source, RefreshableCredentials)
            and source.refresh_needed()
            and self._clock() - self._asked_at > _REFRESH_PAUSE
        )

    def _ask(self) -> threading.Thread:
        asking = self._asking
        if asking is None or not asking.is_alive():
            self._asked_at = self._clock()
            asking = self._asking = threading.Thread(target=self._fetch, name="credentials", daemon=True)
            asking.start()
        return asking

    def _fetch(self) -> None:
        anew = self._source is None or self._refused
        try:
            source = self._resolve() if anew else self._source
            frozen = source.get_frozen_credentials() if source is not None else None
        # The chain runs programs, reads files and calls services, and lets through whatever these raise:
        # ClientError for a role that is refused, RuntimeError for credentials that come already expired.
        except Exception as error:  # noqa: BLE001 - `take` says it where it matters
            self._error = sentence(error)
            log.warning("AWS credentials could not be fetched", reason=self._error)
            return
        if frozen is None:
            self._error = "no AWS credentials found in the environment, files or role"
            return
        self._source, self._error = source, ""
        self._held = Credentials(frozen.access_key or "", frozen.secret_key or "", frozen.token)
        if anew:
            self._resolved_at = self._clock()
            self._refused = False
