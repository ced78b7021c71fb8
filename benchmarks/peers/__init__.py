"""Other ways from Kafka to Kinesis, each from its own registry, beside the connector in the same run."""
