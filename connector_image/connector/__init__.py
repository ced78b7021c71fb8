"""Moves records between Apache Kafka and Amazon Kinesis: none lost, each key in order.

`python -m connector run` moves them, `python -m connector check` looks at both ends and moves nothing.
"""
