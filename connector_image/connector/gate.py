"""What holds records back that their place in the target would refuse, so that the others flow on."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from connector.batch import Records
from connector.outcome import Answer


class Gate(Protocol):
    """Knows the places of a target and how much each takes. Time is an argument, in seconds of one clock."""

    @property
    def is_engaged(self) -> bool:
        """Whether any place is held back; while none is, nothing else need be asked."""

    @property
    def limits(self) -> Mapping[str, float]:
        """Records a second that go to each place at most, of those that are held back."""

    def places(self, records: Records) -> Mapping[str, Sequence[int]]:
        """Part records by the place that each goes to, as ascending indices. Without a known place: an empty name."""

    def grant(self, place: str, sizes: Sequence[int], now: float) -> int:
        """Tell how many of the first of these records, of so many bytes each, may go now; they count as sent."""

    def ready_at(self, place: str, now: float) -> float:
        """Tell when the next record may go there; `now` if it may at once."""

    def observe(self, parts: Sequence[Records], answer: Answer, now: float) -> None:
        """Take in what became of a call."""
