"""The network stack: the VPC that connectors run in."""
