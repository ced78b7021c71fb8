"""What the connector counts, and how others read it: Prometheus by HTTP, CloudWatch by lines on stdout."""

from connector.metrics.recorder import Metrics

__all__ = ["Metrics"]
