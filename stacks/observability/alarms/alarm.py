"""One alarm, complete: nothing of it is left to a default of CloudWatch."""

from dataclasses import dataclass
from typing import Literal

from stacks.observability.metrics import Measurement

Severity = Literal["critical", "warning"]
"""`critical`: data is being lost, will be soon, or stands still; somebody is woken. `warning`: all the rest."""

Comparison = Literal[
    "GreaterThanThreshold",
    "GreaterThanOrEqualToThreshold",
    "LessThanThreshold",
    "LessThanLowerOrGreaterThanUpperThreshold",
]
Missing = Literal["breaching", "notBreaching", "missing"]
"""What a period without data counts as: bad; good; or nothing, so that the alarm says INSUFFICIENT_DATA.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""


@dataclass(frozen=True)
class AnomalyBand:
    """A threshold that CloudWatch learns: so many standard deviations around what is usual."""

    width: float


@dataclass(frozen=True)
class Alarm:
    """An alarm of one resource.

    `kind` is the same for all resources of a kind, and the name of the page in the runbooks. It fires when
    `bad` of the last `of` periods are on the wrong side of the threshold.
    """

    kind: str
    text: str
    """What is wrong when it fires, one sentence without a full stop."""
    severity: Severity
    measurement: Measurement
    comparison: Comparison
    threshold: float | AnomalyBand
    bad: int
    of: int
    missing: Missing

    @property
    def name(self) -> str:
        """The name beside the resource's: the kind without the word for the resource."""
        return self.kind.partition("-")[2]
