"""The streams stack: the Kinesis data streams of an environment."""
