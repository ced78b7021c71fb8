"""The connectors stack: one ECS service per route."""
