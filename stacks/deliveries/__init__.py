"""The deliveries stack: the Firehose delivery streams of an environment, and the buckets they fill."""
