"""What is measured, service by service: the only place where names, dimensions and statistics of metrics stand."""

from stacks.observability.metrics.measurement import Expression, Measurement, Metric

__all__ = ["Expression", "Measurement", "Metric"]
