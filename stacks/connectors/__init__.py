"""The connectors stack: one ECS service per route, and the autoscaler of streams."""
