"""Configurations of awslabs' Kafka-Kinesis-Connector, and what becomes of each key of them.

https://github.com/awslabs/kinesis-kafka-connector is a plugin of Kafka Connect with two sinks. It has no definition of
its keys: what is mistyped has no effect and no message. So every key of a file is answered for by name here.
"""
