"""The shards of a stream as they are now, asked for again when something shows that they have changed."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from connector.errors import ConnectorError
from connector.kinesis.shard_map import ShardMap
from connector.log import RateLimited

# A reshard takes a while, and ListShards is limited.
_PAUSE: Final = 1.0
# Seconds; to delete a stream and to make one takes longer.
_SILENCE: Final = 5.0

log = RateLimited(__name__)


class Shards:
    """Holds the latest map; `ask` lists the shards as ListShards does. Asking again happens on a thread of its own.

    A stream that is deleted and made anew under its name gives its shards the old names, so an answer that names a
    known shard may come from one with another range. It cannot have been made anew while its answers kept coming. So
    the map is in doubt after calls failed one after the other or for good, and after a silence. Only a list that is
    asked for after the next answer ends that: one from before it may still show the old stream.
    """

    def __init__(
        self,
        ask: Callable[[], Iterable[Mapping[str, Any]]],
        pause: float = _PAUSE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Ask for the first time.

        Raises:
            ConnectorError: the shards cannot be listed.
        """
        self._ask = ask
        self._pause = pause
        self._clock = clock
        self._asked_at = time.monotonic()
        self._asking: threading.Thread | None = None
        self._doubts = 0  # how often it was in doubt
        self._answered = 0  # of them, how many were followed by an answer
        self._settled = 0  # of them, how many the map is newer than
        self.map = self._listed()
        """The shards as they were listed last."""
        self._heard_at = clock()

    @property
    def is_asking(self) -> bool:
        """Whether a newer map is under way."""
        return self._asking is not None and self._asking.is_alive()

    def doubt(self) -> None:
        """Note that the stream may be made anew before its next answer."""
        self._doubts += 1

    def is_sure(self) -> bool:
        """Tell, on an answer of the stream, whether the map is surely one of the stream that gave it."""
        now = self._clock()
        if now - self._heard_at > _SILENCE:
            self._doubts += 1
        self._heard_at = now
        return self._settled == self._doubts

    def ascertain(self) -> None:
        """Ask again, after an answer of the stream, so that the map is one of the stream that gave it."""
        self._answered = self._doubts
        self.refresh()

    def refresh(self) -> None:
        """Ask again, soon; until then `is_asking` holds."""
        if self.is_asking:
            return
        self._asking = threading.Thread(target=self._renew, name="shards", daemon=True)
        self._asking.start()

    def _renew(self) -> None:
        while True:
            time.sleep(max(0.0, self._asked_at + self._pause - time.monotonic()))
            self._asked_at = time.monotonic()
            try:
                self._list()
            except ConnectorError as error:
                log.warning("shards cannot be listed, trying again", code="ListShards", reason=str(error))
            else:
                return

    def _list(self) -> None:
        answered = self._answered
        self.map = self._listed()
        self._settled = answered

    def _listed(self) -> ShardMap:
        try:
            return ShardMap(self._ask())
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise ConnectorError(f"ListShards: the answer is none ({type(error).__name__}: {error})") from error
