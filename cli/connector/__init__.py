"""Connectors: the ECS services that move the records of the routes."""
