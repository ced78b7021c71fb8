"""What belongs to one resource: its alarms, and its row of the dashboard."""

from stacks.observability.monitoring.environment import monitorings
from stacks.observability.monitoring.monitoring import Graph, Monitoring

__all__ = ["Graph", "Monitoring", "monitorings"]
