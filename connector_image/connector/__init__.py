"""The connector."""
