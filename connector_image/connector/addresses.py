"""The addresses of a host, looked up aside: no resolver keeps the thread that drives all connections waiting."""

import itertools
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

# Address family, socket type, protocol, canonical name, address: what `socket.getaddrinfo` gives.
Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]
LookUp = Callable[[str, int], Sequence[Address]]

# Seconds after which it is looked up again, and for which a look-up is waited for when nothing is known yet.
_FRESH: Final = 5.0
_PATIENCE: Final = 2.0


def _look_up(host: str, port: int) -> Sequence[Address]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


class Addresses:
    """Gives the addresses of one host in turn, so that a dead one is not met for ever.

    Known ones serve until newer ones are there, also while the resolver fails. One thread calls `take`.
    """

    def __init__(
        self,
        host: str,
        port: int,
        look_up: LookUp = _look_up,
        clock: Callable[[], float] = time.monotonic,
        patience: float = _PATIENCE,
    ) -> None:
        self._host = host
        self._port = port
        self._look_up = look_up
        self._clock = clock
        self._patience = patience
        self._turn = itertools.count()
        self._known: Sequence[Address] = ()
        self._error = ""
        self._asked_at: float | None = None
        self._asking: threading.Thread | None = None

    def take(self) -> Address:
        """Return the next address.

        Raises:
            OSError: none is known, for the reason that the resolver gave, or because it gives no answer.
        """
        now = self._clock()
        if (self._asking is None or not self._asking.is_alive()) and self._is_stale(now):
            self._asked_at = now
            self._asking = threading.Thread(target=self._ask, name="resolver", daemon=True)
            self._asking.start()
            if not self._known:
                self._asking.join(self._patience)
        known = self._known
        if known:
            return known[next(self._turn) % len(known)]
        raise OSError(self._error or "the resolver gives no answer")

    def _is_stale(self, now: float) -> bool:
        return self._asked_at is None or now - self._asked_at >= _FRESH

    def _ask(self) -> None:
        try:
            self._known = self._look_up(self._host, self._port)
        except (OSError, UnicodeError) as error:
            self._error = str(error)
