"""From where on a measurement is wrong, for how long, how bad that is, and which page tells what to do."""

from stacks.observability.alarms.alarm import Alarm, AnomalyBand, Severity

__all__ = ["Alarm", "AnomalyBand", "Severity"]
