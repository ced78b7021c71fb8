"""What the engine needs of a place for dead letters."""

from collections.abc import Collection
from typing import NamedTuple, Protocol

from connector.batch import Partition
from connector.dead_letters.letter import Letter
from connector.errors import ConnectorError


class Probed(NamedTuple):
    """A target that takes letters, and what may stop the route later all the same."""

    found: str
    hazard: str | None = None


class DeadLetters(Protocol):
    """Takes letters and tells which of them the target has. One thread calls all of it.

    A letter is kept and sent again until the target has acknowledged it; the target may then hold it
    more than once. Nothing here waits, except `probe` and `close`.
    """

    @property
    def pending(self) -> int:
        """Letters that are not acknowledged yet, without those of partitions that were given up."""

    @property
    def pending_bytes(self) -> int:
        """Memory taken by letters. What was given up counts until the target's client lets go of it."""

    @property
    def failing(self) -> str | None:
        """Why the target takes nothing at the moment; None when it does, or has nothing to take."""

    @property
    def fatal(self) -> ConnectorError | None:
        """The first letter that the target can never take: the route must stop, or the record would be lost."""

    def probe(self) -> Probed:
        """Look whether the target is there and takes letters; describe it. May wait.

        Raises:
            ConnectorError: it does not.
            NotAuthenticated: it does not accept who we are.
        """

    def send(self, letter: Letter) -> None:
        """Send a letter, sooner or later."""

    def settled(self) -> list[tuple[Partition, int]]:
        """Return partition and offset of each letter that was acknowledged since the last call.

        It is also what keeps things going, so it must be called again and again, at least each second, also when
        nothing is pending: memory of what was given up is let go here, and tokens of the login are renewed.
        """

    def flush(self) -> None:
        """Send at once what waits for company, as before a partition is given up."""

    def abandon(self, partitions: Collection[Partition]) -> None:
        """Forget the letters of these partitions: their next owner rejects the same records again."""

    def close(self, timeout: float) -> int:
        """Wait `timeout` seconds at the longest for what is pending; return how many letters still are.

        What was acknowledged meanwhile is given by one more call of `settled`.
        """
