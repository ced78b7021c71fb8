"""Kafka on EC2 machines of our own: KRaft, one Auto Scaling group of one for each node."""
