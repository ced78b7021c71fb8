"""Which letters are under the care of a target, and the memory they take."""

from collections.abc import Collection

from connector.batch import Partition
from connector.dead_letters.letter import Letter


class Ledger:
    """Letters from when they are handed over to when nobody holds them any more."""

    def __init__(self) -> None:
        self._wanted: dict[int, Letter] = {}
        self.bytes = 0
        """Memory of all that entered and did not leave, wanted or not."""

    def __len__(self) -> int:
        """Count those whose acknowledgement somebody waits for."""
        return len(self._wanted)

    def __contains__(self, letter: Letter) -> bool:
        return id(letter) in self._wanted

    def enter(self, letter: Letter) -> None:
        """Note a letter that was handed over."""
        self._wanted[id(letter)] = letter
        self.bytes += letter.size

    def leave(self, letter: Letter) -> bool:
        """Note that a letter is let go of; return whether somebody waited for it."""
        self.bytes -= letter.size
        return self._wanted.pop(id(letter), None) is not None

    def forget(self, partitions: Collection[Partition]) -> None:
        """Wait no longer for the letters of these partitions."""
        self._wanted = {number: each for number, each in self._wanted.items() if each.partition not in partitions}
