"""The numbers of the connector: a real broker, the connector as a user runs it, and a sink that only counts."""
