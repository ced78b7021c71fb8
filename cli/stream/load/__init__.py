"""Where the load of a stream lies: by shard from CloudWatch's metrics, by key from records that are read."""
