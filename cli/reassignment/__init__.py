"""Moving replicas between brokers: where they shall lie (no I/O), and how they get there."""
