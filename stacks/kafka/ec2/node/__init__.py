"""Programs that run on a node, with the Python of Amazon Linux 2023 (3.9) and nothing installed."""
