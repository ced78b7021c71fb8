"""The Kinesis side: signed PutRecords calls over the connector's own HTTP client."""
