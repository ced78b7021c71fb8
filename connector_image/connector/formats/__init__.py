"""What is sent of a record: envelopes, compressed data, lines."""
