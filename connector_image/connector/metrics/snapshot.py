"""The values of all metrics at one moment, as processes hand them to one another."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from connector.metrics.catalogue import METRICS

Labels = tuple[str, ...]
Values = dict[Labels, float]
Snapshot = dict[str, Values]
"""Values by metric and by label values, in the order of the metric's labels.

A histogram holds the count of each bucket under its upper bound as text (`+Inf` for the last), and what it counted in
all under `SUM`.
"""

SUM: Final = "sum"
INFINITY: Final = "+Inf"

# A partition on its way from one process to another is reported by both for a moment: its gauges are not added up.
_GREATEST: Final = frozenset(
    metric.name for metric in METRICS if metric.overall == "max" or (metric.kind == "gauge" and metric.labels)
)


def merge(snapshots: Iterable[Snapshot]) -> Snapshot:
    """Make one snapshot of those of several processes."""
    merged: Snapshot = {}
    for snapshot in snapshots:
        for name, values in snapshot.items():
            into = merged.setdefault(name, {})
            for labels, value in values.items():
                before = into.get(labels)
                if before is None:
                    into[labels] = value
                else:
                    into[labels] = max(before, value) if name in _GREATEST else before + value
    return merged


def to_rows(snapshot: Snapshot) -> dict[str, list[list[str | float]]]:
    """Make of a snapshot what JSON can hold."""
    return {name: [[*labels, value] for labels, value in values.items()] for name, values in snapshot.items()}


def from_rows(rows: Mapping[str, Iterable[Sequence[Any]]]) -> Snapshot:
    """Make a snapshot of what `to_rows` made."""
    return {name: {tuple(row[:-1]): row[-1] for row in some} for name, some in rows.items()}
