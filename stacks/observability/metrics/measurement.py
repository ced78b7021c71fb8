"""A metric of CloudWatch, and arithmetic over some of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

Statistic = Literal["Average", "Maximum", "Minimum", "Sum"]

MINUTE = 60
FIVE_MINUTES = 300
"""Periods, in seconds."""


@dataclass(frozen=True)
class Metric:
    """One metric with one set of dimensions, seen through one statistic of each period (in seconds)."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: Statistic
    period: int = MINUTE
    label: str = ""

    def labelled(self, label: str) -> "Metric":
        """The same under a name for the legend of a graph."""
        return replace(self, label=label)


@dataclass(frozen=True)
class Expression:
    """Metric math over `metrics`, by the ids under which `formula` knows them (small letters and digits).

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
    """

    formula: str
    metrics: Mapping[str, Metric]
    label: str

    @property
    def period(self) -> int:
        """Seconds, the same for all its metrics."""
        (period,) = {metric.period for metric in self.metrics.values()}
        return period

    def labelled(self, label: str) -> "Expression":
        """The same under a name for the legend of a graph."""
        return replace(self, label=label)


Measurement = Metric | Expression
