"""Amazon Data Firehose as the target of a route."""
