"""What a service calls things, as labels: no answer, however odd, makes more of them than somebody can read."""

import re
from collections.abc import Iterable
from typing import Final

OTHER: Final = "Other"

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Names:
    """The names that were given so far, `most` at most beside those that are known from the start."""

    def __init__(self, most: int = 100, known: Iterable[str] = ()) -> None:
        self._names = set(known)
        self._room = most

    def of(self, said: str) -> str:
        """Return a name as it was said, or that of all others where it is none or there are too many."""
        if said in self._names:
            return said
        if not self._room or not _NAME.fullmatch(said):
            return OTHER
        self._room -= 1
        self._names.add(said)
        return said
