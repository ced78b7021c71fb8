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

log = RateLimited(__name__)


class Shards:
    """Holds the latest map; `ask` lists the shards as ListShards does. Asking again happens on a thread of its own."""

    def __init__(self, ask: Callable[[], Iterable[Mapping[str, Any]]], pause: float = _PAUSE) -> None:
        """Ask for the first time.

        Raises:
            ConnectorError: the shards cannot be listed.
        """
        self._ask = ask
        self._pause = pause
        self._asked_at = time.monotonic()
        self._asking: threading.Thread | None = None
        self.map = ShardMap(ask())
        """The shards as they were listed last."""

    @property
    def is_asking(self) -> bool:
        """Whether a newer map is under way."""
        return self._asking is not None and self._asking.is_alive()

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
                self.map = ShardMap(self._ask())
            except ConnectorError as error:
                log.warning("shards cannot be listed, trying again", code="ListShards", reason=str(error))
            else:
                return
