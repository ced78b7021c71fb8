"""TLS in memory: what is encrypted goes out in one piece.

A socket of the ssl module hands the kernel 16 KiB at a time and asks it twice for each record that it
reads. A request of a hundred kilobytes then costs a dozen calls of the kernel instead of one.
"""

import ssl
from collections import deque
from typing import Final

# So much is encrypted ahead of the socket at most.
_AHEAD: Final = 1 << 18


class TlsStream:
    """One TLS connection between bytes in clear and bytes for the socket."""

    __slots__ = ("_incoming", "_outgoing", "_tls")

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)

    def handshake(self) -> bool:
        """Go on with the handshake; return whether it is done.

        Raises:
            ssl.SSLError: the peer is not who it should be, or does not speak TLS.
        """
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def encrypt(self, parts: deque[memoryview]) -> None:
        """Encrypt what comes first of `parts`, as much as may wait for the socket, and take it out."""
        encrypted = 0
        while parts and encrypted < _AHEAD:
            # A write takes all that it is given, since memory is never full.
            count = self._tls.write(parts[0][: _AHEAD - encrypted])
            encrypted += count
            if count < len(parts[0]):
                parts[0] = parts[0][count:]
            else:
                parts.popleft()

    def outgoing(self) -> bytes:
        """Take what the socket is to send."""
        return self._outgoing.read()

    def received(self, data: memoryview) -> None:
        """Take in what the socket has received."""
        self._incoming.write(data)

    def read_into(self, buffer: bytearray) -> int | None:
        """Decrypt into `buffer`; return how many bytes, None when more must be received first, 0 at the end.

        Raises:
            ssl.SSLError: what came is no TLS or was changed on its way.
        """
        try:
            # With a buffer it returns a count; the stubs know the other form only.
            return int(self._tls.read(len(buffer), buffer))
        except ssl.SSLWantReadError:
            return None
        except ssl.SSLZeroReturnError:
            return 0
